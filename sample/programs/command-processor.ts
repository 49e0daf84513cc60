/** Carries commands out: confirms each order that was placed. Several may run: the store lets one of them write. */
import { Orders } from "./orders.ts";
import { ending, log, rounds, serve } from "./process.ts";

const orders = new Orders();

const work = rounds("confirming orders", async () => {
  const events = await orders.decide(({ unconfirmed }) => [...unconfirmed].map((order) => ({ type: "OrderConfirmed", data: { order } })));
  for (const { data } of events) log("confirmed", { order: data.order });
  if (!ending.signal.aborted) await orders.catchUp(5);
});

serve({ ready: () => orders.catchUp(), work });
