import { DataAwsEc2InstanceTypeOfferings } from "@cdktf/provider-aws/lib/data-aws-ec2-instance-type-offerings";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { EksNodeGroup } from "@cdktf/provider-aws/lib/eks-node-group";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { KUBERNETES, type KubernetesVersion } from "../core/versions";
import { type Architecture, podsOn } from "./instances";
import { nodeTags } from "./node-tags";

export interface NodeGroupProps {
  /** Prefix of its names, most general part first: `["orders", "production", "write", "a"]`. */
  readonly name: readonly string[];

  readonly clusterName: string;
  readonly version: KubernetesVersion;
  readonly nodeRoleArn: string;

  /** Subnet of its one zone. A volume stays in its zone, so node groups are zonal. */
  readonly subnetId: string;

  readonly securityGroupIds: string[];

  /** Instance types with the same resources, in order of preference. */
  readonly instanceTypes: readonly string[];
  readonly architecture: Architecture;
  readonly cores: number;

  /** Disk size of each node, in GiB. */
  readonly diskGib: number;

  /** Customer-managed key of the disks, by ARN. */
  readonly diskKey: string;

  /** Number of nodes. Fixed if both are equal, otherwise a scaler sets the count between them. */
  readonly nodes: { readonly min: number; readonly max: number };

  /** Tags of instances, disks and interfaces. A provider's default tags don't apply to these. */
  readonly tags: Readonly<Record<string, string>>;

  /** Resources that must exist before a node can join. */
  readonly after: ITerraformDependable[];
}

const IMAGES: Readonly<Record<Architecture, string>> = { amd64: "AL2023_x86_64_STANDARD", arm64: "AL2023_ARM_64_STANDARD" };

/** Limit of open files of a container: databases require 30,000 to 60,000. */
const OPEN_FILES = 65_536;

/**
 * Managed nodes of one zone. Their image keeps its version until it is changed here. A replacement group is created before the old one is
 * drained and removed.
 */
export class NodeGroup extends Construct {
  readonly group: EksNodeGroup;

  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    const name = props.name.join("-");
    const tags = nodeTags(props.clusterName, name, props.tags);
    const { min, max } = props.nodes;
    const template = new LaunchTemplate(this, "template", {
      namePrefix: `${name}-`,
      updateDefaultVersion: true,
      vpcSecurityGroupIds: props.securityGroupIds,
      // A hop limit of 1 keeps pods from using the node's role.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1, instanceMetadataTags: "disabled" },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { volumeSize: props.diskGib, volumeType: "gp3", encrypted: "true", kmsKeyId: props.diskKey, deleteOnTermination: "true" },
        },
      ],
      userData: Buffer.from(nodeConfig(podsOn(props.cores))).toString("base64"),
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({ resourceType, tags })),
      lifecycle: { createBeforeDestroy: true },
    });
    const offered = this.offered(props);
    this.group = new EksNodeGroup(this, "group", {
      clusterName: props.clusterName,
      nodeGroupNamePrefix: `${cloudName("nodeGroup", ...props.name)}-`,
      nodeRoleArn: props.nodeRoleArn,
      subnetIds: [props.subnetId],
      version: props.version,
      releaseVersion: KUBERNETES[props.version].nodeImage,
      amiType: IMAGES[props.architecture],
      instanceTypes: [...props.instanceTypes],
      capacityType: "ON_DEMAND",
      scalingConfig: { minSize: min, desiredSize: min, maxSize: max },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      launchTemplate: { id: template.id, version: template.getStringAttribute("latest_version") },
      // A fixed count follows its minimum: EKS rejects a minimum above the count.
      lifecycle: { createBeforeDestroy: true, ...(min === max ? {} : { ignoreChanges: ["scaling_config[0].desired_size"] }) },
      dependsOn: [...props.after, offered],
    });
  }

  // EKS reports an unavailable type only after minutes, with a failed group. This lookup fails at plan.
  private offered({ subnetId, instanceTypes }: NodeGroupProps): DataAwsEc2InstanceTypeOfferings {
    const zone = new DataAwsSubnet(this, "subnet", { id: subnetId }).availabilityZone;
    const missing = `setsubtract(${JSON.stringify(instanceTypes)}, self.instance_types)`;
    return new DataAwsEc2InstanceTypeOfferings(this, "offered", {
      locationType: "availability-zone",
      filter: [
        { name: "instance-type", values: [...instanceTypes] },
        { name: "location", values: [zone] },
      ],
      lifecycle: {
        postcondition: [
          {
            condition: `\${length(${missing}) == 0}`,
            errorMessage: `${this.node.path}: ${"$"}{join(", ", ${missing})} is not offered in ${zone}; leave its generation out, with node.excludeGenerations.`,
          },
        ],
      },
    });
  }
}

function nodeConfig(pods: number): string {
  const config = [
    "apiVersion: node.eks.aws/v1alpha1",
    "kind: NodeConfig",
    "spec:",
    "  kubelet:",
    "    config:",
    `      maxPods: ${pods}`,
    "  containerd:",
    "    baseRuntimeSpec:",
    "      process:",
    "        rlimits:",
    `          - { type: RLIMIT_NOFILE, soft: ${OPEN_FILES}, hard: ${OPEN_FILES} }`,
  ].join("\n");
  return [
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="BOUNDARY"',
    "",
    "--BOUNDARY",
    "Content-Type: application/node.eks.aws",
    "",
    config,
    "",
    "--BOUNDARY--",
    "",
  ].join("\n");
}
