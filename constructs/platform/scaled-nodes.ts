import { allocatable, instanceTypes, type NodeRequest, nodeTags, shapeOf } from "../cluster";
import { DEFAULT_KUBERNETES, KUBERNETES, type KubernetesVersion } from "../core/versions";

export interface ScaledNodes {
  /** The nodes of the whole cluster: its groups keep `min` of them, the scaler adds up to `max`. */
  readonly count: { readonly min: number; readonly max: number };

  /** What each is: the same as those of the groups. */
  readonly node: NodeRequest;

  /**
   * The Kubernetes whose node image they start from, at the very release that the groups have.
   * @default "1.35"
   */
  readonly version?: KubernetesVersion;

  /** The profile by which they join, by name. */
  readonly instanceProfile: string;

  /** Private subnets by id, one a zone, each written out: a list that only an apply knows is no list here. */
  readonly subnetIds: readonly string[];

  readonly securityGroupIds: readonly string[];

  /** The customer-managed key of their disks, by ARN. */
  readonly diskKey: string;

  /**
   * Tags of instances, disks and interfaces.
   * @default - none but those by which the cluster's rights end at its own
   */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Both objects, and the nodes' tag `Name`. */
const NAME = "scaled";

/** Open files of a container: databases ask for 30,000 to 60,000, on whatever node they are. */
const OPEN_FILES = 65_536;

/** How long a node has to have too little to do before it goes: longer than a deployment takes. */
const IDLE = "10m";

/** Karpenter's objects: one pool of nodes of one size, on one class. */
export function scaledNodes(clusterName: string, nodes: ScaledNodes) {
  return [nodeClass(clusterName, nodes), nodePool(nodes)];
}

function nodeClass(clusterName: string, { node, version = DEFAULT_KUBERNETES, tags = {}, ...nodes }: ScaledNodes) {
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: NAME },
    spec: {
      // 1.35.6-20260818 of a node group is v20260818 of the alias: nodes change when somebody changes the version.
      amiSelectorTerms: [{ alias: `al2023@v${KUBERNETES[version].nodeImage.split("-")[1]}` }],
      instanceProfile: nodes.instanceProfile,
      subnetSelectorTerms: nodes.subnetIds.map((id) => ({ id })),
      securityGroupSelectorTerms: nodes.securityGroupIds.map((id) => ({ id })),
      associatePublicIPAddress: false,
      // A hop limit of 1 keeps pods from the node's own rights.
      metadataOptions: { httpEndpoint: "enabled", httpProtocolIPv6: "disabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      detailedMonitoring: true,
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { volumeSize: node.storage, volumeType: "gp3", encrypted: true, kmsKeyID: nodes.diskKey, deleteOnTermination: true },
        },
      ],
      kubelet: { maxPods: allocatable(shapeOf(node)).pods },
      userData: nodeConfig(),
      tags: nodeTags(clusterName, `${clusterName}-${NAME}`, tags),
    },
  };
}

function nodePool({ count: { min, max }, node }: ScaledNodes) {
  const shape = shapeOf(node);
  const types = instanceTypes(shape);
  const isIn = (key: string, values: readonly string[]) => ({ key, operator: "In", values });
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: NAME },
    spec: {
      template: {
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: NAME },
          requirements: [
            isIn("kubernetes.io/arch", [shape.architecture]),
            isIn("kubernetes.io/os", ["linux"]),
            isIn("karpenter.sh/capacity-type", ["on-demand"]),
            isIn("node.kubernetes.io/instance-type", "rule" in types ? [] : types),
          ],
          // Age alone drains no node: one that is out of date is replaced within the budgets.
          expireAfter: "Never",
        },
      },
      disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: IDLE, budgets: [{ nodes: "1" }] },
      // One size of node, so that cores count nodes. The groups' own are not counted by Karpenter.
      limits: { cpu: String(((max - min) * shape.millicores) / 1000) },
    },
  };
}

function nodeConfig(): string {
  return [
    "apiVersion: node.eks.aws/v1alpha1",
    "kind: NodeConfig",
    "spec:",
    "  containerd:",
    "    baseRuntimeSpec:",
    "      process:",
    "        rlimits:",
    `          - { type: RLIMIT_NOFILE, soft: ${OPEN_FILES}, hard: ${OPEN_FILES} }`,
    "",
  ].join("\n");
}
