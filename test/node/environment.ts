import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutTokenTraces } from "../../cli/short-traces";
import { type ChartRelease, kubernetesObjects } from "../../constructs/kubernetes";
import { type Environment, type ReleaseFile, synthesize } from "../../stacks";
import type { KubernetesObject } from "../cluster/api";
import { local } from "../fixtures/environments/local";

/** What the sample runs on, and the same under another tag, as a new version. */
export const VERSIONS = { first: local.queryApi.image, second: "docker.io/oven/bun:1.4.2" } as const;

/** Where somebody else's Prometheus is. */
export const METRICS_FROM = "monitoring";

/** What is released at first. */
const RELEASED: ReleaseFile = { "command-api": { slots: { blue: VERSIONS.first }, live: "blue" } };

const { image: _, ...commandApi } = local.commandApi;

/** A worker that uses the broker. */
const messages = (role: "publish" | "subscribe") =>
  ({
    image: VERSIONS.first,
    command: ["node", "/app/messages.js", role],
    files: { "/app/messages.js": readFileSync(join(__dirname, "messages.js"), "utf8") },
    cpu: "20m",
    memory: "128Mi",
    replicas: 1,
    uses: ["broker"],
  }) as const;

/** `local` on two cores, with partitions for more than one worker, and beside it a broker of which each event is kept. */
export const LOCAL = {
  ...local,
  // Seven workers, jobs and a second version of everything have to fit beside the stores.
  eventStore: { ...local.eventStore, cpu: "200m" },
  readDatabase: { ...local.readDatabase, cpu: "200m" },
  commandProcessors: { ...local.commandProcessors, metrics: { port: 8080 } },
  projections: { ...local.projections, workers: 5, partitions: 14 },
  stores: { broker: { engine: "nats", purpose: "events", storage: "1Gi" } },
  monitoring: { prometheus: { namespace: METRICS_FROM } },
  domains: { notices: { workers: { publisher: messages("publish"), subscriber: messages("subscribe") } } },
} as const satisfies Environment;

/** The same, with a command API that has slots. */
export const ENVIRONMENT = {
  ...LOCAL,
  commandApi: { ...commandApi, release: "blue-green" },
  release: { of: "local", workloads: RELEASED },
} as const satisfies Environment;

/** The environment with these versions of the command API in its slots, and this one of the query API. */
export function released(slots: Readonly<Record<string, string>>, live: "blue" | "green", queries: string = VERSIONS.second) {
  const release = { of: "local", workloads: { "command-api": { slots, live } } };
  return { ...ENVIRONMENT, release, queryApi: { ...ENVIRONMENT.queryApi, image: queries } } as const satisfies Environment;
}

/** What it is once everything was released: the second version is live everywhere, the first one waits in the other slot. */
export const RELEASE = released({ blue: VERSIONS.second, green: VERSIONS.first }, "blue");

/** What a stack makes on the cluster. */
export interface Stack {
  readonly name: string;
  readonly objects: readonly KubernetesObject[];

  /** Charts, which stand-ins are made for. */
  readonly releases: readonly ChartRelease[];
}

/** The stacks of an environment in the order in which they are applied. */
export function stacksOf(environment: Environment): readonly Stack[] {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-node-"));
  try {
    const { stacks } = withoutTokenTraces(() => synthesize({ accounts: [], environments: [environment] }, { outdir }));
    return [...stacks].map(([id, { json }]) => {
      const { objects, releases } = kubernetesObjects(json);
      return { name: id.slice(environment.name.length + 1), objects: objects as unknown as KubernetesObject[], releases };
    });
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
