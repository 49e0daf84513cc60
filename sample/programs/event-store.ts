import { readFileSync } from "node:fs";
import { ending, pause, setting } from "./process.ts";

/** An event as it is written down. */
interface ConnectionValue {
  readonly type: string;
  readonly data: object;
}

/** An event as it was written down. */
export type Recorded<F> = F & {
  /** Its place in the stream, from 0. */
  readonly number: number;

  /** When it was written. */
  readonly at: string;
};

/** What a reading found: events from that place on, and whether there are no more. */
interface Page<F> {
  readonly events: readonly Recorded<F>[];
  readonly end: boolean;
}

/** Events in a page at most. */
const PAGE = 500;

/** Longer than the store needs for a page, shorter than a person's patience. */
const TIMEOUT = 5000;

/** What of a feed counts here (KurrentDB, HTTP API: feeds with `embed=body`). */
interface Feed {
  readonly headOfStream: boolean;
  readonly entries: readonly { eventType: string; eventNumber: number; data: string; updated: string }[];
}

/**
 * A stream of KurrentDB, over its HTTP API, which takes no client. The names of headers and media types are those that
 * every line of the server knows.
 */
export class Stream<F extends ConnectionValue> {
  private readonly nodes: readonly string[];
  private readonly options: { readonly headers: Record<string, string>; readonly tls?: { readonly ca: string } };
  private turn = 0;

  /** By a connection string: `kurrentdb://user:password@host:2113,host:2113?tls=true&tlsCaFile=/etc/ca.crt`. */
  constructor(
    private readonly name: string,
    url = setting("EVENT_STORE_URL"),
  ) {
    const [, user, password = "", hosts = "", query] = /^[a-z+]+:\/\/(?:([^:@]+):([^@]*)@)?([^/?]+)\/?(?:\?(.*))?$/.exec(url) ?? [];
    if (!hosts) throw new Error("EVENT_STORE_URL must be a KurrentDB connection string");
    const parameters = new Map([...new URLSearchParams(query)].map(([key, value]) => [key.toLowerCase(), value]));
    const clear = parameters.get("tls") === "false";
    const authority = parameters.get("tlscafile");
    const who = user && btoa(`${decodeURIComponent(user)}:${decodeURIComponent(password)}`);
    this.nodes = hosts.split(",").map((host) => `${clear ? "http" : "https"}://${host}`);
    this.options = {
      headers: who ? { authorization: `Basic ${who}` } : {},
      ...(authority && !clear ? { tls: { ca: readFileSync(authority, "utf8") } } : {}),
    };
  }

  /** Events from a number on; where there are none yet, the store waits for some seconds whether one comes. */
  async read(from: number, wait = 0): Promise<Page<F>> {
    const response = await this.ask(`/${from}/forward/${PAGE}?embed=body`, wait, {
      headers: { accept: "application/vnd.eventstore.atom+json", ...(wait > 0 ? { "es-longpoll": String(wait) } : {}) },
    });
    if (response.status === 404) {
      // The first event of all is not waited for by the store.
      if (wait > 0) await pause(1000);
      return { events: [], end: true };
    }
    if (!response.ok) throw await failure(response);
    const { entries, headOfStream } = (await response.json()) as Feed;
    // A feed begins with its newest.
    const events = entries
      .map(({ eventType, eventNumber, data, updated }) => {
        const event = { type: eventType, data: JSON.parse(data), number: eventNumber, at: updated };
        return event as unknown as Recorded<F>;
      })
      .sort((one, other) => one.number - other.number);
    return { events, end: headOfStream };
  }

  /**
   * Writes events down if the last one there has the expected number, or -1 where there is none. Says false, and writes
   * nothing, if somebody else was faster.
   */
  async append(events: readonly F[], expected: number): Promise<boolean> {
    const response = await this.ask("", 0, {
      method: "POST",
      headers: { "content-type": "application/vnd.eventstore.events+json", "es-expectedversion": String(expected) },
      body: JSON.stringify(events.map(({ type, data }) => ({ eventId: crypto.randomUUID(), eventType: type, data }))),
    });
    if (response.status === 201) return true;
    // Only a wrong expectation says which version there is.
    if (response.status === 400 && response.headers.has("es-currentversion")) return false;
    throw await failure(response);
  }

  private async ask(path: string, wait: number, init: RequestInit & { headers: Record<string, string> }): Promise<Response> {
    const node = this.nodes[this.turn % this.nodes.length];
    const patience = AbortSignal.timeout(TIMEOUT + wait * 1000);
    try {
      return await fetch(`${node}/streams/${this.name}${path}`, {
        ...init,
        ...this.options,
        headers: { ...init.headers, ...this.options.headers },
        // What waits for events is not waited for at the end; what writes is.
        signal: wait > 0 ? AbortSignal.any([patience, ending.signal]) : patience,
      });
    } catch (error) {
      this.turn++;
      throw error;
    }
  }
}

async function failure(response: Response): Promise<Error> {
  return new Error(`event store: ${response.status} ${response.statusText} ${(await response.text()).slice(0, 200)}`);
}
