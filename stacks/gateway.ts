import type { ITerraformDependable } from "cdktf";
import { PublicCertificate } from "../constructs/certificates";
import { Binding } from "../constructs/entry";
import { Gateway, type GatewayProps } from "../constructs/gateway";
import { entrances } from "./entrances";
import { before } from "./entry";
import { isExistingCluster } from "./environment";
import type { Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import type { PlatformStack } from "./stack";

/** Where a side lets requests in. */
export interface GatewayPlace extends Pick<GatewayProps, "cluster" | "namespace" | "servicePorts" | "longestRequest" | "priority"> {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly side: "write" | "read";

  /** The side's namespace. */
  readonly after: readonly ITerraformDependable[];
}

/** A Gateway, and the names under which it is asked for. */
export interface SideGateway {
  readonly gateway: Gateway;

  /** @default - any: whoever brings requests to it knows */
  readonly hostnames?: readonly string[];
}

/**
 * What lets requests in to a side. On AWS a load balancer is before it, and it has a certificate that everybody trusts;
 * on a cluster that exists it speaks in clear to whoever forwards its port, and its owner puts before it what he has.
 */
export function gatewayOn({ site, stack, side, after, ...place }: GatewayPlace): SideGateway {
  const { environment, cluster, foundation } = site;
  const shared = { ...place, ...(environment.monitoring?.prometheus ? { metricsFrom: NAMESPACES.observability } : {}) };
  const entrance = entrances(environment).find((way) => way.side === side);
  if (isExistingCluster(cluster) || !foundation?.entry || !entrance)
    return { gateway: new Gateway(stack, "gateway", { ...shared, after }) };

  const { [`${entrance.kind}TargetGroupArn` as const]: targetGroupArn = "", publicZoneId } = stack.read(foundation.entry);
  const certificate = new PublicCertificate(stack, "certificate", {
    cluster: place.cluster,
    namespace: place.namespace,
    name: "gateway",
    dnsNames: [entrance.host],
    zone: { id: publicZoneId, region: foundation.context.environment.aws.region },
    after,
  });
  const gateway = new Gateway(stack, "gateway", {
    ...shared,
    certificate: certificate.secretName,
    behind: { networks: [stack.read(foundation.network).vpcCidr], clientAddress: before(entrance).clientAddress },
    after: [...after, certificate.release],
  });
  new Binding(stack, "targets", { cluster: place.cluster, gateway, target: { targetGroupArn, port: gateway.service.port } });
  return { gateway, hostnames: [entrance.host] };
}
