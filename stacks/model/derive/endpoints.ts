import { WORKLOAD_DEFAULTS } from "../../../constructs/workload";
import type { Edge } from "../edge";
import type { DomainOf, ServiceOf, System } from "../system";
import type { Service } from "../workloads/service";
import { newClusters } from "./clusters";

/** Public endpoint of an environment: the load balancer of a domain with public services or ports. */
export interface PublicEndpoint {
  /** Part of output names: `command`. */
  readonly kind: string;

  /** Purpose, as part of other names: `commands`. */
  readonly name: string;

  /** Domain behind the endpoint. */
  readonly domain: DomainOf;

  /** Security group of its load balancer. */
  readonly party: string;

  /** Host names of the endpoint, and of its certificate if it has one: `["commands.orders.example.com"]`. */
  readonly hosts: readonly [string, ...string[]];

  /** Accepts HTTPS requests, for the Gateway of its domain. False if its domain has public TCP ports only. */
  readonly https: boolean;

  /**
   * CDN in front of the endpoint.
   * @default - none
   */
  readonly edge?: Edge["provider"];

  /**
   * CA, in PEM, of the client certificate that the edge presents.
   * @default - none
   */
  readonly clientAuthority?: string;

  /** Ports of its services that are reachable over TCP. */
  readonly tcp: readonly TcpPort[];

  /** Reachable from the environment's network only, and from networks connected to it. */
  readonly internal: boolean;

  /**
   * Addresses of clients that may connect.
   * @default - all
   */
  readonly sourceRanges?: readonly string[];
}

/** Port of a service that external clients may use over TCP. */
export interface TcpPort {
  readonly service: ServiceOf;

  /** Name of the port at the service: `broker`. */
  readonly name: string;
  readonly port: number;
}

/** Ports of a service that may be public, by name: `ports`, and `port` as `tcp` if the service doesn't use HTTP. */
export function tcpPortsOf({ port = WORKLOAD_DEFAULTS.port, ports = {}, health }: Service): Readonly<Record<string, number>> {
  return { ...(health === "tcp" ? { tcp: port } : {}), ...ports };
}

/** Ports of a service that external clients may use over TCP. */
export function publicPortsOf(service: ServiceOf): readonly TcpPort[] {
  const ports = tcpPortsOf(service.settings);
  return (service.settings.publicPorts ?? []).flatMap((name) => {
    const port = Object.hasOwn(ports, name) ? ports[name] : undefined;
    return port === undefined ? [] : [{ service, name, port }];
  });
}

/** Output of the entry stack with the target group of a port. */
export function tcpTargetGroup({ kind }: Pick<PublicEndpoint, "kind">, { port }: Pick<TcpPort, "port">): `${string}TargetGroupArn` {
  return `${camelCase(kind)}Tcp${port}TargetGroupArn`;
}

/** Services of a domain that are reachable from outside. */
export function exposedOf({ services }: DomainOf): readonly ServiceOf[] {
  return services.filter(({ exposed }) => exposed);
}

/** Default host name of a domain, for services without `hosts` and for TCP ports. */
export function defaultHost({ endpoint: { name } }: DomainOf, { domain }: { readonly domain: string }): string {
  return `${name}.${domain}`;
}

/**
 * Public endpoints of an environment: one per domain with exposed services or public TCP ports, on a cluster that the environment
 * creates. On an existing cluster, you provide the ingress.
 */
export function publicEndpoints(system: System): readonly PublicEndpoint[] {
  const { aws, domains } = system;
  if (!aws) return [];
  const made = newClusters(system).map(([key]) => key);
  return domains
    .filter((domain) => made.includes(domain.cluster))
    .flatMap((domain): PublicEndpoint[] => {
      const exposed = exposedOf(domain);
      const tcp = domain.services.flatMap(publicPortsOf);
      if (exposed.length + tcp.length === 0) return [];
      const edge = exposed.flatMap(({ settings }) => settings.edge ?? [])[0];
      const own = defaultHost(domain, aws);
      const https = exposed.length > 0;
      const hosts = https ? [...new Set(exposed.flatMap(({ settings }) => settings.hosts ?? [own]))] : [own];
      const shown = edge?.provider === "cloudflare" && edge.clientAuthority !== undefined ? { clientAuthority: edge.clientAuthority } : {};
      const { endpoint, internal = false, sourceRanges } = domain;
      return [
        {
          ...endpoint,
          domain,
          hosts: hosts as [string, ...string[]],
          https,
          tcp,
          internal,
          ...(sourceRanges ? { sourceRanges } : {}),
          ...(edge ? { edge: edge.provider, ...shown } : {}),
        },
      ];
    });
}

/** Edge of an environment, and the service behind it. */
export function edgeOf({
  domains,
}: Pick<System, "domains">): { readonly edge: Edge; readonly service: ServiceOf; readonly domain: DomainOf } | undefined {
  return domains.flatMap((domain) =>
    domain.services.flatMap((service) => (service.settings.edge ? [{ edge: service.settings.edge, service, domain }] : [])),
  )[0];
}

/** Name of a part in output names: `write-entry` is `writeEntry`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
