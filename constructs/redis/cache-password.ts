import { join } from "node:path";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, ROLE_AGENT, type TrafficRule } from "../kubernetes";
import { OVERLAP_HOURS, OVERLAP_SCRIPT, type OverlapProps, overlapProblems, rotationJobs, rotationScript } from "../rotation";
import type { SecretSpec } from "../secrets";
import { BY_THE_CLOCK, SECRETS_ARRIVE, VerifiedJob } from "../workload";

export interface CachePasswordProps extends OverlapProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods and of the secret. */
  readonly namespace: string;

  /**
   * Name of its jobs and of its service account. Pods of this service account need the rights of `cachePasswordStatements`.
   * @default "cache-password"
   */
  readonly name?: string;

  /**
   * Name of the cache. The CronJob `<store>-revoke` ends the former password immediately.
   * @default "cache"
   */
  readonly store?: string;

  /** The ElastiCache user. */
  readonly user: { readonly id: string; readonly arn: string };

  readonly region: string;

  /**
   * The Secret of the namespace with the user's password under `default`. A rotation adds the new password under `next`: both are accepted.
   * Then the new one moves to `default` and the old one to `former`, which ends after `overlapHours`.
   */
  readonly passwords: SecretSpec;

  /** Resources created before it: the namespace, the Secret, the role of its service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Timeouts in seconds of an ElastiCache change and of a whole job. */
const LONGEST = { change: 600, job: 900 } as const;

const AWS: TrafficRule = { name: "aws", peer: "anywhere", ports: [443] };

/**
 * The password of the ElastiCache user, set outside Terraform, whose state would store it. One job sets it at deployment. A second applies
 * rotations, and ends the former password after the overlap. An operator starts the third, `<store>-revoke`: it ends the former password
 * immediately. ElastiCache keeps open sessions in both cases. A user with a password can no longer sign in with IAM.
 */
export class CachePassword extends Construct {
  /** Dependencies for workloads that sign in. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: CachePasswordProps) {
    super(scope, id);
    const {
      cluster,
      namespace,
      name = "cache-password",
      store = "cache",
      overlapHours = OVERLAP_HOURS,
      user,
      region,
      passwords,
      after = [],
    } = props;
    refuse(this, overlapProblems(overlapHours), "overlapHours");
    const account = new ServiceAccountV1(this, "account", {
      metadata: { namespace, name },
      automountServiceAccountToken: false, // EKS mounts a separate token for the IAM role
      dependsOn: [...after],
    });
    const { jobSpecOf, ready } = rotationScript(this, {
      cluster,
      namespace,
      name,
      image: imageFrom(cluster, TOOLS.aws),
      tool: "aws",
      files: [join(__dirname, "cache-password.sh"), OVERLAP_SCRIPT],
      settings: {
        AWS_EC2_METADATA_DISABLED: "true", // without the IAM role it must not use that of the node
        AWS_PAGER: "",
        AWS_REGION: region,
        HOME: "/tmp",
        OVERLAP: String(overlapHours * 3600),
        USER_ARN: user.arn,
        USER_ID: user.id,
        WAIT: String(LONGEST.change),
      },
      secretName: passwords.name,
      egress: [ROLE_AGENT, AWS],
      account: { name, token: false },
      longestSeconds: LONGEST.job,
      after,
    });
    const first = new VerifiedJob(this, "first", { cluster, namespace, name, spec: jobSpecOf(), after: [account, ...ready] });
    rotationJobs(this, {
      namespace,
      names: { keep: name, revoke: `${store}-revoke` },
      clock: { ...BY_THE_CLOCK, schedule: SECRETS_ARRIVE, failedJobsHistoryLimit: 1 },
      jobSpecOf,
      after: [first.job],
    });
    this.ready = [first.passed];
  }
}

/** IAM statements of its pods: they may change this user and no other. */
export function cachePasswordStatements(userArn: string): readonly object[] {
  return [
    {
      Sid: "OwnUser",
      Effect: "Allow",
      Action: ["elasticache:AddTagsToResource", "elasticache:DescribeUsers", "elasticache:ListTagsForResource", "elasticache:ModifyUser"],
      Resource: userArn,
    },
  ];
}
