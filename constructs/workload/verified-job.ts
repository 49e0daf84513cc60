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

  /** Namespace of the job. */
  readonly namespace: string;

  /** Name, at most 54 characters; a hash of its specification follows, so that a changed specification runs. */
  readonly name: string;

  /**
   * Labels of the job.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /** Specification of the job; its deadline covers all its pods. A container's last output is shown if it is its termination message. */
  readonly spec: JobV1Spec & { readonly activeDeadlineSeconds: number };

  /**
   * Resources that rerun it whenever Terraform changes them, in addition to its own specification.
   * @default - none
   */
  readonly follows?: readonly TerraformResource[];

  /**
   * The StatefulSet whose pods it waits for. If they can't start, the job is stopped after some minutes, and the apply ends with the cause.
   * @default - none
   */
  readonly waitsFor?: WaitedFor;

  /** Resources to create first: what its pods mount, their account, their network policies. */
  readonly after: readonly ITerraformDependable[];
}

/**
 * A job that runs once, and reports why it failed: Terraform reports only that it did. A failed job ends the apply with the last output of
 * its pods, is deleted a minute later, and runs again with the next apply until it succeeds. A succeeded job stays, because a deleted job
 * would run again with every apply.
 */
export class VerifiedJob extends Construct {
  /** The started job, which may still fail: a dependency of scheduled jobs that repair what it could not do. */
  readonly job: JobV1;

  /** Resource to depend on, reached only if the job has succeeded. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: VerifiedJobProps) {
    super(scope, id);
    const { cluster, namespace, name, labels, spec, follows = [], waitsFor, after } = props;
    const waited = waitsFor ? { waitsFor } : {};
    const jobName = `${name}-${fingerprintOf([DISRUPTIONS_IGNORED, spec])}`;
    this.job = new JobV1(this, "job", {
      metadata: { namespace, name: jobName, ...(labels ? { labels: { ...labels } } : {}) },
      spec: { ...DISRUPTIONS_IGNORED, ...spec },
      // The verification waits for its end, and reports why it failed.
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
      // By then the job has ended, and its controller has reported it.
      time: spec.activeDeadlineSeconds + 60,
      egress: [],
      follows: [this.job],
      after: [],
    }).passed;
  }
}
