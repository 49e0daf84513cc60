import { EksAddon } from "@cdktf/provider-aws/lib/eks-addon";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ADDONS, KUBERNETES, type KubernetesVersion } from "../core/versions";
import { ADDON_PODS, resourcesOf } from "./addon-pods";

export interface AddonsProps {
  readonly clusterName: string;
  readonly version: KubernetesVersion;

  /**
   * Tags of the volumes that the EBS driver makes.
   * @default - none
   */
  readonly volumeTags?: Readonly<Record<string, string>>;

  /**
   * Whether the EBS driver exports metrics of its volumes, which it does on ports 3301 and 3302 of its pods.
   * @default false
   */
  readonly metrics?: boolean;

  /** What has to be there before: the identities that the add-ons' pods take when they start. */
  readonly after: ITerraformDependable[];
}

/*
 * EKS refuses an add-on for a key that its schema has not. So only keys stand here that were read in a schema:
 * of the chart (aws-ebs-csi-driver, eks-node-monitoring-agent), as `describe-addon-configuration` printed it
 * (vpc-cni, kube-proxy, coredns), or seen in use (metrics-server). Others keep their defaults.
 */

/** Add-ons without which no node gets ready: network, addresses of services, identities. */
export class NetworkAddons extends Construct {
  /** What nodes wait for. */
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
        // A pod starts open and is closed as soon as its policies are there. Strict would start it closed, and with it
        // every pod that AWS or a chart brings without a policy of its own, CoreDNS first.
        enableNetworkPolicy: "true",
        // EKS adds CLUSTER_NAME, which is on every interface that it makes, and refuses it from anybody else.
        env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
        // The policy agent and the init container take the same.
        resources: resourcesOf("aws-node"),
      },
      // Without it, interfaces of nodes that are on their way out would block their subnets.
      { preserve: true },
    );
    const proxy = addon(this, "kube-proxy", KUBERNETES[props.version].kubeProxy, props, { resources: resourcesOf("kube-proxy") });
    this.ready = [agent, network, proxy];
  }
}

/** Add-ons that run on nodes: names, volumes, snapshots, metrics, health of the nodes. */
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
    // Before the driver, which takes snapshots only where it finds their kinds.
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
          // The sidecars that call the API take the same.
          resources: resourcesOf("ebs-csi-controller"),
        },
        node: { ...enableMetrics, resources: resourcesOf("ebs-csi-node") },
        // The probe is in pods of both kinds.
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
    // What stands here is what runs; an edit in the cluster is undone by the next change of the add-on.
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
