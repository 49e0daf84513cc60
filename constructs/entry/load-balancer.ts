import { DataAwsEc2ManagedPrefixList } from "@cdktf/provider-aws/lib/data-aws-ec2-managed-prefix-list";
import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import type { ClientAddress } from "../gateway/contract";
import { GATEWAY_PORTS, READINESS } from "../gateway/contract";
import { exempt } from "../policy/contract";
import { ANYWHERE, type EntryTarget, type Source, sourceProblems } from "./contract";

export interface LoadBalancerProps {
  /** Prefix of its names, most general part first, and its purpose: `["orders", "production", "commands"]`. */
  readonly name: readonly string[];

  readonly vpcId: string;

  /** One subnet per zone: public ones if it is reached from the internet, private ones if it is internal. */
  readonly subnetIds: string[];

  /** Uses only addresses of the network. Changing it replaces the load balancer. */
  readonly internal: boolean;

  /** Its security group. This construct adds its ingress rules; the network's rules allow traffic to the pods. */
  readonly securityGroupId: string;

  /**
   * Clients that may connect.
   * @default - all
   */
  readonly from?: Source;

  /**
   * Protocol that passes the client address to the Gateway behind it, which needs the same setting. Without `https` there is no Gateway.
   * @default "proxy-protocol"
   */
  readonly clientAddress?: ClientAddress;

  /**
   * DNS names of the load balancer, in a public zone of Route 53.
   * @default - none: a proxy in front of it has the public name
   */
  readonly record?: { readonly zoneId: string; readonly host: string; readonly furtherHosts?: readonly string[] };

  /**
   * Listens on 443 for the Gateway behind it. Set `false` for a load balancer with `tcpPorts` only.
   * @default true
   */
  readonly https?: boolean;

  /**
   * Additional ports. Their connections are passed unchanged to the same port of a Service's pods, which terminate TLS, and see the load
   * balancer's address as the client's.
   * @default - none
   */
  readonly tcpPorts?: readonly number[];

  /** Protects it from deletion: clients that use its addresses would lose it. */
  readonly protect: boolean;
}

const PORT = 443;

/** Port of the pods behind it, as used in security groups and network policies. */
const { encrypted: TARGET_PORT } = GATEWAY_PORTS;

/** Settings of target groups whose targets are pods. */
const TARGETS = {
  targetType: "ip",
  // With preserved client addresses, network policies couldn't distinguish clients, and pods on one node couldn't reach each other.
  preserveClientIp: "false",
  // Takes two minutes in any case (aws-load-balancer-controller, issue 2366); the pods stay longer.
  deregistrationDelay: "120",
} as const;

const CHECKED = { interval: 10, timeout: 5, healthyThreshold: 2, unhealthyThreshold: 2 } as const;

/**
 * A Network Load Balancer, which passes connections unchanged to the pods of a Gateway: TLS terminates at nginx, so that all traffic is
 * encrypted, clients' addresses reach the Gateway, and CloudFront can use it as an origin (it accepts none with a TLS listener). If no
 * private key may be stored in the cluster, use your own listener with an ACM certificate instead; traffic to the pods is then in
 * plaintext. It writes no access logs, which it supports for TLS listeners only: nginx logs each request.
 */
export class LoadBalancer extends Construct {
  readonly arn: string;

  /** Its DNS name at AWS. */
  readonly dnsName: string;

  /** Target of port 443. Undefined without `https`. */
  readonly target?: EntryTarget;

  /** Targets of the additional ports, by port. */
  readonly tcpTargets: ReadonlyMap<number, EntryTarget>;

  constructor(scope: Construct, id: string, props: LoadBalancerProps) {
    super(scope, id);
    const { name, vpcId, subnetIds, internal, securityGroupId, from = ANYWHERE, clientAddress = "proxy-protocol", record, protect } = props;
    const { https = true, tcpPorts = [] } = props;
    refuse(this, sourceProblems(from, tcpPorts.length + (https ? 1 : 0)), "from");

    const balancer = new Lb(this, "load-balancer", {
      name: cloudName("loadBalancer", ...name),
      loadBalancerType: "network",
      internal,
      ipAddressType: "ipv4",
      subnets: subnetIds,
      securityGroups: [securityGroupId],
      // There can be fewer pods than zones.
      enableCrossZoneLoadBalancing: true,
      enableDeletionProtection: protect,
      // Otherwise its listener and its DNS record would be deleted before AWS rejects the deletion.
      lifecycle: { preventDestroy: protect },
    });
    exempt(balancer, "CKV_AWS_91", "it has access logs for listeners that end TLS only; nginx logs each request");
    if (!protect) exempt(balancer, "CKV_AWS_150", "its environment is disposable");
    const listen = (id: string, port: number, targetGroupArn: string) =>
      new LbListener(this, id, {
        loadBalancerArn: balancer.arn,
        port,
        protocol: "TCP",
        defaultAction: [{ type: "forward", targetGroupArn }],
      });
    if (https) {
      const { arn } = this.gatewayTargets(name, vpcId, clientAddress);
      listen("listener", PORT, arn);
      this.admit(securityGroupId, from);
      this.target = { targetGroupArn: arn, port: TARGET_PORT };
    }
    const tcp = tcpPorts.map((port): readonly [number, EntryTarget] => {
      const { arn } = new LbTargetGroup(this, `targets-${port}`, {
        name: cloudName("targetGroup", ...name, String(port)),
        vpcId,
        protocol: "TCP",
        port,
        ...TARGETS,
        healthCheck: { port: "traffic-port", protocol: "TCP", ...CHECKED },
        lifecycle: { createBeforeDestroy: true },
      });
      listen(`listener-${port}`, port, arn);
      this.admit(securityGroupId, from, port);
      return [port, { targetGroupArn: arn, port }];
    });
    this.tcpTargets = new Map(tcp);
    for (const host of record ? [record.host, ...(record.furtherHosts ?? [])] : []) {
      new Route53Record(this, host === record?.host ? "record" : `record-${host}`, {
        zoneId: record?.zoneId ?? "",
        name: host,
        type: "A",
        alias: { name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true },
      });
    }
    this.arn = balancer.arn;
    this.dnsName = balancer.dnsName;
  }

  /** Pods of a Gateway. */
  private gatewayTargets(name: readonly string[], vpcId: string, clientAddress: ClientAddress): LbTargetGroup {
    return new LbTargetGroup(this, "targets", {
      name: cloudName("targetGroup", ...name, String(TARGET_PORT)),
      vpcId,
      protocol: "TCP",
      port: TARGET_PORT,
      ...TARGETS,
      proxyProtocolV2: clientAddress === "proxy-protocol",
      healthCheck: {
        port: String(READINESS.port),
        // With the PROXY protocol, health checks use it as well, which no HTTP server on that port understands.
        ...(clientAddress === "proxy-protocol" ? { protocol: "TCP" } : { protocol: "HTTP", path: READINESS.path, matcher: "200" }),
        ...CHECKED,
      },
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private admit(securityGroupId: string, from: Source, port = PORT): void {
    const rule = { securityGroupId, ipProtocol: "tcp", fromPort: port, toPort: port, description: "clients" };
    const end = port === PORT ? "" : `-${port}`;
    if ("prefixList" in from) {
      const list = new DataAwsEc2ManagedPrefixList(this, `admitted${end}`, { name: from.prefixList });
      new VpcSecurityGroupIngressRule(this, `admits-listed${end}`, { ...rule, prefixListId: list.id });
      return;
    }
    for (const block of from.blocks) {
      new VpcSecurityGroupIngressRule(this, `admits-${block.replace(/[./]/g, "-")}${end}`, { ...rule, cidrIpv4: block });
    }
  }
}
