import { type Advice, CapacityLedger, describeVerdict, headroom, type PodGroup, type Verdict } from "../constructs/capacity";
import { allocatable, instanceTypes, shapeOf } from "../constructs/cluster";
import type { Problem } from "../constructs/core/errors";
import { bytes, type Cores, known, millicores } from "../constructs/core/quantities";
import { type ChartRelease, type KubernetesObject, kubernetesObjects } from "../constructs/kubernetes";
import { refusedBy } from "./admission";
import type { Site } from "./base/site";
import type { PlatformStack } from "./base/stack";
import { contextOf } from "./model/between/clusters";
import { type Cluster, isExistingCluster, type NodeSize } from "./model/cluster";
import { nodeLabels } from "./node-labels";
import { unreachablePorts } from "./ports";

/** Cluster of an environment, with all objects sent to it. */
export interface MeasuredSite {
  /** Path of the cluster in the configuration: `production.writeCluster`. */
  readonly path: string;
  readonly site: Site;

  /** Objects of its stacks, in order of creation. */
  readonly objects: readonly KubernetesObject[];

  /** Charts that its stacks install, except those that only carry `objects`. */
  readonly releases: readonly ChartRelease[];

  /** Pods without an object: those of charts and add-ons, and reserved capacity. */
  readonly declared: readonly PodGroup[];

  /** Requests of required pods relative to its nodes, on one line. */
  readonly headroom: string;

  /** Reasons why required pods don't fit, if any. */
  readonly problems: readonly Problem[];

  /** An exception turns these problems into warnings: of its environment, or of another one on the cluster. */
  readonly excepted: boolean;

  /** Ports of its pods that its nodes block. */
  readonly ports: readonly Problem[];

  /** Objects that its API server would reject. */
  readonly refused: readonly Problem[];
}

/**
 * Collects the objects that stacks send to a cluster, and compares their requests with its nodes. Equal clusters share `verdicts`. `all`
 * stacks of the environment may add nodes.
 */
export function measure(
  site: Site,
  stacks: readonly PlatformStack[],
  verdicts = new Map<string, Verdict>(),
  all: readonly PlatformStack[] = stacks,
): MeasuredSite {
  const { environment, key, cluster, ledger } = site;
  const path = `${environment.name}.${key}`;
  const declared = [...ledger.groups, ...ledger.kept.flatMap(({ groups }) => groups)];
  const sent = stacks.map((stack) => ({ stack, ...kubernetesObjects(stack.synthesized) }));
  const objects = sent.flatMap((one) => one.objects);
  ledger.enter(objects);
  ledger.shareVerdicts(verdicts);
  const excepted = environment.exceptions?.insufficientCapacity !== undefined;
  const problem = describeVerdict(ledger, adviceOn(cluster, excepted));
  const ports = unreachablePorts(site, objects);
  const problems = problem ? [{ ...problem, path: `${path}.${isExistingCluster(cluster) ? "allocatable" : "nodes"}` }] : [];
  const refused = refusedBy(path, sent, ledger.groups, nodeLabels(cluster, objects, all));
  const releases = sent.flatMap((one) => one.releases);
  return { path, site, objects, releases, declared, headroom: headroom(ledger), problems, excepted, ports, refused };
}

/**
 * Compares the requests of environments that share an existing cluster with its nodes, if one of them has `allocatable`. The headroom of
 * each then includes the others. Only sites of environments that are asked for are returned. A problem belongs to one of them: with an
 * exception if there is one, otherwise the last one with `allocatable`.
 */
export function together(sites: readonly MeasuredSite[], isAsked: (environment: string) => boolean): readonly MeasuredSite[] {
  const asked = sites.filter(({ site }) => isAsked(site.environment.name));
  const clusters = new Map<string, MeasuredSite[]>();
  for (const one of sites) {
    const id = contextOf(one.site.cluster)?.id;
    if (id !== undefined) clusters.set(id, [...(clusters.get(id) ?? []), one]);
  }
  const shared = new Map<MeasuredSite, MeasuredSite>();
  for (const all of clusters.values()) {
    const described = all.filter(({ site }) => site.ledger.pool);
    const known = described[0]?.site;
    if (all.length < 2 || !known?.ledger.pool) continue;
    const ledger = new CapacityLedger(known.ledger.pool);
    for (const { site } of all) {
      ledger.add(...site.ledger.groups);
      for (const { reason, groups } of site.ledger.kept) ledger.keep(reason, ...groups);
    }
    const names = all.map(({ site }) => site.environment.name);
    const excepted = all.some((one) => one.excepted);
    const own = all.filter((one) => asked.includes(one));
    const owner = own.find((one) => one.excepted) ?? own.findLast((one) => described.includes(one)) ?? own.at(-1);
    const fitAlone = all.every(({ problems }) => problems.length === 0);
    const problem = fitAlone && describeVerdict(ledger, { ...adviceOn(known.cluster, excepted), sharedBy: names });
    for (const one of own) {
      const isJoint = problem && one === owner;
      const problems = isJoint ? [{ ...problem, path: `${one.path}.allocatable` }] : one.problems;
      shared.set(one, {
        ...one,
        problems,
        excepted: isJoint ? excepted : one.excepted,
        headroom: `${one.headroom}; ${names.join(" and ")} together ${headroom(ledger)}`,
      });
    }
  }
  return asked.map((one) => shared.get(one) ?? one);
}

const GI = 2 ** 30;

function adviceOn(cluster: Cluster, excepted: boolean): Advice {
  const exception = excepted ? {} : { exception: "exceptions.insufficientCapacity" };
  if (isExistingCluster(cluster)) return { size: cluster.allocatable ? nameOf(cluster.allocatable) : "unknown size", ...exception };
  const larger = sizesAbove(cluster.node).map((node) => ({ name: nameOf(node), room: allocatable(shapeOf(node)) }));
  return { size: nameOf(cluster.node), larger, ...exception };
}

function nameOf({ cpu, memory }: Pick<NodeSize, "cpu" | "memory">): string {
  return `${coresOf(cpu)} cores with ${memory}`;
}

function coresOf(cpu: Cores): number {
  return known(millicores(cpu)) / 1000;
}

/** Larger node sizes in EC2, the nearest first: more memory, more cores, or both. */
function sizesAbove(node: NodeSize): readonly NodeSize[] {
  const [cores, gibibytes] = [coresOf(node.cpu), known(bytes(node.memory)) / GI];
  const factors = [
    [1, 2],
    [2, 1],
    [2, 2],
    [4, 4],
  ] as const;
  return factors
    .map(([more, larger]): NodeSize => ({ ...node, cpu: cores * more, memory: `${gibibytes * larger}Gi` }))
    .filter((size) => !("rule" in instanceTypes(shapeOf(size))));
}
