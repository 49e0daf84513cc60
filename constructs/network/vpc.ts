import { DataAwsAvailabilityZone } from "@cdktf/provider-aws/lib/data-aws-availability-zone";
import { DefaultSecurityGroup } from "@cdktf/provider-aws/lib/default-security-group";
import { Ec2SubnetCidrReservation } from "@cdktf/provider-aws/lib/ec2-subnet-cidr-reservation";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { InternetGateway } from "@cdktf/provider-aws/lib/internet-gateway";
import { NatGateway } from "@cdktf/provider-aws/lib/nat-gateway";
import { Route } from "@cdktf/provider-aws/lib/route";
import { RouteTable } from "@cdktf/provider-aws/lib/route-table";
import { RouteTableAssociation } from "@cdktf/provider-aws/lib/route-table-association";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc as AwsVpc } from "@cdktf/provider-aws/lib/vpc";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";
import { LogGroup } from "../logs";
import type { Network } from "./contract";
import { parseBlock } from "./ipv4";
import { eksConditions } from "./regions";
import { NETWORK_PREFIX, type SubnetPlan, subnetPlan } from "./subnet-plan";

export interface VpcProps {
  /** Prefix of its names, most general part first: `["orders", "production"]`. */
  readonly name: readonly string[];

  readonly account: string;
  readonly region: string;

  /** CIDR block, from /16 to /21. */
  readonly cidr: string;

  /** Its zones by name, two or three. */
  readonly zones: readonly string[];

  /**
   * NAT gateways: one per zone, or one for all zones, which then depend on its zone.
   * @default "each-zone"
   */
  readonly natGateways?: "each-zone" | "one";

  /**
   * Checks the zones for EKS: the plan fails if EKS has no control plane in one of them.
   * @default false
   */
  readonly clusters?: boolean;

  /** ARN of the flow logs' customer-managed key. Its policy must allow CloudWatch Logs. */
  readonly logsKey: string;

  /**
   * Retention of flow logs in days, one of the periods that CloudWatch Logs supports.
   * @default 365
   */
  readonly logDays?: number;
}

/** A VPC with two or three zones, with flow logs and a default security group that allows nothing. */
export class Vpc extends Construct implements Network {
  readonly vpcId: string;
  readonly cidr: string;
  readonly publicSubnetIds: string[];
  readonly privateSubnetIds: string[];
  readonly dataSubnetIds: string[];

  /** The route tables of nodes and pods, one per zone; other stacks may add routes. */
  readonly nodeRouteTableIds: string[];

  /** The route tables of nodes, pods and stores, for gateway endpoints. */
  readonly privateRouteTableIds: string[];

  private readonly zones: readonly string[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: VpcProps,
  ) {
    super(scope, id);
    const block = parseBlock(props.cidr);
    const { shortest, longest } = NETWORK_PREFIX;
    if (!block || block.prefix < shortest || block.prefix > longest) {
      refuse(
        this,
        [
          {
            value: props.cidr,
            rule: "must be a CIDR block with space for the subnets",
            remedy: `use a block from /${shortest} to /${longest}, like 10.0.0.0/16`,
          },
        ],
        "cidr",
      );
    }
    if (props.zones.length < 2 || props.zones.length > 3) {
      refuse(this, [{ value: props.zones, rule: "is not two or three zones", remedy: "name two or three" }], "zones");
    }
    this.zones = [...new Set(props.zones)];
    if (this.zones.length < props.zones.length) {
      refuse(this, [{ value: props.zones, rule: "names a zone twice", remedy: "name each once" }], "zones");
    }
    const plan = block ? subnetPlan(props.cidr, this.zones.length) : { public: [], private: [], data: [], pods: [] };

    const vpc = new AwsVpc(this, "vpc", { cidrBlock: props.cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: this.named() });
    this.vpcId = vpc.id;
    this.cidr = vpc.cidrBlock;
    new DefaultSecurityGroup(this, "default-security-group", { vpcId: vpc.id, tags: this.named("closed") });
    this.flowLogs();

    if (props.clusters) this.checkZones();

    const internet = new InternetGateway(this, "internet", { vpcId: vpc.id, tags: this.named() });
    const publicSubnets = this.subnets("public", plan, { "kubernetes.io/role/elb": "1" });
    const privateSubnets = this.subnets("private", plan, { "kubernetes.io/role/internal-elb": "1" });
    const dataSubnets = this.subnets("data", plan);
    this.reserve(privateSubnets, plan);

    const publicRoutes = this.routeTable("public", [{ cidrBlock: "0.0.0.0/0", gatewayId: internet.id }]);
    this.associate("public", publicSubnets, () => publicRoutes);

    const gateways = this.natGateways(publicSubnets, internet);
    const privateRoutes = this.zones.map((zone, index) => {
      const table = this.routeTable(`private-${letter(zone)}`);
      // Separate from its table, because inline routes would remove those that another stack adds.
      new Route(this, `private-${letter(zone)}-internet`, {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        natGatewayId: (gateways[index] ?? gateways[0])?.id ?? "",
      });
      return table;
    });
    this.associate("private", privateSubnets, (index) => privateRoutes[index]);

    const dataRoutes = this.routeTable("data", []);
    this.associate("data", dataSubnets, () => dataRoutes);

    this.publicSubnetIds = publicSubnets.map((subnet) => subnet.id);
    this.privateSubnetIds = privateSubnets.map((subnet) => subnet.id);
    this.dataSubnetIds = dataSubnets.map((subnet) => subnet.id);
    this.nodeRouteTableIds = privateRoutes.map((table) => table.id);
    this.privateRouteTableIds = [...privateRoutes, dataRoutes].map((table) => table.id);
  }

  private subnets(use: Exclude<keyof SubnetPlan, "pods">, plan: SubnetPlan, tags: Record<string, string> = {}): Subnet[] {
    return this.zones.map((zone, index) => {
      // Load balancers request public addresses themselves; subnets assign none automatically.
      return new Subnet(this, `${use}-${letter(zone)}`, {
        vpcId: this.vpcId,
        availabilityZone: zone,
        cidrBlock: plan[use][index] ?? "",
        mapPublicIpOnLaunch: false,
        tags: { ...this.named(use, letter(zone)), ...tags },
      });
    });
  }

  /** Checks the zones in the plan, because a zone's name maps to different zones in each account. */
  private checkZones(): void {
    for (const zone of this.zones) {
      const postcondition = eksConditions(this.props.region, "self.zone_id", zone, "name other zones (aws.network.zones)");
      if (postcondition.length > 0) new DataAwsAvailabilityZone(this, `zone-${letter(zone)}`, { name: zone, lifecycle: { postcondition } });
    }
  }

  /** Reserves prefixes for pods: nodes allocate whole prefixes, which scattered single addresses would block. */
  private reserve(subnets: readonly Subnet[], plan: SubnetPlan): void {
    subnets.forEach((subnet, index) => {
      for (const [number, cidrBlock] of (plan.pods[index] ?? []).entries()) {
        new Ec2SubnetCidrReservation(this, `pods-${letter(this.zones[index] ?? "")}-${number + 1}`, {
          subnetId: subnet.id,
          cidrBlock,
          reservationType: "prefix",
        });
      }
    });
  }

  private natGateways(subnets: readonly Subnet[], internet: InternetGateway): NatGateway[] {
    const count = this.props.natGateways === "one" ? 1 : subnets.length;
    return subnets.slice(0, count).map((subnet, index) => {
      const zone = letter(this.zones[index] ?? "");
      const address = new Eip(this, `nat-address-${zone}`, { domain: "vpc", tags: this.named("nat", zone), dependsOn: [internet] });
      return new NatGateway(this, `nat-${zone}`, {
        allocationId: address.id,
        subnetId: subnet.id,
        tags: this.named(zone),
        dependsOn: [internet],
      });
    });
  }

  private routeTable(use: string, route?: ConstructorParameters<typeof RouteTable>[2]["route"]): RouteTable {
    return new RouteTable(this, `${use}-routes`, { vpcId: this.vpcId, ...(route ? { route } : {}), tags: this.named(use) });
  }

  private associate(use: string, subnets: readonly Subnet[], tableOf: (index: number) => RouteTable | undefined): void {
    subnets.forEach((subnet, index) => {
      const routeTableId = tableOf(index)?.id ?? "";
      new RouteTableAssociation(this, `${use}-${letter(this.zones[index] ?? "")}-association`, { subnetId: subnet.id, routeTableId });
    });
  }

  private flowLogs(): void {
    const { account, region, name, logsKey: key, logDays: days } = this.props;
    const logs = new LogGroup(this, "flow-logs", {
      name: cloudName("logGroup", ...name, "flow-logs"),
      key,
      days,
    });
    const role = new IamRole(this, "flow-log-role", {
      name: cloudName("role", ...name, "flow-logs"),
      assumeRolePolicy: policyDocument([
        {
          Effect: "Allow",
          Principal: { Service: "vpc-flow-logs.amazonaws.com" },
          Action: "sts:AssumeRole",
          Condition: {
            StringEquals: { "aws:SourceAccount": account },
            ArnLike: { "aws:SourceArn": `arn:aws:ec2:${region}:${account}:vpc-flow-log/*` },
          },
        },
      ]),
    });
    new IamRolePolicy(this, "flow-log-rights", {
      role: role.id,
      policy: policyDocument([
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"],
          Resource: [logs.arn, `${logs.arn}:*`],
        },
      ]),
    });
    new FlowLog(this, "flow-log", {
      vpcId: this.vpcId,
      trafficType: "ALL",
      logDestination: logs.arn,
      iamRoleArn: role.arn,
      maxAggregationInterval: 60,
      tags: this.named(),
    });
  }

  private named(...suffix: string[]): Record<string, string> {
    return { Name: [...this.props.name, ...suffix].join("-") };
  }
}

// IDs use a zone's letter, which stays the same when zones are added or removed; its index doesn't.
function letter(zone: string): string {
  return zone.slice(-1);
}
