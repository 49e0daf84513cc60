import type { ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { PublicCertificate } from "../../constructs/certificates";
import { Binding } from "../../constructs/entry";
import { Gateway, type GatewayProps, nginxOf } from "../../constructs/gateway";
import { smokeTestsOf } from "../../constructs/workload";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { before } from "../cloud/entry";
import { isExistingCluster } from "../model/cluster";
import { camelCase, defaultHost, type PublicEndpoint, publicEndpoints } from "../model/derive/endpoints";
import { metricsReader } from "../model/monitoring";
import type { DomainOf } from "../model/system";

/** Where a domain lets requests in. */
export interface GatewayPlace extends Pick<GatewayProps, "cluster" | "namespace" | "servicePorts" | "longestRequest" | "priority"> {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly domain: DomainOf;

  /** The domain's namespace. */
  readonly after: readonly ITerraformDependable[];
}

/** A Gateway, and the names under which it is asked for. */
export interface DomainGateway {
  readonly gateway: Gateway;

  /** @default - any: whoever brings requests to it knows */
  readonly hostnames?: readonly string[];

  /** What has to be as it should before a request comes in. */
  readonly parts: readonly IConstruct[];
}

/** Where requests come into a domain by a load balancer of ours. Its owner brings them to a cluster that exists. */
export function publicEndpointOf({ environment, cluster, foundation }: Site, { name }: DomainOf): PublicEndpoint | undefined {
  if (isExistingCluster(cluster) || !foundation?.entry) return undefined;
  return publicEndpoints(environment).find(({ domain }) => domain.name === name);
}

/**
 * What lets requests in to a domain. On AWS a load balancer is before it, and it has a certificate that everybody trusts;
 * on a cluster that exists it speaks in clear to whoever forwards its port, and its owner puts before it what he has.
 */
export function gatewayOn({ site, stack, domain, after, ...place }: GatewayPlace): DomainGateway {
  const { environment, foundation } = site;
  const reader = metricsReader(environment.monitoring);
  const shared = {
    ...place,
    clients: [smokeTestsOf(place.namespace)],
    ...(reader ? { metricsFrom: reader } : {}),
  };
  const entrance = publicEndpointOf(site, domain);
  if (!foundation?.entry || !entrance) {
    const gateway = new Gateway(stack, "gateway", { ...shared, after });
    return { gateway, parts: [gateway] };
  }

  const outputs = stack.read(foundation.entry);
  const { publicZoneId } = outputs;
  const targetGroupArn = outputs[`${camelCase(entrance.kind)}TargetGroupArn`] ?? "";
  const certificate = new PublicCertificate(stack, "certificate", {
    cluster: place.cluster,
    namespace: place.namespace,
    name: "gateway",
    dnsNames: entrance.hosts,
    zone: { id: publicZoneId, region: foundation.context.environment.aws.region },
    after,
  });
  const { name: service, port } = nginxOf({ certificate: certificate.secretName });
  // Before the Gateway: only pods that come after it are given their gates.
  const { release: bound } = new Binding(stack, "targets", {
    cluster: place.cluster,
    namespace: place.namespace,
    service,
    target: { targetGroupArn, port },
    after,
  });
  const gateway = new Gateway(stack, "gateway", {
    ...shared,
    certificate: certificate.secretName,
    ...(entrance.clientAuthority ? { clientAuthority: entrance.clientAuthority } : {}),
    behind: { networks: [stack.read(foundation.network).vpcCidr], clientAddress: before(entrance).clientAddress },
    after: [...after, certificate.release, bound],
  });
  return { gateway, hostnames: [defaultHost(domain, foundation.context.environment.aws)], parts: [certificate, gateway] };
}
