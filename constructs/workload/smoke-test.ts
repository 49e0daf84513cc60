import type { ITerraformDependable } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { Connectable } from "../connection";
import { type Problem, refuse } from "../core/errors";
import type { Duration } from "../core/quantities";
import type { KubernetesTarget, Peer, TrafficRule } from "../kubernetes";
import { type Check, checkProblems, type ObjectCheck, timeProblems } from "./checks";
import { type Endpoint, endpointChecks, endpointProblems, waysToEndpoints } from "./endpoints";
import { secondsOf } from "./probes";
import { Verification } from "./verification";
import { verifiedIn } from "./verified";

export interface SmokeTestProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its job. */
  readonly namespace: string;

  /**
   * Name of its objects.
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * Constructs to verify. Each Deployment and StatefulSet in them must be rolled out, an autoscaled one to its minimum. Certificates,
   * Gateways, HTTPRoutes and their policies must report their required conditions.
   */
  readonly verifies: readonly IConstruct[];

  /**
   * Checks to run after the rollout.
   * @default - none
   */
  readonly checks?: readonly Check[];

  /**
   * Services and their expected responses: statuses by path, and TCP ports. Each adds its checks and its egress rule.
   * @default - none
   */
  readonly endpoints?: readonly Endpoint[];

  /**
   * PostgreSQL for queries, with a read-only role: `{ connection: postgresConnection(postgres, "reader") }`.
   * @default - none: there are no queries
   */
  readonly database?: Connectable;

  /**
   * Time until all checks must pass.
   * @default "10m", as long as Terraform waits for a rollout
   */
  readonly timeout?: Duration;

  /**
   * Egress rules to the targets of the checks. The targets must allow the test's pods (`smokeTestsOf`).
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * Trigger of a rerun without a configuration change: any change that Terraform makes to a verified workload, or only its recreation. Use
   * "creation" for a gate of later resources: repaired drift is not a new version, and must not block a rollback to a version that was
   * tested before.
   * @default "change"
   */
  readonly rerunsOn?: "change" | "creation";

  /**
   * Dependencies in addition to the workloads: the route that its requests use.
   * @default - none
   */
  readonly after?: readonly ITerraformDependable[];
}

/** Limit of a smoke test's timeout, in seconds. */
const LONGEST = 3600;

const COMPONENT = "smoke-test";

/** Returns the pods of smoke tests in a namespace, for rules that allow them. */
export function smokeTestsOf(namespace: string): Exclude<Peer, string> {
  return { namespace, labels: { "app.kubernetes.io/component": COMPONENT } };
}

/**
 * A check that the workloads of a stack work: rollouts are complete, operators have reconciled, and requests get the expected responses. It
 * runs for every release (another image or configuration), and not for an apply without changes; a failed test runs again in each apply
 * until it passes. The Terraform provider treats a failed rollout as done; this test reports it.
 */
export class SmokeTest extends Construct {
  /** Resource to depend on, reached only if the test passes. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: SmokeTestProps) {
    super(scope, id);
    const { cluster, namespace, name = id, verifies, endpoints = [], timeout: within = "10m", database, after = [] } = props;
    const { rerunsOn = "change" } = props;
    const checks = [...(props.checks ?? []), ...endpointChecks(endpoints, namespace)];
    const egress = [...(props.egress ?? []), ...waysToEndpoints(endpoints, namespace)];
    for (const { property, ...problem } of endpointProblems(endpoints)) refuse(this, [problem], property);
    refuse(this, checkProblems(checks), "checks");
    refuse(this, timeProblems(within, LONGEST), "timeout");
    refuse(this, databaseProblems(checks, database), "database");
    const verified = verifies.flatMap(verifiedIn);
    refuse(this, verified.length + checks.length === 0 ? [{ rule: "looks at nothing", remedy: "name workloads or checks" }] : []);
    const objects = verified.flatMap(({ objects: of }) => of.map((object) => checkOf(object, namespace)));
    this.passed = new Verification(this, "verification", {
      cluster,
      namespace,
      name,
      component: COMPONENT,
      checks: [...objects, ...checks],
      of: verified.map(({ fingerprint }) => fingerprint),
      time: secondsOf(within, LONGEST),
      egress,
      ...(database ? { database } : {}),
      rerunsOn,
      follows: verified.filter(({ followed }) => followed).map(({ resource }) => resource),
      after: [...after, ...verified.flatMap((each) => [...(each.followed ? [] : [each.resource]), ...each.after])],
    }).passed;
  }
}

function checkOf(object: ObjectCheck["object"], home: string): ObjectCheck {
  const what = object.labels ? "rollout of" : object.kind;
  return { name: `${what} ${object.namespace === home ? "" : `${object.namespace}/`}${object.name}`, object };
}

function databaseProblems(checks: readonly Check[], database: Connectable | undefined): readonly Omit<Problem, "path">[] {
  const asked = checks.some((check) => "query" in check);
  if (asked && !database) return [{ rule: "is required for queries", remedy: "name the database" }];
  return database && !asked ? [{ rule: "has no queries", remedy: "leave it out, or add queries" }] : [];
}
