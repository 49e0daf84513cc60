import { StorageClassV1 } from "@cdktf/provider-kubernetes/lib/storage-class-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { BACKUP_TAG } from "../core/tags";
import type { KubernetesTarget } from "../kubernetes";
import { awsPlace } from "./aws-place";

export interface StorageClassesProps {
  readonly cluster: KubernetesTarget;

  /** ARN of the customer-managed KMS key of volumes. */
  readonly key: string;

  /** Value of the tag `backup-plan` on data volumes, by which an AWS Backup plan can select them. The plan itself is not created here. */
  readonly backupPlan: string;

  /**
   * Keeps data volumes when their claims are deleted. A change doesn't affect existing volumes.
   * @default true
   */
  readonly keep?: boolean;

  /** @default - none */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Storage classes on EBS: encrypted with a customer-managed key, in the zone of the first pod that uses the volume, expandable. Volumes of
 * `data` outlive their claims, unless `keep` is false; those of `scratch` are deleted with them. Neither is the default: a claim without a
 * class stays pending, so that data isn't stored in an unexpected class.
 */
export class StorageClasses extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, { cluster, key, backupPlan, keep = true, after = [] }: StorageClassesProps) {
    super(scope, id);
    awsPlace(this, cluster);
    const storageClass = (name: string, reclaimPolicy: "Retain" | "Delete", more: Readonly<Record<string, string>>) =>
      new StorageClassV1(this, name, {
        metadata: { name },
        storageProvisioner: "ebs.csi.aws.com",
        reclaimPolicy,
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: true,
        parameters: { type: "gp3", encrypted: "true", kmsKeyId: key, "csi.storage.k8s.io/fstype": "ext4", ...more },
        dependsOn: [...after],
      });
    this.ready = [
      storageClass("data", keep ? "Retain" : "Delete", { tagSpecification_1: `${BACKUP_TAG}=${backupPlan}` }),
      storageClass("scratch", "Delete", {}),
    ];
  }
}
