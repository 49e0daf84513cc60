/** Carries commands out: confirms each order that was placed. Several may run: the store lets one of them write. */
import { command, expectCommand } from "./metrics.ts";
import { Orders } from "./orders.ts";
import { ending, log, rounds, serve } from "./process.ts";

const orders = new Orders();

const CONFIRM = "ConfirmOrders";
expectCommand(CONFIRM);

const work = rounds("confirming orders", async () => {
  const events = orders.unconfirmed.size > 0 ? await command(CONFIRM, confirm) : [];
  for (const { data } of events) log("confirmed", { order: data.order });
  if (!ending.signal.aborted) await orders.catchUp(5);
});

function confirm() {
  return orders.decide(({ unconfirmed }) => [...unconfirmed].map((order) => ({ type: "OrderConfirmed", data: { order } })));
}

serve({ ready: () => orders.catchUp(), work });
