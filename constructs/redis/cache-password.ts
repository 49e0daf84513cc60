import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, type Opening, PodTraffic, RESTRICTED, ROLE_AGENT } from "../kubernetes";
import type { SecretSpec } from "../secrets";
import { BY_THE_CLOCK, DISRUPTIONS_IGNORED, fingerprintOf, SECRETS_ARRIVE, VerifiedJob } from "../workload";

export interface CachePasswordProps {
  readonly cluster: KubernetesTarget;

  /** Where its pods run and find the secret. */
  readonly namespace: string;

  /**
   * What its jobs and its service account are called. `cachePasswordStatements` are the rights that pods of this service
   * account need.
   * @default "cache-password"
   */
  readonly name?: string;

  /** The user at ElastiCache. */
  readonly user: { readonly id: string; readonly arn: string };

  readonly region: string;

  /**
   * The Secret of the namespace with the user's password under `default`. During a rotation it has another under `next`:
   * both are good until one of them is gone.
   */
  readonly passwords: SecretSpec;

  /** What has to be there before: the namespace, the Secret, the role of its service account. */
  readonly after?: readonly ITerraformDependable[];
}

const SCRIPT = "cache-password.sh";

/** Terraform reads a text as a template, so that what looks like one is escaped. */
const SOURCE = readFileSync(join(__dirname, SCRIPT), "utf8").replace(/([$%])\{/g, "$1$1{");

/** Nobody's user in most distributions. */
const USER = "65534";

/** Seconds that ElastiCache may take for a change, and a job for all that it does. */
const LONGEST = { change: 600, job: 900 } as const;

/** Pods that the first job tries one after the other. */
const RETRIES = 4;

const AWS: Opening = { name: "aws", peer: "anywhere", ports: [443] };

/**
 * The password of ElastiCache's user, told beside Terraform, in whose state it would end: by a job when it is deployed, and
 * by another one that brings what a rotation has changed. A user that has a password no longer signs in as an identity.
 */
export class CachePassword extends Construct {
  /** What a workload that signs in comes after. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: CachePasswordProps) {
    super(scope, id);
    const { cluster, namespace, name = "cache-password", passwords, after = [] } = props;
    const image = imageFrom(cluster, TOOLS.aws);
    const configMap = `${name}-${fingerprintOf(SOURCE)}`;
    const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "job" };
    const account = new ServiceAccountV1(this, "account", {
      metadata: { namespace, name },
      automountServiceAccountToken: false, // EKS mounts one of its own, for the role
      dependsOn: [...after],
    });
    const script = new ConfigMapV1(this, "script", {
      metadata: { namespace, name: configMap },
      data: { [SCRIPT]: SOURCE },
      dependsOn: [...after],
    });
    const { policy } = new PodTraffic(this, "traffic", { namespace, name, labels, listens: [], reaches: [ROLE_AGENT, AWS], after });
    const template = { metadata: { labels }, spec: podSpec({ ...props, name, image, script: configMap, secretName: passwords.name }) };
    const longest = { ...DISRUPTIONS_IGNORED, activeDeadlineSeconds: LONGEST.job };
    const first = new VerifiedJob(this, "first", {
      cluster,
      namespace,
      name,
      spec: { ...longest, backoffLimit: RETRIES, template },
      after: [account, script, policy],
    });
    new CronJobV1(this, "rotation", {
      metadata: { namespace, name },
      spec: {
        ...BY_THE_CLOCK,
        schedule: SECRETS_ARRIVE,
        failedJobsHistoryLimit: 1,
        jobTemplate: { metadata: {}, spec: { ...longest, backoffLimit: 0, template } },
      },
      dependsOn: [first.job],
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

interface Pod extends Pick<CachePasswordProps, "user" | "region"> {
  readonly name: string;
  readonly image: string;
  readonly script: string;
  readonly secretName: string;
}

function podSpec({ name, image, script, secretName, user, region }: Pod) {
  const told = {
    AWS_EC2_METADATA_DISABLED: "true", // without the role of its service account it is nobody, and not the node
    AWS_PAGER: "",
    AWS_REGION: region,
    HOME: "/tmp",
    PASSWORDS: "/passwords",
    TMPDIR: "/tmp",
    USER_ARN: user.arn,
    USER_ID: user.id,
    WAIT: String(LONGEST.change),
  };
  return {
    restartPolicy: "Never",
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
    container: [
      {
        name: "aws",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `/scripts/${SCRIPT}`],
        env: Object.entries(told).map(([variable, value]) => ({ name: variable, value })),
        resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
        securityContext: { ...RESTRICTED, seccompProfile: { type: "RuntimeDefault" } },
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMount: [
          { name: "passwords", mountPath: "/passwords", readOnly: true },
          { name: "scripts", mountPath: "/scripts", readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volume: [
      // All of it: a rotation adds a key.
      { name: "passwords", secret: { secretName, defaultMode: "0440" } },
      { name: "scripts", configMap: { name: script, defaultMode: "0444" } },
      // Passwords lie there for a moment.
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
    ],
  };
}
