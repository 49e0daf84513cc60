import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { BackupLock } from "../backup";
import type { SecretReference } from "../connection";
import { bundled } from "../core/bundles";
import { refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import type { KubernetesTarget, Peer } from "../kubernetes";
import { type S3Location, s3Access } from "../storage";
import { ScheduledTask } from "../workload";
import type { AuditRetention } from "./trail/kinds";

export interface AuditDigestsProps {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods. */
  readonly namespace: string;

  /**
   * Name of the CronJob and of its service account, which needs the rights of `auditDigesterStatements` on AWS.
   * @default "audit-digest"
   */
  readonly name?: string;

  readonly bucket: S3Location;

  /** Retention in days of each recorded kind, as in `AuditBucket`. */
  readonly keepDays: AuditRetention;

  /**
   * Mode of the object lock of digests, and of the extended lock of records.
   * @default - no locks: the bucket is not protected
   */
  readonly lock?: BackupLock;

  /** Key that signs digests: in AWS KMS, of type ECC_NIST_P256, by ARN; or a private key on P-256, as PEM, in a Secret. */
  readonly signingKey: { readonly kmsArn: string } | { readonly secret: SecretReference };

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources to create first: the namespace, the role of the service account. */
  readonly after?: readonly ITerraformDependable[];
}

/** Name of the digester's CronJob and service account. */
export const AUDIT_DIGESTER = "audit-digest";

/** Ten minutes after each hour: writers have five to complete their uploads. The verifier expects a digest an hour after its period. */
const SCHEDULE = "10 * * * *";

const [PROGRAM, KEY] = ["/app/audit-digest.mjs", "/run/secrets/audit/key.pem"] as const;

/**
 * The digest chain of an audit trail: a CronJob that writes a signed digest of every hour, also if nothing was recorded. A digest lists the
 * SHA-256 of each record and of the digest before it, so that every later change shows in a verification. A failed or missed run is made up
 * for by the next.
 */
export class AuditDigests extends Construct {
  /** Its pods, for network policies. */
  readonly peer: Exclude<Peer, string>;

  /** Resources to depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: AuditDigestsProps) {
    super(scope, id);
    const { cluster, namespace, name = AUDIT_DIGESTER, bucket, keepDays, lock, signingKey, priority, after = [] } = props;
    const access = s3Access(bucket);
    if (bucket.service && "kmsArn" in signingKey) {
      const rule = "requires the role of a service account, which a service outside of AWS replaces with access keys";
      refuse(this, [{ value: signingKey.kmsArn, rule, remedy: "give a private key as signingKey.secret" }], "signingKey.kmsArn");
    }
    const files = { ...("secret" in signingKey ? { [KEY]: signingKey.secret } : {}), ...access.secretFiles };
    const task = new ScheduledTask(this, "task", {
      cluster,
      namespace,
      name,
      image: TOOLS.bun,
      command: ["bun", "--smol", PROGRAM],
      files: { [PROGRAM]: bundled(__dirname, "audit-digest.mjs") },
      schedule: SCHEDULE,
      timeout: "45m",
      startingDeadline: "30m",
      env: {
        ...access.env,
        HOME: "/tmp",
        KEEP_DAYS: JSON.stringify(keepDays),
        ...(lock ? { LOCK_MODE: lock.toUpperCase() } : {}),
        ...("secret" in signingKey ? { SIGNING_KEY_FILE: KEY } : { SIGNING_KEY_ARN: signingKey.kmsArn }),
      },
      secrets: access.secrets,
      secretFiles: files,
      egress: access.egress,
      // Sixteen records at a time; a record is a few KiB, and an hour of 100,000 records is listed in 20 MiB.
      cpu: "100m",
      memory: "512Mi",
      ...(priority ? { priority } : {}),
      after,
    });
    this.peer = task.peer;
    this.ready = task.ready;
  }
}
