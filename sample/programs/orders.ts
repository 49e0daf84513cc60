import { type Recorded, Stream } from "./event-store.ts";

/** What is ordered. */
export interface Order {
  readonly item: string;
  readonly quantity: number;
}

/** What happens to orders. */
export type OrderEvent =
  | { readonly type: "OrderPlaced"; readonly data: { readonly order: string } & Order }
  | { readonly type: "OrderConfirmed"; readonly data: { readonly order: string } };

/** All that happened to orders. One stream, so that the sample needs no projections of the store; a system with many has one each. */
export function orderStream(): Stream<OrderEvent> {
  return new Stream("orders");
}

/** Orders as decisions are made on them: what is in the stream, as far as it was read. */
export class Orders {
  readonly known = new Map<string, Order>();
  readonly unconfirmed = new Set<string>();
  private readonly stream = orderStream();
  private next = 0;
  private turn: Promise<unknown> = Promise.resolve();

  /** Reads to the end of the stream, and waits there for some seconds whether more comes. */
  async catchUp(wait = 0): Promise<void> {
    for (let end = false; !end; ) {
      const page = await this.stream.read(this.next, wait);
      for (const event of page.events) this.apply(event);
      end = page.end || page.events.length === 0;
    }
  }

  /**
   * Writes down what is decided on the newest state. Whoever decides on an older one is refused by the store, reads on and
   * decides again: two never decide on the same state. Those in one process take turns.
   */
  decide(decision: (orders: this) => readonly OrderEvent[]): Promise<readonly OrderEvent[]> {
    const decided = this.turn.then(async () => {
      for (;;) {
        await this.catchUp();
        const expected = this.next - 1;
        const events = decision(this);
        if (events.length === 0 || (await this.stream.append(events, expected))) return events;
      }
    });
    this.turn = decided.catch(() => {});
    return decided;
  }

  private apply({ number, type, data }: Recorded<OrderEvent>): void {
    // Two may read at the same time: each event counts once.
    if (number !== this.next) return;
    this.next++;
    if (type === "OrderPlaced") {
      this.known.set(data.order, { item: data.item, quantity: data.quantity });
      this.unconfirmed.add(data.order);
    } else {
      this.unconfirmed.delete(data.order);
    }
  }
}
