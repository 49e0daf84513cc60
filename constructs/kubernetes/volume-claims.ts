import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Bytes } from "../core/quantities";
import type { KubernetesTarget } from "./target";

export interface VolumeClaimsProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The name of the claim template in the StatefulSet. */
  readonly template: string;

  /** The StatefulSet's name. */
  readonly set: string;

  readonly count: number;

  /** Of each. A larger one grows the volumes in place; a smaller one is refused by the API. */
  readonly size: Bytes;

  /** Whether no plan may delete one. */
  readonly protect: boolean;

  /** What has to be there before: its namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * The volumes of a StatefulSet, under the names that it looks for, made before it. It takes them as they are, so that they
 * grow by a change of one number: the set's own template can't be changed, whatever it says.
 */
export class VolumeClaims extends Construct {
  readonly claims: readonly PersistentVolumeClaimV1[];

  constructor(scope: Construct, id: string, props: VolumeClaimsProps) {
    super(scope, id);
    const { cluster, namespace, template, set, count, size, protect, after = [] } = props;
    this.claims = Array.from(
      { length: count },
      (_, ordinal) =>
        new PersistentVolumeClaimV1(this, String(ordinal), {
          metadata: { name: `${template}-${set}-${ordinal}`, namespace },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: cluster.storageClass,
            resources: { requests: { storage: size } },
          },
          // It is bound when its pod comes, which comes after it.
          waitUntilBound: false,
          lifecycle: { preventDestroy: protect },
          dependsOn: [...after],
        }),
    );
  }
}
