import type { Environment, Program, ReleaseFile } from "../../stacks";
import { accounts } from "../fixtures/environments/accounts";
import { dev } from "../fixtures/environments/dev";
import { local } from "../fixtures/environments/local";
import { production } from "../fixtures/environments/production";
import { AUTHORITIES } from "../gateway/authorities";

const ROOMY = { nodes: 3, node: { cpu: 16, memory: "64Gi", storage: "100Gi" } } as const;

const image = (name: string, version: string) => `registry.example.com/orders/${name}:${version}`;

/** What runs at first. */
const RELEASED: ReleaseFile = {
  ...dev.release.workloads,
  "command-api": { slots: { blue: image("command-api", "1.0.0") }, live: "blue" },
};

/** One cluster whose stores begin small, and become larger, and whose workloads are released. */
export const moving = {
  ...dev,
  name: "moving",
  release: { of: "moving", workloads: RELEASED },
  aws: { ...dev.aws, domain: "moving.orders.example.com", network: { cidr: "10.8.0.0/16" } },
  // Large stores find room with one zone down.
  cluster: { nodes: 3, node: { cpu: 32, memory: "128Gi", storage: "100Gi" } },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "50Gi" },
  commandApi: { ...dev.commandApi, release: "blue-green", replicas: 2 },
  commandProcessors: {
    ...dev.commandProcessors,
    replicas: { min: 2, max: 6 },
    scaleOn: { cpu: 70, broker: { stream: "commands", consumer: "processors", targetPerReplica: 100 } },
  },
  projections: { ...dev.projections, workers: 1, partitions: 10 },
  readDatabase: { engine: "cloudnative-pg" },
  broker: { engine: "nats" },
} as const satisfies Environment;

const { storage: _, ...unsaid } = moving.eventStore;

/** What it becomes, one after the other: its stores first, and then what is released. */
export const MOVES: readonly {
  readonly what: string;
  readonly environment: Environment;

  /**
   * The one object that is changed.
   * @default - several are
   */
  readonly only?: string;
}[] = [
  { what: "the event store's disks grow by one number", environment: { ...moving, eventStore: { ...moving.eventStore, storage: "51Gi" } } },
  { what: "small becomes medium", environment: { ...moving, size: "medium", eventStore: unsaid } },
  { what: "medium becomes large", environment: large({}) },
  { what: "a new version of the workers is rolled out", environment: large(newerWorkers()) },
  { what: "a new version of the command API comes into the idle slot", environment: large(inSlots("blue")) },
  {
    what: "requests are turned to the new version",
    environment: large(inSlots("green")),
    only: "HTTPRoute write-side/command-api",
  },
  { what: "requests are turned back", environment: large(inSlots("blue")), only: "HTTPRoute write-side/command-api" },
  {
    what: "three workers share the partitions of one",
    environment: { ...large(inSlots("blue")), projections: { ...moving.projections, workers: 3 } },
  },
];

function large(changes: ReleaseFile): Environment {
  return { ...moving, size: "large", eventStore: unsaid, release: { of: "moving", workloads: { ...RELEASED, ...changes } } };
}

function newerWorkers(): ReleaseFile {
  return {
    "command-processors": { image: image("processors", "1.1.0") },
    projections: { image: image("projections", "1.1.0") },
    migrations: { image: image("migrations", "1.1.0") },
  };
}

function inSlots(live: "blue" | "green"): ReleaseFile {
  const slots = { blue: image("command-api", "1.0.0"), green: image("command-api", "1.1.0") };
  return { ...newerWorkers(), "command-api": { slots, live } };
}

/** The same images by digest. */
function pinned(workloads: ReleaseFile): ReleaseFile {
  return JSON.parse(JSON.stringify(workloads).replaceAll(':1.0.0"', `:1.0.0@sha256:${"0".repeat(64)}"`));
}

/** Engines that the reference system doesn't have. */
const varieties: readonly Environment[] = [
  {
    ...dev,
    name: "on-postgres",
    release: { of: "on-postgres", workloads: pinned(dev.release.workloads) },
    // Those of stand-ins, too.
    registries: ["registry.example.com/orders", "registry.k8s.io"],
    size: "medium",
    aws: { ...dev.aws, domain: "on-postgres.orders.example.com", network: { cidr: "10.9.0.0/16" } },
    cluster: ROOMY,
    eventStore: {
      engine: "postgres",
      server: { engine: "cloudnative-pg" },
      streamBackup: { every: "1h", keep: "6d", drill: "0 5 * * 1" },
    },
    commandProcessors: {
      ...dev.commandProcessors,
      replicas: { min: 1, max: 4 },
      scaleOn: {
        eventStore: { query: "SELECT count(*) FROM events WHERE position > 0", targetPerReplica: 500 },
        readDatabase: { query: "SELECT 0", targetPerReplica: 100 },
      },
    },
    readDatabase: { engine: "cloudnative-pg", pooler: true },
    cache: { engine: "valkey", purpose: "store" },
    broker: { engine: "nats", purpose: "events" },
  },
  {
    ...local,
    name: "sourcing",
    size: "medium",
    cluster: { context: "kind-orders", allocatable: { zones: { "dc-1": 1, "dc-2": 1, "dc-3": 1 }, cpu: 8, memory: "32Gi" } },
    eventStore: { engine: "eventsourcingdb" },
    readDatabase: { engine: "cloudnative-pg" },
    cache: { engine: "valkey", replicas: 2 },
    broker: { engine: "nats" },
  },
  {
    ...production,
    name: "split",
    release: { ...production.release, of: "split" },
    aws: { ...production.aws, domain: "split.orders.example.com", zone: "Z0123456789ABCDEFGHIJ", network: { cidr: "10.10.0.0/16" } },
    writeCluster: ROOMY,
    eventStore: { engine: "kurrentdb" },
    exceptions: { noBackup: "its events are made by a test" },
    queryApi: { ...production.queryApi, edge: { ...production.queryApi.edge, clientAuthority: AUTHORITIES.own } },
    commandProcessors: {
      ...production.commandProcessors,
      scaleOn: {
        prometheus: { server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "vector(0)", targetPerReplica: 100 },
      },
    },
  },
];

/** Environments of tests, beside the reference system. */
export const VARIETY: Program = { accounts, environments: [moving, ...varieties] };
