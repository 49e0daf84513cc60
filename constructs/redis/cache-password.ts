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

  /** Where its pods run and find the secret. */
  readonly namespace: string;

  /**
   * What its jobs and its service account are called. `cachePasswordStatements` are the rights that pods of this service
   * account need.
   * @default "cache-password"
   */
  readonly name?: string;

  /**
   * The name of the cache. The CronJob `<store>-revoke` ends the former password at once.
   * @default "cache"
   */
  readonly store?: string;

  /** The user at ElastiCache. */
  readonly user: { readonly id: string; readonly arn: string };

  readonly region: string;

  /**
   * The Secret of the namespace with the user's password under `default`. A rotation adds the new password under `next`:
   * both are good. Then the new one goes under `default` and the old one under `former`, which ends after `overlapHours`.
   */
  readonly passwords: SecretSpec;

  /** What has to be there before: the namespace, the Secret, the role of its service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Seconds that ElastiCache may take for a change, and a job for all that it does. */
const LONGEST = { change: 600, job: 900 } as const;

const AWS: TrafficRule = { name: "aws", peer: "anywhere", ports: [443] };

/**
 * The password of ElastiCache's user, told beside Terraform, in whose state it would end: by a job when it is deployed, and
 * by another one that brings what a rotation has changed, and ends the former password after the overlap. A third,
 * `<store>-revoke`, is there for a person to start: it ends the former password at once. ElastiCache keeps sessions that are
 * open in both cases. A user that has a password no longer signs in as an identity.
 */
export class CachePassword extends Construct {
  /** What a workload that signs in comes after. */
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
      automountServiceAccountToken: false, // EKS mounts one of its own, for the role
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
        AWS_EC2_METADATA_DISABLED: "true", // without the role of its service account it is nobody, and not the node
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

/** What its pods may do on AWS: change this user, and no other. */
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
