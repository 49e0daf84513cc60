import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Duration, seconds } from "../core/quantities";
import type { KubernetesTarget, Opening, Peer } from "../kubernetes";
import { type Check, checkProblems, type ObjectCheck, timeProblems } from "./checks";
import { Verification } from "./verification";

/** A workload as a test of it knows it. */
export interface Verified {
  readonly kind: "Deployment" | "StatefulSet";
  readonly namespace: string;
  readonly name: string;

  /** Labels of its pods, and of no others. */
  readonly labels: Readonly<Record<string, string>>;

  /** Another one for every other image and configuration. */
  readonly fingerprint: string;
}

export interface SmokeTestProps {
  readonly cluster: KubernetesTarget;

  /** Where its job runs. */
  readonly namespace: string;

  /**
   * What its objects are called.
   * @default - the construct's id
   */
  readonly name?: string;

  /** Workloads whose rollout has to be complete, and whose images and configuration it is a test of. */
  readonly verifies: readonly Verified[];

  /**
   * What is asked of them when they are rolled out.
   * @default - nothing
   */
  readonly checks?: readonly Check[];

  /**
   * Until everything has to work.
   * @default "10m", as long as Terraform waits for a rollout
   */
  readonly within?: Duration;

  /**
   * Ways to what the checks ask, which have to let it in: `SMOKE_TESTS` is who comes.
   * @default - none
   */
  readonly reaches?: readonly Opening[];

  /** What it comes after: the workloads. */
  readonly after?: readonly ITerraformDependable[];
}

/** Longer than this it is not a smoke test. */
const LONGEST = 3600;

/** Job names are labels: 63 characters, of which 9 are a hash. */
const LONGEST_NAME = 54;

const LABELS = { "app.kubernetes.io/component": "smoke-test" };

/** The pods of smoke tests in a namespace, for those who let them in. */
export function smokeTestsOf(namespace: string): Exclude<Peer, string> {
  return { namespace, labels: LABELS };
}

/**
 * Whether what a stack has deployed works: rollouts are complete, requests get the answers that they should. It runs for every
 * release, which other images and configuration are, and not for an apply that changes nothing; one that failed runs
 * again at each apply until it passes. The Terraform provider takes a failed rollout for done: this is who notices.
 */
export class SmokeTest extends Construct {
  /** What comes after it, and only if it passes. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: SmokeTestProps) {
    super(scope, id);
    const { cluster, namespace, name = id, verifies, checks = [], within = "10m", reaches = [], after = [] } = props;
    refuse(this, nameProblems(name), "name");
    refuse(this, checkProblems(checks), "checks");
    refuse(this, timeProblems(within, LONGEST), "within");
    const rollouts = verifies.map(
      (verified): ObjectCheck => ({
        name: `rollout of ${verified.namespace === namespace ? "" : `${verified.namespace}/`}${verified.name}`,
        object: verified,
      }),
    );
    const time = seconds(within);
    this.passed = new Verification(this, "verification", {
      cluster,
      namespace,
      name,
      labels: { "app.kubernetes.io/name": name, ...LABELS },
      checks: [...rollouts, ...checks],
      of: verifies.map(({ fingerprint }) => fingerprint),
      time: typeof time === "number" ? time : LONGEST,
      reaches,
      after,
    }).passed;
  }
}

function nameProblems(name: string) {
  return new RegExp(`^(?=.{1,${LONGEST_NAME}}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$`).test(name)
    ? []
    : [{ value: name, rule: "is no name of a test", remedy: `use up to ${LONGEST_NAME} lower-case letters, digits and hyphens` }];
}
