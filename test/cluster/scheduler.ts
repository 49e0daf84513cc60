import type { PodGroup } from "../../constructs/capacity";
import { verdictOn, witness } from "../../constructs/capacity/verdict";
import { Chance, type Somewhere, somewhere } from "../capacity/random";
import { KubernetesApi } from "./api";
import { type PlacementOrder, SimulationInput, Trial, Undecided } from "./trial";

/**
 * Asks the scheduler of a real cluster about generated environments and compares its answers with the ledger's: where
 * the ledger accepts, no order of pods and no lost zone may leave a pod without a place; where it refuses, the
 * scheduler has to leave one in a course of events that really comes about.
 */

/** How many environments are compared. */
const ENVIRONMENTS = Number(process.env.CAPACITY_ENVIRONMENTS ?? 500);

/** The seed of the first one: with how many, it makes a single one come again. */
const FIRST = Number(process.env.CAPACITY_FIRST ?? 0);

/** How many are on the cluster at the same time. */
const AT_ONCE = 16;

/** How often the course of events that a refusal rests on is tried before the refusal counts as needless. */
const TRIES = 10;

/** Of the refusals that are needed, the part by which all of them may be more. */
const NEEDLESS = 0.1;

/** How many standard deviations more may be found by chance: less often than once in a hundred runs. */
const DEVIATIONS = 2.33;

interface Outcome {
  readonly seed: number;
  readonly accepted: boolean;

  /** What found no place on the cluster, if anything did. */
  readonly missing?: string;

  /** Trials that it took. */
  readonly trials: number;
}

async function compare(ground: SimulationInput, seed: number): Promise<Outcome> {
  const place = somewhere(seed);
  const accepted = verdictOn(place.pool, place.groups).fits;
  const courses = accepted ? likelyCourses(place, seed) : unfriendlyCourses(place, seed);
  let trials = 0;
  for (const course of courses) {
    const missing = await new Trial(ground, `t${seed}-${trials++}`, place.pool, place.groups).run(course);
    if (missing) return { seed, accepted, missing, trials };
  }
  return { seed, accepted, trials };
}

/** Pods come by chance, or the small ones first. */
function likelyCourses({ pool, groups }: Somewhere, seed: number): readonly PlacementOrder[] {
  const chance = new Chance(seed + 1_000_000);
  const size = ({ request }: PodGroup) => request.millicores / pool.node.millicores + request.memoryBytes / pool.node.memoryBytes;
  const pods = podsOf(groups);
  const orders = [chance.shuffled(pods), [...pods].sort((one, other) => size(one) - size(other))];
  return orders.map((arrivals) => ({ arrivals, spreadByDefault: chance.percent(50) }));
}

/** What the ledger says goes wrong, a few times, for by chance the scheduler may do better. */
function unfriendlyCourses({ pool, groups }: Somewhere, seed: number): readonly PlacementOrder[] {
  const found = witness(pool, groups);
  if (!found) return [];
  const course = {
    arrivals: found.course.arrivals.map((index) => found.groups[index] as PodGroup),
    spreadByDefault: found.course.spreadByDefault,
  };
  return [...Array<PlacementOrder>(TRIES).fill(course), ...likelyCourses({ pool, groups }, seed)];
}

function podsOf(groups: readonly PodGroup[]): readonly PodGroup[] {
  return groups.flatMap((group) => (group.pods === "each-node" || group.passing ? [] : Array<PodGroup>(group.pods).fill(group)));
}

async function main(): Promise<number> {
  const kubeconfig = process.env.KUBECONFIG;
  if (!kubeconfig) {
    console.log("SKIPPED the comparison with the scheduler: KUBECONFIG names no cluster\n0 passed, 0 failed, 1 skipped");
    return 0;
  }
  const begin = Date.now();
  const ground = new SimulationInput(KubernetesApi.of(kubeconfig));
  await ground.prepare();
  const outcomes: Outcome[] = [];
  const settle = async (seed: number) => {
    const outcome = await compare(ground, seed);
    outcomes.push(outcome);
    const { accepted, missing, trials } = outcome;
    if (accepted === (missing !== undefined))
      console.log(`${accepted ? "FALSELY ACCEPTED" : "needlessly refused"} ${seed}: ${missing ?? trials}`);
    if (outcomes.length % 50 === 0) console.log(`${outcomes.length} after ${Math.round((Date.now() - begin) / 1000)} s`);
  };
  let next = 0;
  const undecided: number[] = [];
  const work = async () => {
    while (next < ENVIRONMENTS) {
      const seed = FIRST + next++;
      await settle(seed).catch((error) => {
        if (!(error instanceof Undecided)) throw error;
        console.log(`to be asked again: ${error.message}`);
        undecided.push(seed);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // A scheduler that is asked much falls behind with its answers; now it has all its time.
  for (const seed of undecided) await settle(seed);
  await ground.leave();
  ground.api.close();
  return report(outcomes, Math.round((Date.now() - begin) / 1000));
}

function report(outcomes: readonly Outcome[], seconds: number): number {
  const accepted = outcomes.filter((outcome) => outcome.accepted);
  const refused = outcomes.filter((outcome) => !outcome.accepted);
  const wrong = accepted.filter(({ missing }) => missing !== undefined).length;
  const needed = refused.filter(({ missing }) => missing !== undefined).length;
  const needless = refused.length - needed;
  const allowed = needed * NEEDLESS;
  const good = wrong === 0 && needless <= allowed + DEVIATIONS * Math.sqrt(allowed * (1 - NEEDLESS));
  const trials = outcomes.reduce((sum, outcome) => sum + outcome.trials, 0);
  console.log(
    `${outcomes.length} environments, ${trials} trials in ${seconds} s: ${accepted.length} accepted, ${wrong} of them falsely; ` +
      `${refused.length} refused, ${needless} of them needlessly (${((100 * needless) / Math.max(1, needed)).toFixed(1)}% of the ${needed} that must be)`,
  );
  const failed = wrong + (good ? 0 : needless);
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  return good ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
