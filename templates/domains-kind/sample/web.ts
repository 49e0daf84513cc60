/** A page with the products: GET /. */
import { serve, setting } from "./process.ts";

interface Product {
  readonly name: string;
  readonly price: number;
}

const products = `${setting("PRODUCTS_SERVICE_ADDRESS")}/products`;

serve({
  routes: {
    "/": {
      GET: async () => {
        const answer = await fetch(products, { signal: AbortSignal.timeout(2000) });
        const items = ((await answer.json()) as Product[]).map(({ name, price }) => `<li>${Bun.escapeHTML(name)}: ${price}</li>`);
        return new Response(`<!doctype html><title>Shop</title><ul>${items.join("")}</ul>`, { headers: { "content-type": "text/html" } });
      },
    },
  },
  ready: () => {},
});
