import { EksAddon } from "@cdktf/provider-aws/lib/eks-addon";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ADDONS, KUBERNETES, type KubernetesVersion } from "../core/versions";
import { ADDON_PODS, resourcesOf } from "./addon-pods";

export interface AddonsProps {
  readonly clusterName: string;
  readonly version: KubernetesVersion;

  /**
   * Tags of the volumes that the EBS driver creates.
   * @default - none
   */
  readonly volumeTags?: Readonly<Record<string, string>>;

  /**
   * Enables metrics of volumes in the EBS driver, on ports 3301 and 3302 of its pods.
   * @default false
   */
  readonly metrics?: boolean;

  /** Resources that must exist first: the Pod Identity associations, which the add-ons' pods use when they start. */
  readonly after: ITerraformDependable[];
}

/*
 * EKS rejects an add-on if its configuration has a key that its schema lacks. All keys used here were verified: in the schema of the chart
 * (aws-ebs-csi-driver, eks-node-monitoring-agent), in the output of `describe-addon-configuration` (vpc-cni, kube-proxy, coredns), or in
 * use (metrics-server). Other settings keep their defaults.
 */

/** Add-ons that a node needs to become ready: pod network, Service addresses, identities. */
export class NetworkAddons extends Construct {
  /** Dependencies of nodes. */
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: AddonsProps) {
    super(scope, id);
    const agent = addon(this, "eks-pod-identity-agent", ADDONS["eks-pod-identity-agent"], props, {});
    const network = addon(
      this,
      "vpc-cni",
      ADDONS["vpc-cni"],
      { ...props, after: [...props.after, agent] },
      {
        // Standard mode: a pod starts with all traffic allowed, and policies apply as soon as they exist. Strict mode would block pods of
        // AWS or a chart that have no policy of their own, such as CoreDNS.
        enableNetworkPolicy: "true",
        // EKS adds CLUSTER_NAME, a tag on every interface that the CNI creates, and rejects it in the configuration.
        env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
        // The policy agent and the init container use the same values.
        resources: resourcesOf("aws-node"),
      },
      // Without the add-on, interfaces of terminating nodes would keep their subnets from being deleted.
      { preserve: true },
    );
    const proxy = addon(this, "kube-proxy", KUBERNETES[props.version].kubeProxy, props, { resources: resourcesOf("kube-proxy") });
    this.ready = [agent, network, proxy];
  }
}

/** Add-ons that run on nodes: DNS, volumes, snapshots, metrics, node health. */
export class NodeAddons extends Construct {
  constructor(scope: Construct, id: string, props: AddonsProps) {
    super(scope, id);
    const enableMetrics = props.metrics ? { enableMetrics: true } : {};
    const { pods: minReplicas, most: maxReplicas } = ADDON_PODS.coredns;
    addon(this, "coredns", KUBERNETES[props.version].coredns, props, {
      autoScaling: { enabled: true, minReplicas, maxReplicas },
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      topologySpreadConstraints: [spread("k8s-app", "kube-dns")],
      resources: resourcesOf("coredns"),
    });
    // Before the driver, which supports snapshots only if their CRDs exist.
    const snapshots = addon(this, "snapshot-controller", ADDONS["snapshot-controller"], props, {});
    addon(
      this,
      "aws-ebs-csi-driver",
      ADDONS["aws-ebs-csi-driver"],
      { ...props, after: [...props.after, snapshots] },
      {
        controller: {
          ...enableMetrics,
          extraVolumeTags: props.volumeTags ?? {},
          replicaCount: ADDON_PODS["ebs-csi-controller"].pods,
          podDisruptionBudget: { enabled: true },
          topologySpreadConstraints: [spread("app", "ebs-csi-controller")],
          // The sidecars that call the API use the same values.
          resources: resourcesOf("ebs-csi-controller"),
        },
        node: { ...enableMetrics, resources: resourcesOf("ebs-csi-node") },
        // The liveness probe is a sidecar in both kinds of pod.
        sidecars: {
          livenessProbe: { resources: resourcesOf("ebs-csi-node") },
          nodeDriverRegistrar: { resources: resourcesOf("ebs-csi-node") },
        },
        defaultStorageClass: { enabled: false },
      },
    );
    addon(this, "metrics-server", ADDONS["metrics-server"], props, { replicas: ADDON_PODS["metrics-server"].pods });
    addon(this, "eks-node-monitoring-agent", ADDONS["eks-node-monitoring-agent"], props, {
      nodeAgent: { resources: resourcesOf("eks-node-monitoring-agent") },
    });
  }
}

function addon(
  scope: Construct,
  name: string,
  version: string,
  props: AddonsProps,
  values: object,
  more: { preserve?: boolean } = {},
): EksAddon {
  return new EksAddon(scope, name, {
    clusterName: props.clusterName,
    addonName: name,
    addonVersion: version,
    configurationValues: JSON.stringify(values),
    // This configuration overrides changes made in the cluster: the next update of the add-on reverts them.
    resolveConflictsOnCreate: "OVERWRITE",
    resolveConflictsOnUpdate: "OVERWRITE",
    dependsOn: props.after,
    ...more,
  });
}

function spread(label: string, value: string): object {
  return {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { [label]: value } },
  };
}
