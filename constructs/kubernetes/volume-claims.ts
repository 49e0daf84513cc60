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

  /** Size of each volume. A larger one grows the volumes in place; the API rejects a smaller one. */
  readonly size: Bytes;

  /** Protects the claims from deletion by any plan. */
  readonly protect: boolean;

  /** Resources to create first: its namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * The volumes of a StatefulSet, created before it under the names that it expects. It uses existing claims, so they can grow by a change of
 * one number: the set's own claim template is immutable.
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
          // Bound when its pod is scheduled, which happens later.
          waitUntilBound: false,
          lifecycle: { preventDestroy: protect },
          dependsOn: [...after],
        }),
    );
  }
}
