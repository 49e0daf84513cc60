/** The projection, and the slot of its read model: the schema `orders_a` or `orders_b`. What is live is shown as `orders`. */
export const PROJECTION = "orders";

export function slotOf(name = process.env.SLOT ?? "a"): string {
  if (name !== "a" && name !== "b") throw new Error(`SLOT: "${name}" is neither a nor b`);
  return name;
}
