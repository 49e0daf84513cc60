import { nearest } from "../gateway";
import { type Check, type HttpServiceProps, smokeTestsOf, type Through } from "../workload";

/** A service that is reached through a Gateway. */
export interface RoutedService {
  readonly name: string;
  readonly health: string;

  /** @default - those that all services share */
  readonly hosts?: readonly string[];

  /** @default ["/"] */
  readonly paths?: readonly string[];
}

/**
 * The request of a test that a service is sent as its clients send it: its health where that path leads to it, otherwise the first of
 * its paths that no other service has, where any status below 500 will do. None if every path of it belongs to another service too.
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

/** Who sends requests to a service, and on which ports. */
export interface Requests {
  readonly namespace: string;

  /** The pods of the Gateway in front of it; none if it is not exposed. */
  readonly gateway: NonNullable<HttpServiceProps["clients"]>;
  readonly callers: NonNullable<HttpServiceProps["clients"]>;

  /** The port that answers. */
  readonly port: number;

  /** Ports that the test of the namespace connects to as well. */
  readonly publicPorts: readonly number[];

  /** Whether it has further ports, which are for its callers. */
  readonly further: boolean;
}

/** Whom a service lets in: its callers at all of its ports, and its gateway and tests where they send requests. */
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
