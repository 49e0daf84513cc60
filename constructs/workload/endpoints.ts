import type { TrafficRule } from "../kubernetes";
import type { Check } from "./checks";
import type { PropProblem } from "./problems";

/** A service of the cluster, and its expected responses in a smoke test. */
export interface Endpoint {
  /** The Kubernetes Service: `command-api`. Its ingress rules must allow the test (`smokeTestsOf`). */
  readonly service: string;

  /** @default - the test's */
  readonly namespace?: string;

  /** The HTTP port. */
  readonly port: number;

  /**
   * Expected status of a GET, by path: `{ "/ready": 200, "/admin": 401 }`. `any` is a status below 500 from the service itself.
   * @default - no requests
   */
  readonly paths?: Readonly<Record<string, number | "any">>;

  /**
   * TCP ports that must accept connections: `[5050]`.
   * @default - none
   */
  readonly tcp?: readonly number[];
}

/** Returns the checks of endpoints, in order. */
export function endpointChecks(endpoints: readonly Endpoint[], home: string): readonly Check[] {
  return endpoints.flatMap(({ service, namespace = home, port, paths = {}, tcp = [] }): Check[] => {
    const host = `${service}.${namespace}.svc`;
    const called = namespace === home ? service : `${namespace}/${service}`;
    return [
      ...Object.entries(paths).map(([path, expect]) => ({ name: `${path} of ${called}`, url: `http://${host}:${port}${path}`, expect })),
      ...tcp.map((open) => ({ name: `port ${open} of ${called}`, tcp: { host, port: open } })),
    ];
  });
}

/** Returns the egress rules to endpoints. */
export function waysToEndpoints(endpoints: readonly Endpoint[], home: string): readonly TrafficRule[] {
  return endpoints.map(({ service, namespace = home, port, paths = {}, tcp = [] }) => ({
    name: service,
    peer: { namespace },
    ports: [...new Set([...(Object.keys(paths).length > 0 ? [port] : []), ...tcp])],
  }));
}

/** Returns the problems of endpoints, except those of their checks. */
export function endpointProblems(endpoints: readonly Endpoint[]): readonly PropProblem[] {
  return endpoints.flatMap(({ port, paths = {}, tcp = [] }, index) => {
    const at = `endpoints[${index}]`;
    const found: PropProblem[] = [];
    for (const [property, value] of [["port", port] as const, ...tcp.map((open, number) => [`tcp[${number}]`, open] as const)]) {
      if (Number.isInteger(value) && value >= 1 && value <= 65_535) continue;
      found.push({ property: `${at}.${property}`, value, rule: "can't be a port", remedy: "use 1 to 65535" });
    }
    for (const value of Object.keys(paths)) {
      if (!value.startsWith("/")) found.push({ property: `${at}.paths`, value, rule: "must begin with /", remedy: `write "/${value}"` });
    }
    if (Object.keys(paths).length + tcp.length === 0) {
      found.push({ property: at, rule: "has nothing to answer", remedy: "name paths or tcp, or leave it out" });
    }
    return found;
  });
}
