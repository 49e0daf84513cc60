import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { NodeRoom } from "../capacity";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { DEFAULT_KUBERNETES, type KubernetesVersion } from "../core/versions";
import { accessProblems, type ClusterAccess, publicProblems } from "./access";
import { NetworkAddons, NodeAddons } from "./addons";
import { ControlPlane } from "./control-plane";
import { CONTROLLERS, type Controller } from "./controllers";
import { allocatable, instanceTypes } from "./instances";
import { Interruptions } from "./interruptions";
import { NodeGroup } from "./node-group";
import { diskGib, type NodeCount, type NodeRequest, nodeProblems, type PropertyProblem, shapeOf, spread } from "./node-request";
import { NodeRole } from "./node-role";
import { PodIdentity } from "./pod-identity";
import type { CertificateZone, ControllerPlace } from "./rights/place";
import { type Support, skewProblems } from "./support";

export interface EksProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;
  readonly region: string;

  /** Side of the system that the cluster runs; the last part of its name. */
  readonly side: (typeof SIDES)[number];

  /**
   * Version of its control plane and add-ons.
   * @default "1.36"
   */
  readonly version?: KubernetesVersion;

  /**
   * Policy for the end of standard support of its version: EKS upgrades the control plane automatically (`standard`), or charges for
   * another year and upgrades it then (`extended`).
   * @default "extended" with deletion protection, otherwise "standard"
   */
  readonly support?: Support;

  /**
   * Version of its nodes. During an upgrade it follows the control plane, at most three minor versions behind.
   * @default - the control plane's
   */
  readonly nodeVersion?: KubernetesVersion;

  /**
   * Number of nodes, spread over the zones. Terraform manages a fixed count; a range is managed by a scaler, and no apply changes the
   * current count. A minimum can't be raised above the current count of any zone: scale first.
   */
  readonly nodes: NodeCount;

  readonly node: NodeRequest;

  /**
   * Reason why nodes must be amd64: `KurrentDB has no ARM image`.
   * @default - nodes can have any architecture
   */
  readonly x86Only?: string;

  readonly vpcId: string;

  /** Private subnets by zone: `{ a: "subnet-…", b: "subnet-…" }`. The zone is part of Terraform addresses and names. */
  readonly zones: Readonly<Record<string, string>>;

  /** Security groups of its API and its nodes, by id. */
  readonly securityGroups: { readonly controlPlane: string; readonly nodes: string };

  /** Customer-managed keys of Secrets, logs, and the disks and volumes of nodes, by ARN. */
  readonly keys: { readonly secrets: string; readonly logs: string; readonly disks: string };

  /**
   * Retention of control plane logs in days. Must be one of the periods that CloudWatch Logs offers.
   * @default 365
   */
  readonly logDays?: number;

  readonly access: ClusterAccess;

  /**
   * External networks that may reach its API, as CIDRs.
   * @default - none
   */
  readonly publicFrom?: readonly string[];

  /**
   * Hosted zones in which the cluster manages records, by ARN.
   * @default - none
   */
  readonly dnsZones?: readonly string[];

  /**
   * Domains for which cert-manager requests certificates, and their public zones.
   * @default - none: it issues certificates for the cluster itself only
   */
  readonly certificateZones?: readonly CertificateZone[];

  /**
   * Enables metrics of volumes in the EBS driver. `ebsMonitor` tells Prometheus to scrape them.
   * @default false
   */
  readonly metrics?: boolean;

  /** Protects the cluster from deletion. */
  readonly protect: boolean;

  /** Tags that identify the resources of the environment: `{ system: "orders", environment: "production" }`. */
  readonly owner: Readonly<Record<string, string>>;

  /**
   * Additional tags of nodes, disks and volumes. A provider's default tags don't apply to these.
   * @default - none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

const SIDES = ["write", "read", "shared"] as const;

/** Possible names of clusters of an environment, known before a cluster exists. */
export function clusterNames(name: readonly string[]): readonly string[] {
  return SIDES.map((side) => cloudName("cluster", ...name, side));
}

/** Minimum number of zones: EKS creates its own interfaces in at least two. */
const FEWEST_ZONES = 2;

/**
 * An EKS cluster with its nodes and add-ons. Removal is in reverse order of creation: network add-ons and their identity exist before the
 * first node and after the last; the other add-ons come after nodes and identities.
 */
export class Eks extends Construct {
  readonly clusterName: string;
  readonly clusterArn: string;
  readonly endpoint: string;

  /** CA certificate of its API, in base64. */
  readonly certificateAuthority: string;

  /** Issuer of its service account tokens: `https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`. */
  readonly issuer: string;

  /** Allocatable resources of each node. */
  readonly allocatable: NodeRoom;

  /** Inputs of Karpenter's node class, if nodes are scaled. */
  readonly scaling?: { readonly queueName: string; readonly instanceProfile: string };

  constructor(scope: Construct, id: string, props: EksProps) {
    super(scope, id);
    const name = [...props.name, props.side];
    for (const { property, ...problem } of problems(props)) refuse(this, [problem], property);
    const version = props.version ?? DEFAULT_KUBERNETES;
    const shape = shapeOf(props.node);
    const types = instanceTypes(shape);
    this.allocatable = "rule" in types ? { millicores: 0, memoryBytes: 0, pods: 0, volumes: 0 } : allocatable(shape);

    const { cluster } = new ControlPlane(this, "control-plane", {
      name,
      version,
      subnetIds: Object.values(props.zones),
      region: props.region,
      securityGroupId: props.securityGroups.controlPlane,
      access: props.access,
      secretsKey: props.keys.secrets,
      logsKey: props.keys.logs,
      protect: props.protect,
      ...(props.publicFrom ? { publicFrom: props.publicFrom } : {}),
      logDays: props.logDays,
      support: props.support,
    });
    const nodeRole = new NodeRole(this, "node-role", { name });
    const scaling = isScaled(props.nodes) ? this.scalingParts(name, nodeRole) : undefined;
    const identities = this.identities({ name: cluster.name, arn: cluster.arn }, name, props, scaling);

    const common = { clusterName: cluster.name, version, volumeTags: { ...props.tags, ...props.owner } };
    const network = new NetworkAddons(this, "network-addons", { ...common, after: identities.get("network") ?? [] });
    const groups = spread(props.nodes, Object.keys(props.zones)).map(
      ({ zone, nodes }) =>
        new NodeGroup(this, `nodes-${zone}`, {
          name: [...name, zone],
          clusterName: cluster.name,
          version: props.nodeVersion ?? version,
          nodeRoleArn: nodeRole.arn,
          subnetId: props.zones[zone] ?? "",
          securityGroupIds: [props.securityGroups.nodes],
          instanceTypes: "rule" in types ? [] : types,
          architecture: shape.architecture,
          cores: shape.millicores / 1000,
          diskGib: diskGib(props.node),
          diskKey: props.keys.disks,
          nodes,
          tags: { ...props.tags, ...props.owner },
          after: [...nodeRole.ready, ...network.ready],
        }),
    );
    const { metrics = false } = props;
    new NodeAddons(this, "node-addons", {
      ...common,
      metrics,
      after: [...groups.map(({ group }) => group), ...[...identities.values()].flat()],
    });

    this.clusterName = cluster.name;
    this.clusterArn = cluster.arn;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.certificateAuthority.get(0).data;
    this.issuer = cluster.identity.get(0).oidc.get(0).issuer;
    if (scaling) this.scaling = { queueName: scaling.interruptions.queueName, instanceProfile: scaling.profile.name };
  }

  private scalingParts(name: readonly string[], nodeRole: NodeRole) {
    const profile = new IamInstanceProfile(this, "scaled-nodes", {
      name: cloudName("instanceProfile", ...name, "nodes"),
      role: nodeRole.roleName,
    });
    return { interruptions: new Interruptions(this, "interruptions", { name }), profile, nodeRole };
  }

  /** Creates a role for each controller before the pods that use it, and returns the dependencies of those pods. */
  private identities(
    cluster: { readonly name: string; readonly arn: string },
    name: readonly string[],
    props: EksProps,
    scaling?: ReturnType<Eks["scalingParts"]>,
  ): ReadonlyMap<string, ITerraformDependable[]> {
    const place: ControllerPlace = {
      account: props.account,
      region: props.region,
      vpcId: props.vpcId,
      // A literal, not a reference, so that a plan shows the whole policy.
      clusterName: cloudName("cluster", ...name),
      secretPrefix: props.name.join("-"),
      owner: props.owner,
      dnsZones: props.dnsZones ?? [],
      certificateZones: props.certificateZones ?? [],
      diskKey: props.keys.disks,
      ...(scaling
        ? {
            scaling: {
              queueArn: scaling.interruptions.queueArn,
              nodeRoleArn: scaling.nodeRole.arn,
              instanceProfileArn: scaling.profile.arn,
            },
          }
        : {}),
    };
    const wanted = Object.entries<Controller>(CONTROLLERS).filter(([, { when }]) => when?.(place) ?? true);
    return new Map(
      wanted.map(([id, { namespace, serviceAccount, statements, managedPolicies = [] }]) => {
        const rights = { statements: statements(place), managedPolicies };
        return [id, new PodIdentity(this, `identity-${id}`, { name, cluster, namespace, serviceAccount, ...rights }).ready];
      }),
    );
  }
}

function isScaled(nodes: NodeCount): boolean {
  return typeof nodes === "object" && nodes.min !== nodes.max;
}

function problems({ version = DEFAULT_KUBERNETES, nodeVersion = version, zones, ...props }: EksProps): readonly PropertyProblem[] {
  const names = Object.keys(zones);
  const few = { property: "zones", value: names, rule: "is not enough: EKS takes two zones or more", remedy: "name three" };
  return [
    ...nodeProblems(props),
    ...at("nodeVersion", skewProblems(version, nodeVersion)),
    ...accessProblems(props.access).map(({ at: [role, index], ...problem }) => ({ ...problem, property: `access.${role}[${index}]` })),
    ...at("publicFrom", publicProblems(props.publicFrom)),
    ...(names.length < FEWEST_ZONES ? [few] : []),
  ];
}

function at(property: string, found: readonly Omit<PropertyProblem, "property">[]): readonly PropertyProblem[] {
  return found.map((problem) => ({ property, ...problem }));
}
