import { StorageClassV1 } from "@cdktf/provider-kubernetes/lib/storage-class-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { BACKUP_TAG } from "../core/tags";
import type { KubernetesTarget } from "../kubernetes";
import { awsPlace } from "./aws-place";

export interface StorageClassesProps {
  readonly cluster: KubernetesTarget;

  /** The customer-managed key of volumes, by ARN. */
  readonly key: string;

  /** Value of the tag `backup-plan` on volumes of data, by which a plan of AWS Backup can select them. No plan is made here. */
  readonly backupPlan: string;

  /**
   * Whether volumes of data outlive their claims. A volume keeps the policy that it was made with.
   * @default true
   */
  readonly keep?: boolean;

  /** @default - nothing */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Storage on EBS, encrypted with a key of ours, in the zone of the first pod that uses it, able to grow. Volumes of
 * `data` outlive their claims, unless nothing is kept; those of `scratch` go with them. Neither is the default: a claim that
 * names no class waits, rather than that data lands where nobody expects it.
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
