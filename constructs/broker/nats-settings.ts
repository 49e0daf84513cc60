import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, millicores } from "../core/quantities";
import { type Size, shrinkProblems } from "../sizing";

/**
 * What passes through it. `events` are kept nowhere else: each is on the disk of a majority before it is acknowledged.
 * `messages` are acknowledged when a majority has them in memory, and on the disk some seconds later.
 */
export type BrokerPurpose = "events" | "messages";

/** What a size means, and all that can be said in its place. */
export interface NatsSettings {
  /** 3 or 5, of which 1 or 2 may be away; or 1, which is away with its node. */
  readonly servers: number;

  /** Asked for by each server; not a limit. */
  readonly cpu: Cores;

  /** Asked for by each server, and its limit. */
  readonly memory: Bytes;

  /** Of each server's volume of streams. It grows in place and never shrinks. */
  readonly storage: Bytes;
}

/** Three servers at any size: from one to three nothing moves by itself. */
export const NATS_SIZES: Readonly<Record<Size, NatsSettings>> = {
  small: { servers: 3, cpu: "100m", memory: "512Mi", storage: "10Gi" },
  medium: { servers: 3, cpu: "500m", memory: "2Gi", storage: "50Gi" },
  large: { servers: 3, cpu: 2, memory: "8Gi", storage: "200Gi" },
};

/** When what was written is on the disk (NATS, JetStream configuration: `sync_interval`, two minutes by itself). */
export const SYNC: Readonly<Record<BrokerPurpose, string>> = { events: "always", messages: "10s" };

type Found = Omit<Problem, "path">;

const LEAST = { memory: 256 * 2 ** 20, storage: 2 ** 30 } as const;

/** What is wrong, by the property that it stands in. */
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
  if (!Number.isInteger(servers) || servers < 1) return [{ value: servers, rule: "is no number of servers", remedy: "use 3 or 5" }];
  if (servers > 1 && servers % 2 === 0) {
    return [
      {
        value: servers,
        rule: `servers survive the loss of no more than ${servers - 1} do`,
        remedy: servers === 2 ? "use 3, or 1 where it may be away" : `use ${servers - 1} or ${servers + 1}`,
      },
    ];
  }
  // NATS, JetStream clustering: the group that keeps the list of streams has every server in it.
  if (servers > 5) return [{ value: servers, rule: "servers all have to be asked for every new stream", remedy: "use 3 or 5" }];
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

/** Why a broker that holds something can't be changed so, and how to get there all the same. */
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
