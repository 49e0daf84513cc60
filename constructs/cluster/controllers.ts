import { networkStatements } from "./rights/network";
import type { ControllerPlace } from "./rights/place";
import { challengeStatements, recordStatements } from "./rights/records";
import { scalingStatements } from "./rights/scaling";
import { secretStatements } from "./rights/secrets";
import { targetStatements } from "./rights/targets";
import { volumeStatements } from "./rights/volumes";

/** A part of the platform that calls AWS from inside a cluster. */
export interface Controller {
  readonly namespace: string;
  readonly serviceAccount: string;

  /** Rights of the controller, as narrow as its documentation and the condition keys of the services allow. */
  readonly statements: (place: ControllerPlace) => readonly object[];

  /**
   * AWS managed policies, by ARN.
   * @default - none
   */
  readonly managedPolicies?: readonly string[];

  /**
   * Returns true for a cluster that has the controller.
   * @default - every cluster has it
   */
  readonly when?: (place: ControllerPlace) => boolean;
}

/** The controllers of the platform by name, each with the rights that its project documents (mid-2026). */
export const CONTROLLERS = {
  network: { namespace: "kube-system", serviceAccount: "aws-node", statements: networkStatements },
  volumes: {
    namespace: "kube-system",
    serviceAccount: "ebs-csi-controller-sa",
    statements: volumeStatements,
    // Limited to volumes of the cluster that Pod Identity names; requires driver 1.58 or newer.
    managedPolicies: ["arn:aws:iam::aws:policy/AmazonEBSCSIDriverEKSClusterScopedPolicy"],
  },
  "load-balancers": { namespace: "kube-system", serviceAccount: "aws-load-balancer-controller", statements: targetStatements },
  dns: {
    namespace: "external-dns",
    serviceAccount: "external-dns",
    statements: recordStatements,
    when: ({ dnsZones }) => dnsZones.length > 0,
  },
  certificates: {
    namespace: "cert-manager",
    serviceAccount: "cert-manager",
    statements: challengeStatements,
    when: ({ certificateZones }) => certificateZones.length > 0,
  },
  secrets: { namespace: "external-secrets", serviceAccount: "external-secrets", statements: secretStatements },
  scaling: {
    namespace: "kube-system",
    serviceAccount: "karpenter",
    statements: scalingStatements,
    when: ({ scaling }) => scaling !== undefined,
  },
} as const satisfies Readonly<Record<string, Controller>>;
