import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, millicores } from "../core/quantities";
import { type Size, shrinkProblems } from "../sizing";

/**
 * Durability of messages. `events` are stored nowhere else: each is synced to disk on a majority before it is acknowledged. `messages` are
 * acknowledged when a majority has them in memory, and synced some seconds later.
 */
export type BrokerPurpose = "events" | "messages";

/** Settings that a size determines and that can be set individually. */
export interface NatsSettings {
  /** Number of servers: 3 or 5, which tolerate 1 or 2 failures; or 1, which is unavailable while its node is. */
  readonly servers: number;

  /** CPU request of each server, without a limit. */
  readonly cpu: Cores;

  /** Memory request and limit of each server. */
  readonly memory: Bytes;

  /** Volume size for the streams of each server. It grows in place and can't shrink. */
  readonly storage: Bytes;
}

/** Three servers at every size: streams don't move automatically from one server to three. */
export const NATS_SIZES: Readonly<Record<Size, NatsSettings>> = {
  small: { servers: 3, cpu: "100m", memory: "512Mi", storage: "10Gi" },
  medium: { servers: 3, cpu: "500m", memory: "2Gi", storage: "50Gi" },
  large: { servers: 3, cpu: 2, memory: "8Gi", storage: "200Gi" },
};

/** Interval at which writes are synced to disk (NATS, JetStream configuration: `sync_interval`, two minutes by default). */
export const SYNC: Readonly<Record<BrokerPurpose, string>> = { events: "always", messages: "10s" };

type Found = Omit<Problem, "path">;

const LEAST = { memory: 256 * 2 ** 20, storage: 2 ** 30 } as const;

/** Problems by property. */
export function natsProblems(
  { servers, cpu, memory, storage }: NatsSettings,
  purpose: BrokerPurpose,
): Readonly<Record<string, readonly Found[]>> {
  const read = millicores(cpu);
  return {
    servers: serverProblems(servers, purpose),
    cpu: typeof read === "number" ? [] : [{ value: cpu, ...read }],
    memory: tooLittle("memory", memory, "is less than a server and its streams' indexes need"),
    storage: tooLittle("storage", storage, "is full before a stream has anything in it"),
  };
}

function serverProblems(servers: number, purpose: BrokerPurpose): readonly Found[] {
  if (!Number.isInteger(servers) || servers < 1)
    return [{ value: servers, rule: "must be a valid number of servers", remedy: "use 3 or 5" }];
  if (servers > 1 && servers % 2 === 0) {
    return [
      {
        value: servers,
        rule: `servers survive the loss of no more than ${servers - 1} do`,
        remedy: servers === 2 ? "use 3, or 1 where it may be away" : `use ${servers - 1} or ${servers + 1}`,
      },
    ];
  }
  // NATS, JetStream clustering: every server is a member of the metadata group.
  if (servers > 5) return [{ value: servers, rule: "servers must all agree on each new stream, which is slow", remedy: "use 3 or 5" }];
  if (servers === 1 && purpose === "events") {
    return [
      {
        value: servers,
        rule: "server has the only copy of events that are kept nowhere else",
        remedy: 'use 3, or purpose "messages" where they may be lost',
      },
    ];
  }
  return [];
}

function tooLittle(what: keyof typeof LEAST, value: Bytes, rule: string): readonly Found[] {
  const read = bytes(value);
  if (typeof read !== "number") return [{ value, ...read }];
  return read >= LEAST[what] ? [] : [{ value, rule, remedy: `use ${LEAST[what] / 2 ** 20}Mi or more` }];
}

/** Changes that are not allowed on a broker with data, with the steps to make them anyway. */
export function natsMoveProblems(before: NatsSettings, after: NatsSettings): readonly Found[] {
  const moved: Found[] = [];
  if (before.servers === 1 && after.servers > 1) {
    moved.push({
      value: after.servers,
      rule: "servers don't know the streams that one server made alone",
      remedy: "make a second broker of that many, move each stream with nats stream backup and restore, then the workloads",
    });
  }
  if (before.servers > after.servers) {
    moved.push({
      value: after.servers,
      rule: `servers lack the copies that the others of ${before.servers} have, and still count them when they vote`,
      remedy: "lower the replicas of each stream, remove each server with nats server raft peer-remove, then change this",
    });
  }
  return [...moved, ...shrinkProblems(before, after, ["storage"])];
}
