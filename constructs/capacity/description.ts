import type { Problem } from "../core/errors";
import type { NodePool, NodeRoom } from "./contract";
import type { CapacityLedger } from "./ledger";
import type { Amount } from "./scheduling";
import type { Case, Known, Unplaced } from "./verdict";

/** A node size. */
export interface NodeSize {
  /** Name as the user writes it: `"4 cores with 16Gi"`. */
  readonly name: string;

  /** Allocatable resources of such a node. */
  readonly room: NodeRoom;
}

/** Sizes and exceptions that an error of insufficient capacity proposes. */
export interface Advice {
  /** Present node size: `"4 cores with 16Gi"`. */
  readonly size: string;

  /** Larger sizes that are available, the smallest first. */
  readonly larger?: readonly NodeSize[];

  /**
   * Setting with which a user accepts insufficient capacity: `"exceptions.insufficientCapacity"`.
   * @default - capacity can't be excepted, or already is
   */
  readonly exception?: string;

  /**
   * Environments that share the nodes: `["staging", "qa"]`.
   * @default - one environment
   */
  readonly sharedBy?: readonly string[];
}

/** Additional nodes per zone that are tried as a remedy. */
const MORE_NODES = [1, 2, 4, 8] as const;

/** Number of groups that the message names. */
const NAMED = 3;

/** Reason why the entries of a ledger don't fit its nodes, with a remedy. `undefined` if they fit or the node size is unknown. */
export function describeVerdict(ledger: CapacityLedger, advice: Advice): Omit<Problem, "path"> | undefined {
  const verdict = ledger.verdict();
  if (!verdict.known || verdict.fits || !ledger.pool) return undefined;
  const worst = verdict.cases.filter(({ fits }) => !fits).reduce((most, one) => (pods(one) > pods(most) ? one : most));
  const lost = worst.lostZone === undefined ? "" : ` with zone ${worst.lostZone} down`;
  const named = worst.homeless.slice(0, NAMED).map((unplaced) => REASONS[unplaced.why](unplaced));
  const whose = advice.sharedBy ? ` of ${advice.sharedBy.join(" and ")}` : "";
  const more = worst.homeless.length > NAMED ? [`${worst.homeless.length - NAMED} more find none`] : [];
  return {
    value: Object.values(ledger.pool.zones).reduce((sum, nodes) => sum + nodes, 0),
    rule:
      `of ${advice.size} leave ${inWords(worst.room)}${lost}, and required pods${whose} request ${inWords(worst.asked)}: ` +
      [...named, ...more].join(", "),
    remedy: remedies(ledger, ledger.pool, worst, advice).join(", "),
  };
}

/** Capacity that a ledger's entries use, in one line: `5.2 of 11.8 cores and 11.0 of 41.5Gi; …`. */
export function headroom(ledger: CapacityLedger): string {
  const verdict = ledger.verdict();
  if (!verdict.known) return `not checked: ${verdict.reason}; required pods request ${inWords(ledger.demand(1))}`;
  const [whole, ...losses] = verdict.cases as [Case, ...Case[]];
  const free = ({ room, asked }: Case) => room.millicores - asked.millicores;
  const parts = [of(whole)];
  if (losses.length > 0) parts.push(`${of(losses.reduce((least, one) => (free(one) < free(least) ? one : least)))} with one zone down`);
  parts.push(`capacity for a pod of ${inWords(smallest(verdict))}`);
  const { scaled } = verdict;
  if (scaled.pods > 0) parts.push(`at maximum replicas +${inWords(scaled)}, which ${scaled.fits ? "fits" : "does not fit"}`);
  const selective = [...new Set(ledger.groups.filter(({ nodeSelector }) => nodeSelector).map(({ name }) => name))].sort();
  if (selective.length > 0) parts.push(`${selective.join(", ")} counted as if every node had the labels of its nodeSelector`);
  return parts.join("; ");
}

const REASONS: Readonly<Record<Unplaced["why"], (unplaced: Unplaced) => string>> = {
  room: ({ group, pods }) => `${group.name} finds no node for ${count(pods)} of ${inWords(group.request)}`,
  spread: ({ group, pods }) => `the spread of ${group.name} leaves no node to ${count(pods)}`,
  volumes: ({ group, pods }) => `${group.name} can have volumes of ${count(pods)} more there than an even spread leaves`,
  overhead: ({ group }) => `${group.name}, which runs on every node, is too large for one`,
  surge: ({ group, pods }) => `a new version of ${group.name} finds no node for ${count(pods)} in addition to the old ones`,
  passing: ({ group }) => `${group.name} finds no node when it runs, for a pod of ${inWords(group.request)}`,
};

/** Remedies that were tried and work, and what a person must decide. */
function remedies(ledger: CapacityLedger, pool: NodePool, { homeless }: Case, { larger = [], exception }: Advice): readonly string[] {
  const fits = (other: NodePool) => {
    const verdict = ledger.verdict(other);
    return verdict.known && verdict.fits;
  };
  const found: string[] = [];
  const nodes = MORE_NODES.find((more) => fits({ ...pool, zones: withMore(pool.zones, more) }));
  if (nodes) found.push(`add ${nodes === 1 ? "a node" : `${nodes} nodes`} to each zone`);
  const size = larger.find(({ room }) => fits({ ...pool, node: room }));
  if (size) found.push(`use larger nodes (${size.name})`);
  const bound = homeless.find(({ why }) => why === "volumes");
  if (bound) found.push(`spread ${bound.group.name} evenly over zones, as a must`);
  if (found.length === 0) found.push(`let ${homeless[0]?.group.name} ask for less or spread less strictly`);
  return exception ? [...found, `or say in ${exception} why that is right here`] : found;
}

function withMore(zones: NodePool["zones"], more: number): NodePool["zones"] {
  return Object.fromEntries(Object.entries(zones).map(([zone, nodes]) => [zone, nodes + more]));
}

function smallest({ cases }: Known): Amount {
  return cases.map(({ largest }) => largest).reduce((least, one) => (one.millicores < least.millicores ? one : least));
}

function pods({ homeless }: Case): number {
  return homeless.reduce((sum, unplaced) => sum + unplaced.pods, 0);
}

function count(pods: number): string {
  return pods === 1 ? "1 pod" : `${pods} pods`;
}

function of({ asked, room }: Case): string {
  return `${cores(asked)} of ${cores(room)} cores and ${gibibytes(asked)} of ${gibibytes(room)}Gi`;
}

/** CPU and memory: `2.3 cores and 6.8Gi`. */
export function inWords(of: Amount): string {
  return `${cores(of)} cores and ${gibibytes(of)}Gi`;
}

/** Rounded to a tenth of a core; below one core, to a hundredth. */
function cores({ millicores }: Amount): string {
  return (millicores / 1000).toFixed(millicores < 1000 ? 2 : 1);
}

function gibibytes({ memoryBytes }: Amount): string {
  return (memoryBytes / 2 ** 30).toFixed(memoryBytes < 2 ** 30 ? 2 : 1);
}
