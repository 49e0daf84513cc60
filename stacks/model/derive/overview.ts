import { cloudflareHost } from "../../../constructs/edge";
import { maxReplicas, type Replicas } from "../common";
import { versionsOf } from "../release";
import { POSTGRES_ENGINES } from "../stores/postgres";
import type { JobOf, ProjectionOf, System } from "../system";
import type { Service } from "../workloads/service";
import { edgeOf, publicEndpoints } from "./endpoints";
import { usersOf } from "./members";
import { slotsOf } from "./read-models";
import { type AnyWorkload, nameIn, workloadsIn } from "./workloads";

/** Workload with the settings of the environment and its release file, for the summary. */
export interface WorkloadOverview {
  /** Domain and name: `write-side / command-api`. */
  readonly path: string;

  /** Number of instances: `3`, `5–20`. */
  readonly instances: string;

  /** Running versions, by slot if there are slots: `blue (live) command-api:1.0.0, green command-api:1.1.0 at 10%`. */
  readonly versions: string;
}

/** All workloads of an environment: long-running ones in the order of its domains, then jobs. */
export function workloadsOf(system: Pick<System, "domains">): readonly WorkloadOverview[] {
  return workloadsIn(system).map((member) => ({ path: nameIn(member), ...runningOf(member.workload) }));
}

function runningOf(workload: AnyWorkload): Omit<WorkloadOverview, "path"> {
  const { kind, settings } = workload;
  if (kind === "service") return { instances: countOf(settings.replicas), versions: sharesOf(settings) };
  if (kind === "projection") return { instances: String(settings.workers), versions: slotsIn(workload) };
  return { instances: kind === "job" ? runsOf(workload) : countOf(settings.replicas), versions: shortened(settings.image) };
}

function slotsIn({ model, settings }: ProjectionOf): string {
  const slots = slotsOf(model).map(([slot, { partitions, image = settings.image }]) => {
    const live = slot === model.live ? " (live)" : "";
    return `${slot}${live} ${shortened(image)} in ${partitions} partitions`;
  });
  return slots.join(", ");
}

function runsOf({ settings: { when } }: JobOf): string {
  if (typeof when === "object") return `job, ${when.schedule}`;
  return when === "by-hand" ? "job, by hand" : "job";
}

/**
 * Maximum number of pods with open connections to each PostgreSQL server, by its name: at maximum replicas, in both
 * slots. Pods being replaced are not included.
 */
export function clientsOf(system: Pick<System, "stores" | "domains">): ReadonlyMap<string, string> {
  const servers = system.stores.filter(({ settings }) => Object.hasOwn(POSTGRES_ENGINES, settings.engine));
  return new Map(
    servers.map(({ name }) => {
      const users = usersOf(system, name).map(({ workload, use }) => ({ as: use.as, pods: podsAtWorst(workload as AnyWorkload) }));
      const count = (role: string) => users.filter(({ as }) => as === role).reduce((total, { pods }) => total + pods, 0);
      return [name, `clients at maximum replicas: ${count("reader")} read, ${count("writer")} write`];
    }),
  );
}

function podsAtWorst(workload: AnyWorkload): number {
  const { kind, settings } = workload;
  if (kind === "job") return 1;
  if (kind === "projection") return settings.workers * slotsOf(workload.model).length;
  return maxReplicas(settings.replicas) * (kind === "service" && settings.release === "blue-green" ? 2 : 1);
}

/** Public endpoints of an environment, each with its addresses and its edge. */
export function endpointsOf(system: System): readonly { readonly name: string; readonly answers: string }[] {
  const found = edgeOf(system)?.edge;
  return publicEndpoints(system).map(({ name, hosts, edge, tcp, internal }) => {
    const inside = internal ? " (internal)" : "";
    const own =
      [...hosts, ...tcp.map(({ name: port, port: number, service }) => `TCP ${number} (${port} of ${service.name})`)].join(", ") + inside;
    if (!edge || !found) return { name, answers: own };
    const address = found.provider === "cloudflare" ? cloudflareHost(found) : own;
    const behind = address === own ? "" : `, in front of ${own}`;
    return { name, answers: `${address} at ${edge}, responses cached for ${found.cache}${behind}` };
  });
}

function countOf(replicas: Replicas): string {
  return typeof replicas === "number" ? String(replicas) : `${replicas.min}–${replicas.max}`;
}

/** Versions of a service, with traffic weights other than 0 or 100. */
function sharesOf(service: Service): string {
  return versionsOf(service)
    .map(({ slot, image, live, weight, preview }) => {
      const place = slot ? `${slot}${live ? " (live)" : ""} ` : "";
      const share = weight === (live ? 100 : 0) ? "" : ` at ${weight}%`;
      return `${place}${shortened(image)}${share}${preview ? " shown by a header" : ""}`;
    })
    .join(", ");
}

/** Image without its registry, and with a short digest. */
function shortened(image = ""): string {
  const [name = "", digest] = (image.split("/").at(-1) ?? "").split("@sha256:");
  return digest ? `${name}@${digest.slice(0, 12)}` : name;
}
