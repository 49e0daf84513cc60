import { CapacityLedger, type NodePool, type PodGroup, type Verdict } from "../constructs/capacity";
import { instanceTypes, nodePool, shapeOf } from "../constructs/cluster";
import type { Problem } from "../constructs/core/errors";
import { bytes, known } from "../constructs/core/quantities";
import { type KubernetesObject, kubernetesObjects } from "../constructs/kubernetes";
import { isExistingCluster, type NewCluster, type NodeSize } from "./environment";
import type { Site } from "./kubernetes";
import type { PlatformStack } from "./stack";

/** A cluster of an environment, with everything that is sent to it. */
export interface MeasuredSite {
  /** Where the environment describes it: `production.writeCluster`. */
  readonly path: string;
  readonly site: Site;

  /** The objects of its stacks, in the order in which they are made. */
  readonly objects: readonly KubernetesObject[];

  /** Pods that no object shows: those of charts and add-ons, and what room is kept for. */
  readonly declared: readonly PodGroup[];

  readonly verdict: Verdict;
}

/** Enters what the stacks on a cluster send to it, and weighs it against the nodes. */
export function measure(site: Site, stacks: readonly PlatformStack[]): MeasuredSite {
  const { environment, key, ledger } = site;
  const declared = everything(ledger);
  const objects = stacks.flatMap(({ synthesized }) => kubernetesObjects(synthesized).objects);
  ledger.enter(objects);
  return { path: `${environment.name}.${key}`, site, objects, declared, verdict: ledger.verdict() };
}

/** Why what must run on a cluster does not fit its nodes, if it doesn't. */
export function capacityProblems({ path, site, verdict }: MeasuredSite): readonly Problem[] {
  if (!verdict.known || verdict.fits) return [];
  const failing = verdict.cases.find(({ fits }) => !fits);
  const { pool } = site.ledger;
  if (!failing || !pool) return [];
  const { room, asked, homeless, lostZone, nodes } = failing;
  const unplaced = homeless
    .slice(0, SHOWN)
    .map(({ group, pods, why }) => `${group.name} (${pods} of ${amount(group.request)}${why === "surge" ? ", as it comes up anew" : ""})`);
  const more = homeless.length > SHOWN ? ` and ${homeless.length - SHOWN} more` : "";
  return [
    {
      path: `${path}.${isExistingCluster(site.cluster) ? "room" : "nodes"}`,
      value: isExistingCluster(site.cluster) ? undefined : site.cluster.nodes,
      rule:
        `leaves ${amount(room)} on ${nodes} nodes of ${amount(pool.node)} ${lostZone ? `with ${lostZone} lost` : "in all"}, ` +
        `and what must run asks for ${amount(asked)} in ${asked.pods} pods: no room for ${unplaced.join(", ")}${more}`,
      remedy: `${remedies(site, pool).join(", ")}, or say in exceptions.tightCapacity why that is right`,
    },
  ];
}

/** How much of a cluster is asked for, in a line: with all nodes, and with the zone lost whose loss leaves the least. */
export function headroom({ verdict }: MeasuredSite): string {
  if (!verdict.known) return `not checked: ${verdict.reason}`;
  const [all, ...lost] = verdict.cases;
  if (!all) return "not checked: there are no nodes";
  const worst = [...lost].sort((one, other) => left(one) - left(other))[0];
  const share = ({ asked, room }: typeof all) => `${amount(asked)} of ${amount(room)}`;
  const most = verdict.scaled.pods === 0 ? "" : `; ${verdict.scaled.fits ? "also" : "not"} with ${verdict.scaled.pods} more pods at most`;
  return `${share(all)}${worst ? `, ${share(worst)} with ${worst.lostZone} lost` : ""}${most}`;
}

const SHOWN = 3;

function left({ asked, room }: { readonly asked: Amount; readonly room: Amount }): number {
  return Math.min(1 - asked.millicores / room.millicores, 1 - asked.memoryBytes / room.memoryBytes);
}

type Amount = { readonly millicores: number; readonly memoryBytes: number };

/** `7.8 cores and 27.7Gi`. */
function amount({ millicores, memoryBytes }: Amount): string {
  const [cores, gibibytes] = [millicores / 1000, memoryBytes / GI].map((number) => Number(number.toFixed(number < 1 ? 2 : 1)));
  return `${cores} cores and ${gibibytes}Gi`;
}

const GI = 2 ** 30;

function everything(ledger: CapacityLedger): readonly PodGroup[] {
  return [...ledger.groups, ...ledger.kept.flatMap(({ groups }) => groups)];
}

/** As many nodes as are worth trying before nodes of another size. */
const MORE_NODES = 12;

/** What would make everything fit, each tried out. */
function remedies({ cluster, ledger }: Site, pool: NodePool): readonly string[] {
  if (isExistingCluster(cluster)) return ["give it more or larger nodes"];
  const zones = Object.keys(pool.zones);
  const fits = (nodes: number, node: NodeSize) => {
    const tried = new CapacityLedger(nodePool(nodes, node, zones));
    tried.add(...everything(ledger));
    const verdict = tried.verdict();
    return verdict.known && verdict.fits;
  };
  const fewest = typeof cluster.nodes === "number" ? cluster.nodes : cluster.nodes.min;
  const counts = Array.from({ length: MORE_NODES }, (_, index) => fewest + index + 1);
  const enough = counts.find((count) => fits(count, cluster.node));
  const larger = sizesAbove(cluster).find((node) => fits(fewest, node));
  return [
    ...(enough === undefined ? [] : [`use ${enough} nodes`]),
    ...(larger ? [`${enough === undefined ? "use " : ""}nodes of ${larger.cpu} cores with ${larger.memory}`] : []),
    ...(enough === undefined && !larger ? ["use more and larger nodes, or ask for less"] : []),
  ];
}

/** Larger sizes that EC2 offers, the nearest first: more memory, more cores, or both. */
function sizesAbove({ node }: NewCluster): readonly NodeSize[] {
  const [cores, gibibytes] = [Number(node.cpu), known(bytes(node.memory)) / GI];
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
