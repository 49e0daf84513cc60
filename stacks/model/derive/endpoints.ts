import type { Edge } from "../edge";
import type { DomainOf, ServiceOf, System } from "../system";
import { newClusters } from "./clusters";

/** Where requests come into an environment: the load balancer of a domain. */
export interface PublicEndpoint {
  /** Part of the names of outputs: `command`. */
  readonly kind: string;

  /** What for, in the names of others: `commands`. */
  readonly name: string;

  /** The domain that answers. */
  readonly domain: DomainOf;

  /** The party of its load balancer. */
  readonly party: string;

  /** The names by which it answers, and shows a certificate for: `["commands.orders.example.com"]`. */
  readonly hosts: readonly [string, ...string[]];

  /**
   * Who answers before it, near the client.
   * @default - nobody
   */
  readonly edge?: Edge["provider"];

  /**
   * The authority, in PEM, whose certificate its edge shows.
   * @default - it shows none
   */
  readonly clientAuthority?: string;

  /** Ports of its services that are reached over TCP. */
  readonly tcp: readonly TcpPort[];
}

/** A port of a service that clients outside reach over TCP. */
export interface TcpPort {
  readonly service: ServiceOf;

  /** Its name at the service: `broker`. */
  readonly name: string;
  readonly port: number;
}

/** The ports of a service that clients outside reach over TCP. */
export function publicPortsOf(service: ServiceOf): readonly TcpPort[] {
  const { ports = {}, publicPorts = [] } = service.settings;
  return publicPorts.flatMap((name) => {
    const port = Object.hasOwn(ports, name) ? ports[name] : undefined;
    return port === undefined ? [] : [{ service, name, port }];
  });
}

/** The output of the entry stack with the target group of a port. */
export function tcpTargetGroup({ kind }: Pick<PublicEndpoint, "kind">, { port }: Pick<TcpPort, "port">): `${string}TargetGroupArn` {
  return `${camelCase(kind)}Tcp${port}TargetGroupArn`;
}

/** The services of a domain that are reached from outside. */
export function exposedOf({ services }: DomainOf): readonly ServiceOf[] {
  return services.filter(({ exposed }) => exposed);
}

/** The name by which a domain is asked for whose services name none themselves. */
export function defaultHost({ endpoint: { name } }: DomainOf, { domain }: { readonly domain: string }): string {
  return `${name}.${domain}`;
}

/**
 * The public endpoints of an environment: one for each domain that answers requests from outside, on a cluster that is made here.
 * What comes into a cluster that exists, its owner lets in.
 */
export function publicEndpoints(system: System): readonly PublicEndpoint[] {
  const { aws, domains } = system;
  if (!aws) return [];
  const made = newClusters(system).map(([key]) => key);
  return domains
    .filter((domain) => made.includes(domain.cluster) && exposedOf(domain).length > 0)
    .map((domain): PublicEndpoint => {
      const exposed = exposedOf(domain);
      const edge = exposed.flatMap(({ settings }) => settings.edge ?? [])[0];
      const own = defaultHost(domain, aws);
      const hosts = [...new Set(exposed.flatMap(({ settings }) => settings.hosts ?? [own]))];
      const shown = edge?.provider === "cloudflare" && edge.clientAuthority !== undefined ? { clientAuthority: edge.clientAuthority } : {};
      const tcp = domain.services.flatMap(publicPortsOf);
      return { ...domain.endpoint, domain, hosts: hosts as [string, ...string[]], tcp, ...(edge ? { edge: edge.provider, ...shown } : {}) };
    });
}

/** What stands before the services of an environment, and the service behind it. */
export function edgeOf({
  domains,
}: Pick<System, "domains">): { readonly edge: Edge; readonly service: ServiceOf; readonly domain: DomainOf } | undefined {
  return domains.flatMap((domain) =>
    domain.services.flatMap((service) => (service.settings.edge ? [{ edge: service.settings.edge, service, domain }] : [])),
  )[0];
}

/** The name of a part in names of outputs: `write-entry` is `writeEntry`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
