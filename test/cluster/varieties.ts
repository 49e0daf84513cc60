import { accounts } from "../../environments/accounts";
import { dev } from "../../environments/dev";
import { local } from "../../environments/local";
import { production } from "../../environments/production";
import type { Environment, Program } from "../../stacks";

const ROOMY = { nodes: 3, node: { cpu: 16, memory: "64Gi", storage: "100Gi" } } as const;

/** One cluster whose stores begin small, and become larger. */
export const moving = {
  ...dev,
  name: "moving",
  release: { ...dev.release, of: "moving" },
  aws: { ...dev.aws, domain: "moving.orders.example.com", network: { cidr: "10.8.0.0/16" } },
  // Large stores find room with a zone lost.
  cluster: { nodes: 3, node: { cpu: 32, memory: "128Gi", storage: "100Gi" } },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "50Gi" },
  readDatabase: { engine: "cloudnative-pg" },
  broker: { engine: "nats" },
} as const satisfies Environment;

const { storage: _, ...unsaid } = moving.eventStore;

/** What it becomes, one after the other: one number is raised, then one word. */
export const MOVES: readonly { readonly what: string; readonly environment: Environment }[] = [
  { what: "the event store's disks grow by one number", environment: { ...moving, eventStore: { ...moving.eventStore, storage: "51Gi" } } },
  { what: "small becomes medium", environment: { ...moving, size: "medium", eventStore: unsaid } },
  { what: "medium becomes large", environment: { ...moving, size: "large", eventStore: unsaid } },
];

/** Engines that no environment of the program has. */
const varieties: readonly Environment[] = [
  {
    ...dev,
    name: "on-postgres",
    release: { ...dev.release, of: "on-postgres" },
    size: "medium",
    aws: { ...dev.aws, domain: "on-postgres.orders.example.com", network: { cidr: "10.9.0.0/16" } },
    cluster: ROOMY,
    eventStore: { engine: "postgres", server: { engine: "cloudnative-pg" } },
    readDatabase: { engine: "cloudnative-pg", pooler: true },
    cache: { engine: "valkey", purpose: "store" },
    broker: { engine: "nats", purpose: "events" },
  },
  {
    ...local,
    name: "sourcing",
    size: "medium",
    cluster: { context: "kind-orders", room: { zones: { "dc-1": 1, "dc-2": 1, "dc-3": 1 }, cpu: 8, memory: "32Gi" } },
    eventStore: { engine: "eventsourcingdb" },
    readDatabase: { engine: "cloudnative-pg" },
    cache: { engine: "valkey", replicas: 2 },
    broker: { engine: "nats" },
  },
  {
    ...production,
    name: "split",
    release: { ...production.release, of: "split" },
    aws: { ...production.aws, domain: "split.orders.example.com", network: { cidr: "10.10.0.0/16" } },
    writeCluster: ROOMY,
    eventStore: { engine: "kurrentdb" },
  },
];

/** Environments that only tests have, beside those of the program. */
export const VARIETY: Program = { accounts, environments: [moving, ...varieties] };
