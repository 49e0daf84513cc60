import { JobV1, type JobV1Spec } from "@cdktf/provider-kubernetes/lib/job-v1";
import type { ITerraformDependable, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import type { KubernetesTarget } from "../kubernetes";
import type { WaitedFor } from "./checks";
import { DISRUPTIONS_IGNORED } from "./disruptions";
import { fingerprintOf } from "./fingerprint";
import { addressOf, Verification } from "./verification";

export interface VerifiedJobProps {
  readonly cluster: KubernetesTarget;

  /** Where it runs. */
  readonly namespace: string;

  /** What it is called, in 54 characters at most; a hash of its specification follows, so that another one runs. */
  readonly name: string;

  /**
   * Its labels.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /** What it runs, and how long all its pods together may take. What they say last is seen where a container asks for it. */
  readonly spec: JobV1Spec & { readonly activeDeadlineSeconds: number };

  /**
   * What it runs anew for whenever Terraform changes it, beside its own specification.
   * @default - nothing
   */
  readonly follows?: readonly TerraformResource[];

  /**
   * The StatefulSet whose pods it waits for. If they can't start, it is given up after some minutes, and the apply ends with
   * their cause.
   * @default - none
   */
  readonly waitsFor?: WaitedFor;

  /** What has to be there before: what its pods mount, their account, the ways that they go. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * A job that runs once, and what it says where it fails: Terraform says no more than that it did. One that fails ends the
 * apply with the last words of its pods, is gone a minute later, and runs again with the next apply until it has done its
 * work; then it stays, as one that was cleared away would run again with every apply.
 */
export class VerifiedJob extends Construct {
  /** It has begun, and may still fail: for what mends by the clock what it could not do. */
  readonly job: JobV1;

  /** What comes after it, and only if it has done its work. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: VerifiedJobProps) {
    super(scope, id);
    const { cluster, namespace, name, labels, spec, follows = [], waitsFor, after } = props;
    const waited = waitsFor ? { waitsFor } : {};
    const jobName = `${name}-${fingerprintOf([DISRUPTIONS_IGNORED, spec])}`;
    this.job = new JobV1(this, "job", {
      metadata: { namespace, name: jobName, ...(labels ? { labels: { ...labels } } : {}) },
      spec: { ...DISRUPTIONS_IGNORED, ...spec },
      // Its end is waited for by who can say why it failed.
      waitForCompletion: false,
      lifecycle: {
        ignoreChanges: ["spec[0].ttl_seconds_after_finished"],
        ...(follows.length > 0 ? { replaceTriggeredBy: follows.map(addressOf) } : {}),
      },
      dependsOn: [...after, ...follows],
    });
    this.passed = new Verification(this, "verdict", {
      cluster,
      namespace,
      name: cloudName("workload", name, "verdict"),
      component: "verdict",
      checks: [{ name, object: { kind: "Job", namespace, name: jobName, labels: { "batch.kubernetes.io/job-name": jobName }, ...waited } }],
      of: jobName,
      // The job has its end by then, and its controller has said so.
      time: spec.activeDeadlineSeconds + 60,
      egress: [],
      follows: [this.job],
      after: [],
    }).passed;
  }
}
