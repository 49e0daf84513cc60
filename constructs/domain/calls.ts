import type { Peer, TrafficRule } from "../kubernetes";
import { podsOf } from "../workload";

/** Address of a service for its callers. Plain data: it may be in another stack. */
export interface CalledService {
  readonly name: string;
  readonly namespace: string;

  /** Ports of its pods: the HTTP port first, then additional ones. */
  readonly ports: readonly [number, ...number[]];

  /**
   * The port of its Service that maps to the first of `ports`.
   * @default - the same
   */
  readonly servicePort?: number;

  /**
   * Its address has no `http://`.
   * @default false
   */
  readonly tcp?: boolean;
}

/**
 * Variables of a caller with a service's address, as templates of `{host}`, `{port}` and `{address}`. `variables` replaces
 * `<NAME>_SERVICE_ADDRESS`, which is `http://{host}:{port}`, or `{host}:{port}` of a TCP service.
 */
export function callVariables(
  { name, namespace, ports: [first], servicePort: port = first, tcp = false }: CalledService,
  variables: Readonly<Record<string, string>> = { [`${name}-service-address`.toUpperCase().replaceAll("-", "_")]: "{address}" },
): Readonly<Record<string, string>> {
  const host = `${name}.${namespace}.svc.cluster.local`;
  const facts: Readonly<Record<string, string>> = { host, port: String(port), address: `${tcp ? "" : "http://"}${host}:${port}` };
  return Object.fromEntries(
    Object.entries(variables).map(([variable, template]) => [
      variable,
      template.replace(/\{(host|port|address)\}/g, (_, fact: string) => facts[fact] ?? ""),
    ]),
  );
}

/** Egress of a caller to a service. */
export function callEgress({ name, namespace, ports }: CalledService): TrafficRule {
  return { name, peer: podsOf(namespace, name) as Exclude<Peer, string>, ports };
}
