import { EksAddon } from "@cdktf/provider-aws/lib/eks-addon";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { ADDONS, KUBERNETES, type KubernetesVersion } from "../core/versions";

export interface AddonsProps {
  readonly clusterName: string;
  readonly version: KubernetesVersion;

  /**
   * Tags of the volumes that the EBS driver makes.
   * @default - none
   */
  readonly volumeTags?: Readonly<Record<string, string>>;

  /** What has to be there before: the identities that the add-ons' pods take when they start. */
  readonly after: ITerraformDependable[];
}

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
        enableNetworkPolicy: "true",
        // The name is on every interface that it makes, and its rights end there.
        env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1", CLUSTER_NAME: props.clusterName },
      },
      // Without it, interfaces of nodes that are on their way out would block their subnets.
      { preserve: true },
    );
    const proxy = addon(this, "kube-proxy", KUBERNETES[props.version].kubeProxy, props, { resources: requests("50m", "64Mi") });
    this.ready = [agent, network, proxy];
  }
}

/** Add-ons that run on nodes: names, volumes, snapshots, metrics, health of the nodes. */
export class NodeAddons extends Construct {
  constructor(scope: Construct, id: string, props: AddonsProps) {
    super(scope, id);
    addon(this, "coredns", KUBERNETES[props.version].coredns, props, {
      autoScaling: { enabled: true, minReplicas: 2, maxReplicas: 10 },
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      topologySpreadConstraints: [spread("k8s-app", "kube-dns")],
      resources: { ...requests("100m", "70Mi"), limits: { memory: "170Mi" } },
    });
    addon(this, "aws-ebs-csi-driver", ADDONS["aws-ebs-csi-driver"], props, {
      controller: { extraVolumeTags: props.volumeTags ?? {} },
      defaultStorageClass: { enabled: false },
    });
    addon(this, "metrics-server", ADDONS["metrics-server"], props, { replicas: 2 });
    addon(this, "snapshot-controller", ADDONS["snapshot-controller"], props, {});
    addon(this, "eks-node-monitoring-agent", ADDONS["eks-node-monitoring-agent"], props, {});
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

function requests(cpu: string, memory: string): object {
  return { requests: { cpu, memory } };
}

function spread(label: string, value: string): object {
  return {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { [label]: value } },
  };
}
