import { cloudflareHost } from "../../../constructs/edge";
import { all, mostOf, type Replicas } from "../common";
import type { Environment } from "../environment";
import { versionsOf, withRelease } from "../release";
import { WORKLOADS } from "../workloads/roles";
import type { Service } from "../workloads/service";
import type { Workload } from "../workloads/workload";
import { edgeOf, entrances } from "./endpoints";
import { readModelsOf, slotsOf } from "./read-models";
import { readDatabaseName } from "./servers";

/** A workload as the environment and its release file make it, for those who want to see at a glance what runs. */
export interface WorkloadOverview {
  /** Its role, and its name where it has one of its own: `projections search`. */
  readonly path: string;

  /** How many instances: `3`, `5–20`. */
  readonly instances: string;

  /** The versions that run, by slot where there are slots: `blue (live) command-api:1.0.0, green command-api:1.1.0 at 10 %`. */
  readonly versions: string;
}

/** Every workload of an environment, in the order of the roles. */
export function workloadsOf(environment: Environment): readonly WorkloadOverview[] {
  const running = withRelease(environment);
  const { commandApi, commandProcessors, queryApi, migrations } = running;
  const of = (role: keyof typeof WORKLOADS, { name }: Pick<Workload, "name">) =>
    name && name !== WORKLOADS[role].name ? `${role} ${name}` : role;
  const services = (role: "commandApi" | "queryApi", found: readonly Service[]) =>
    found.map((one) => ({ path: of(role, one), instances: countOf(one.replicas), versions: sharesOf(one) }));
  return [
    ...services("commandApi", all(commandApi)),
    ...all(commandProcessors).map((one) => ({
      path: of("commandProcessors", one),
      instances: countOf(one.replicas),
      versions: shortened(one.image),
    })),
    ...services("queryApi", all(queryApi)),
    ...readModelsOf(running).map(({ settings, live, slots }) => ({
      path: of("projections", settings),
      instances: String(settings.workers),
      versions: slotsOf({ slots })
        .map(([slot, { partitions, image = settings.image }]) => {
          const read = slot === live ? " (read)" : "";
          return `${slot}${read} ${shortened(image)} in ${partitions} partitions`;
        })
        .join(", "),
    })),
    ...all(migrations).map((one) => ({ path: of("migrations", one), instances: "job", versions: shortened(one.image) })),
  ];
}

/**
 * How many pods have connections open to each read database at worst, by where it is described: all that autoscaling
 * allows, in both slots. What is replaced meanwhile comes on top.
 */
export function clientsOf(environment: Environment): ReadonlyMap<string, string> {
  const readers = all(environment.queryApi).map(({ replicas, release }) => mostOf(replicas) * (release === "blue-green" ? 2 : 1));
  return new Map(
    all(environment.readDatabase).map((settings) => {
      const models = readModelsOf(environment).filter(({ database }) => database === readDatabaseName(settings));
      const writers = models.map((model) => model.settings.workers * slotsOf(model).length);
      const path = settings.name ? `readDatabase ${settings.name}` : "readDatabase";
      return [path, `pods when scaled out: ${sum(readers)} read, ${sum(writers)} write`];
    }),
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Where requests come into an environment, each with its address and who answers before it. */
export function waysInto(environment: Environment): readonly { readonly name: string; readonly answers: string }[] {
  const found = edgeOf(environment)?.edge;
  return entrances(environment).map(({ name, host, edge }) => {
    if (!edge || !found) return { name, answers: host };
    const address = found.provider === "cloudflare" ? cloudflareHost(found) : host;
    const behind = address === host ? "" : `, before ${host}`;
    return { name, answers: `${address} at ${edge}, answers kept ${found.cache}${behind}` };
  });
}

function countOf(replicas: Replicas): string {
  return typeof replicas === "number" ? String(replicas) : `${replicas.min}–${replicas.max}`;
}

/** The versions of a service, and where their shares are not all or nothing, these. */
function sharesOf(service: Service): string {
  return versionsOf(service)
    .map(({ slot, image, live, weight, preview }) => {
      const place = slot ? `${slot}${live ? " (live)" : ""} ` : "";
      const share = weight === (live ? 100 : 0) ? "" : ` at ${weight} %`;
      return `${place}${shortened(image)}${share}${preview ? " shown by a header" : ""}`;
    })
    .join(", ");
}

/** An image without its registry, and as much of its digest as tells it from others. */
function shortened(image = ""): string {
  const [name = "", digest] = (image.split("/").at(-1) ?? "").split("@sha256:");
  return digest ? `${name}@${digest.slice(0, 12)}` : name;
}
