import { allocatable, instanceTypes, type NodeRequest, nodeTags, shapeOf } from "../cluster";
import { DEFAULT_KUBERNETES, KUBERNETES, type KubernetesVersion } from "../core/versions";

/** Nodes that Karpenter adds and removes: range, size and network. */
export interface ScaledNodes {
  /** Number of nodes of the whole cluster: its node groups have `min`, Karpenter adds up to `max`. */
  readonly count: { readonly min: number; readonly max: number };

  /** Size of each node, the same as in the node groups. */
  readonly node: NodeRequest;

  /**
   * Kubernetes version, which determines the node image: the same release as in the node groups.
   * @default "1.36"
   */
  readonly version?: KubernetesVersion;

  /** Name of the instance profile with which they join the cluster. */
  readonly instanceProfile: string;

  /** Ids of private subnets, one per zone, as literal values: a list that is known only after an apply is not supported. */
  readonly subnetIds: readonly string[];

  readonly securityGroupIds: readonly string[];

  /** ARN of the customer-managed KMS key of their disks. */
  readonly diskKey: string;

  /**
   * Tags of instances, disks and interfaces.
   * @default - only the tags that limit the cluster's rights to its own resources
   */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Name of both objects, and part of the nodes' tag `Name`. */
const NAME = "scaled";

/** Open file limit of a container: databases need 30,000 to 60,000, on any node. */
const OPEN_FILES = 65_536;

/** Time for which a node must be underused before it is removed: longer than a deployment takes. */
const IDLE = "10m";

/** Karpenter's objects: one NodePool with nodes of one size, and one EC2NodeClass. */
export function scaledNodes(clusterName: string, nodes: ScaledNodes) {
  return [nodeClass(clusterName, nodes), nodePool(nodes)];
}

function nodeClass(clusterName: string, { node, version = DEFAULT_KUBERNETES, tags = {}, ...nodes }: ScaledNodes) {
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: NAME },
    spec: {
      // 1.35.6-20260818 of a node group is v20260818 of the alias: nodes change only when the version is changed.
      amiSelectorTerms: [{ alias: `al2023@v${KUBERNETES[version].nodeImage.split("-")[1]}` }],
      instanceProfile: nodes.instanceProfile,
      subnetSelectorTerms: nodes.subnetIds.map((id) => ({ id })),
      securityGroupSelectorTerms: nodes.securityGroupIds.map((id) => ({ id })),
      associatePublicIPAddress: false,
      // A hop limit of 1 keeps pods from using the node's role.
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
          // Nodes are not drained because of age: an outdated one is replaced within the budgets.
          expireAfter: "Never",
        },
      },
      disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: IDLE, budgets: [{ nodes: "1" }] },
      // With one node size, a limit of cores is a limit of nodes. Karpenter doesn't count those of node groups.
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
