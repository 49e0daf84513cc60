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

  /** Where its job runs. */
  readonly namespace: string;

  /**
   * What its objects are called.
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * What it is a test of. Every Deployment and StatefulSet that these constructs have made has to be rolled out, an autoscaled one
   * to its minimum. Certificates, Gateways, HTTPRoutes and their policies have to say that they are as they should be.
   */
  readonly verifies: readonly IConstruct[];

  /**
   * What is asked of them when they are rolled out.
   * @default - nothing
   */
  readonly checks?: readonly Check[];

  /**
   * Services and what they have to answer: statuses by path, and TCP ports. Each brings its checks and its way out.
   * @default - none
   */
  readonly endpoints?: readonly Endpoint[];

  /**
   * The PostgreSQL that queries are asked, as somebody who only reads: `{ connection: postgresConnection(postgres, "reader") }`.
   * @default - none: there are no queries
   */
  readonly database?: Connectable;

  /**
   * Until everything has to work.
   * @default "10m", as long as Terraform waits for a rollout
   */
  readonly timeout?: Duration;

  /**
   * Ways to what the checks ask, which have to let it in: `smokeTestsOf` says who comes.
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * When it runs again although nothing that it verifies is configured differently: after any change that Terraform makes to a
   * workload, or only after one was created again. A gate of what comes after it takes the second: the repair of a drift is
   * no new version, and must not hold up a rollback to one that was tested before.
   * @default "change"
   */
  readonly rerunsOn?: "change" | "creation";

  /**
   * What it comes after beside the workloads: the route by which it asks them.
   * @default - nothing
   */
  readonly after?: readonly ITerraformDependable[];
}

/** Longer than this it is not a smoke test. */
const LONGEST = 3600;

const COMPONENT = "smoke-test";

/** The pods of smoke tests in a namespace, for those who let them in. */
export function smokeTestsOf(namespace: string): Exclude<Peer, string> {
  return { namespace, labels: { "app.kubernetes.io/component": COMPONENT } };
}

/**
 * Whether what a stack has deployed works: rollouts are complete, operators have done their part, requests get the answers
 * that they should. It runs for every release, which other images and configuration are, and not for an apply that changes
 * nothing; one that failed runs again at each apply until it passes. The Terraform provider takes a failed rollout for done:
 * this is who notices.
 */
export class SmokeTest extends Construct {
  /** What comes after it, and only if it passes. */
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
  if (asked && !database) return [{ rule: "is not named, and there are queries", remedy: "say whom they are asked" }];
  return database && !asked ? [{ rule: "is asked nothing", remedy: "leave it out, or add queries" }] : [];
}
