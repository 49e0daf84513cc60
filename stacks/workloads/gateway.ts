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

/** Location of a domain's Gateway. */
export interface GatewayPlace extends Pick<GatewayProps, "cluster" | "namespace" | "servicePorts" | "longestRequest" | "priority"> {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly domain: DomainOf;

  /** Namespace of the domain. */
  readonly after: readonly ITerraformDependable[];
}

/** Gateway with its host names. */
export interface DomainGateway {
  readonly gateway: Gateway;

  /** @default - any host name: routing is up to your ingress */
  readonly hostnames?: readonly string[];

  /** Resources that must be ready before requests arrive. */
  readonly parts: readonly IConstruct[];
}

/** Public endpoint of a domain with a load balancer. Undefined on an existing cluster, where you provide the ingress. */
export function publicEndpointOf({ environment, cluster, foundation }: Site, { name }: DomainOf): PublicEndpoint | undefined {
  if (isExistingCluster(cluster) || !foundation?.entry) return undefined;
  return publicEndpoints(environment).find(({ domain }) => domain.name === name);
}

/**
 * Creates the Gateway of a domain. On AWS it is behind a load balancer and has a publicly trusted certificate; on an
 * existing cluster it accepts plaintext from your own ingress or port forwarding.
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
  // Before the Gateway: readiness gates are only added to pods that are created later.
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
