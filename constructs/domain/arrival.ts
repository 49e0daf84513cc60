import { nearest } from "../gateway";
import { type Check, type HttpServiceProps, smokeTestsOf, type Through } from "../workload";

/** A service behind a Gateway. */
export interface RoutedService {
  readonly name: string;
  readonly health: string;

  /** @default - the hosts that all services share */
  readonly hosts?: readonly string[];

  /** @default ["/"] */
  readonly paths?: readonly string[];
}

/**
 * Returns a smoke test request to a service through the gateway: to its health path if that is routed to it, otherwise to the first of its
 * paths that is routed to no other service, with any status below 500. None if other services share all of its paths.
 */
export function arrivalOf(
  one: RoutedService,
  all: readonly RoutedService[],
  through: Through,
  shared: readonly string[] = [through.host],
): readonly Check[] {
  const asked = arrivingPath(one, all, shared);
  if (asked === undefined) return [];
  const scheme = through.port === 443 ? "https" : "http";
  const expect = asked === one.health ? 200 : "any";
  return [{ name: `${one.name} through the gateway`, url: `${scheme}://${(one.hosts ?? shared)[0]}${asked}`, through, expect }];
}

/** The path of that request. Undefined if every path of the service belongs to another one too. */
export function arrivingPath(one: RoutedService, all: readonly RoutedService[], shared: readonly string[]): string | undefined {
  const hostnames = one.hosts ?? shared;
  const beside = all.filter((other) => other !== one && (other.hosts ?? shared).some((host) => hostnames.includes(host)));
  return [one.health, ...pathsOf(one)].find((path) => {
    const near = nearest(pathsOf(one), path);
    return near >= 0 && beside.every((other) => nearest(pathsOf(other), path) < near);
  });
}

function pathsOf({ paths = ["/"] }: RoutedService): readonly string[] {
  return paths;
}

/** Clients of a service, with ports. */
export interface Requests {
  readonly namespace: string;

  /** The pods of the Gateway in front of it; none if it is not exposed. */
  readonly gateway: NonNullable<HttpServiceProps["clients"]>;
  readonly callers: NonNullable<HttpServiceProps["clients"]>;

  /** The HTTP port. */
  readonly port: number;

  /** Ports that the namespace's smoke test also connects to. */
  readonly publicPorts: readonly number[];

  /** Has additional ports, which only its callers use. */
  readonly further: boolean;
}

/** Returns the ingress rules of a service: callers may use all of its ports, the gateway and tests only those for requests. */
export function admissionOf({
  namespace,
  gateway,
  callers,
  port,
  publicPorts,
  further,
}: Requests): Pick<HttpServiceProps, "clients" | "ingress"> {
  const tests = smokeTestsOf(namespace);
  if (!further) return { clients: [...gateway, ...callers, tests] };
  return {
    clients: callers,
    ingress: [
      ...(gateway.length > 0 ? [{ name: "gateway", peer: gateway, ports: [port] }] : []),
      { name: "tests", peer: tests, ports: [port, ...publicPorts] },
    ],
  };
}
