import type { IConstruct } from "constructs";
import { type Duration, known, seconds } from "../../constructs/core/quantities";
import { type Gateway, nearest, Routes } from "../../constructs/gateway";
import type { Opening } from "../../constructs/kubernetes";
import { type Check, HttpService, type ServiceVersion, smokeTestsOf, WORKLOAD_DEFAULTS } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import { versionsOf } from "../model/release";
import { WORKLOADS } from "../model/workloads/roles";
import type { Service } from "../model/workloads/service";
import { gatewayOn } from "./gateway";
import { connectionsOf, described, podOf, type WorkloadPlace, withAccess, withFieldKeys } from "./pods";
import { scalingOf } from "./scaling";
import { gateOf, waysTo } from "./side-stack";

/** What differs between the services of the two sides. */
const ROLES = {
  // Nobody knows whether a command was carried out that was not answered.
  commandApi: { side: "write", repeats: "never" },
  queryApi: { side: "read", repeats: "once" },
} as const;

/** How long a service may be silent that does not say. */
const TIMEOUT: Duration = "30s";

/** What was made of the services of a side, for the test at the end of its stack. */
export interface MadeServices {
  readonly verifies: readonly IConstruct[];
  readonly checks: readonly Check[];

  /** Ways to what the checks ask. */
  readonly reaches: readonly Opening[];
}

/**
 * The services of a side behind its Gateway, and the routes to them. None where the environment has none. A route waits for the
 * gates of those versions that take requests and of no other, so that it turns back whatever becomes of what it leaves.
 */
export function servicesOf(place: WorkloadPlace, role: keyof typeof ROLES): MadeServices {
  const { site, stack, cluster, namespace } = place;
  const { side, repeats } = ROLES[role];
  const found = described(site.environment, role);
  if (found.length === 0) return { verifies: [], checks: [], reaches: [] };
  const ports = [...new Set(found.map(([, { port = WORKLOAD_DEFAULTS.port }]) => port))];
  const { gateway, hostnames, parts } = gatewayOn({
    ...place,
    side,
    servicePorts: ports,
    longestRequest: longest(found.map(([, one]) => one)),
  });
  const made = found.map(([path, settings]) => {
    const { name = WORKLOADS[role].name, replicas, scaleOn, port = WORKLOAD_DEFAULTS.port, health = WORKLOAD_DEFAULTS.health } = settings;
    const pod = withAccess(
      podOf(place, { ...settings, metrics: settings.metrics ?? { port } }, connectionsOf(place, role)),
      site.environment,
    );
    const service = new HttpService(stack, name, {
      ...(role === "queryApi" ? withFieldKeys(pod, site.environment) : pod),
      ...imagesOf(settings),
      replicas,
      ...(scaleOn ? { scaleOn: scalingOf(place, scaleOn) } : {}),
      grace: settings.grace ?? settings.timeout ?? TIMEOUT,
      port,
      health,
      clients: [gateway.peer, smokeTestsOf(namespace)],
    });
    const versions = versionsIn(settings, describedAt(path, service)).map((version) => {
      const check = healthOf(version, namespace, health);
      return { ...version, check, passed: gateOf(place, version, check) };
    });
    const { paths, maxBodySize, timeout, rateLimit } = settings;
    const taking = versions.filter(({ weight }) => weight > 0);
    const routes = new Routes(stack, `${name}-routes`, {
      cluster,
      gateway: { ...gateway, ready: [...gateway.ready, ...versions.map((each) => each.service), ...taking.map(({ passed }) => passed)] },
      name,
      ...(hostnames ? { hostnames } : {}),
      ...sharesOf(versions),
      repeats,
      ...(paths ? { paths } : {}),
      ...(maxBodySize ? { maxBodySize } : {}),
      ...(timeout ? { timeout } : {}),
      ...(rateLimit ? { rateLimit } : {}),
    });
    return { settings, name, health, parts: [service, describedAt(path, routes)], checks: versions.map(({ check }) => check) };
  });
  return {
    verifies: [...parts, ...made.flatMap((each) => each.parts)],
    checks: [
      { name: `rollout of ${gateway.deployment.name}`, object: gateway.deployment },
      ...made.flatMap(({ checks }) => checks),
      ...(gateway.asksClients ? [listening(gateway)] : made.flatMap((each) => arrivalOf(each, made, gateway, hostnames))),
    ],
    reaches: [...waysTo(ports), { name: "gateway", peer: gateway.peer, ports: [gateway.through.port] }],
  };
}

/** A version of a service that is released, and what was made of it. */
type VersionIn = ServiceVersion & ReturnType<typeof versionsOf>[number];

function versionsIn(settings: Service, { versions }: HttpService): readonly VersionIn[] {
  return versionsOf(settings).flatMap((version) =>
    versions.filter(({ backend: { slot } }) => slot === version.slot).map((made) => ({ ...version, ...made })),
  );
}

function healthOf({ backend: { service, port } }: ServiceVersion, namespace: string, path: string): Check {
  return { name: `health of ${service}`, url: `http://${service}.${namespace}.svc:${port}${path}` };
}

function listening({ through: { host, port } }: Gateway): Check {
  return { name: "the gateway", tcp: { host, port } };
}

type Routed = { readonly name: string; readonly health: string; readonly settings: Service };

/**
 * What a service is asked as its clients ask: its health where that goes to it, otherwise the first of its paths that no other
 * service has, at which it may say what it likes: that it knows no such thing, or does not know who asks.
 */
function arrivalOf(one: Routed, all: readonly Routed[], { through }: Gateway, hostnames: readonly string[] = [through.host]): Check[] {
  const asked = [one.health, ...pathsOf(one)].find((path) => {
    const near = nearest(pathsOf(one), path);
    return near >= 0 && all.every((other) => other === one || nearest(pathsOf(other), path) < near);
  });
  if (asked === undefined) return [];
  const scheme = through.port === 443 ? "https" : "http";
  const expect = asked === one.health ? 200 : "any";
  return [{ name: `${one.name} through the gateway`, url: `${scheme}://${hostnames[0]}${asked}`, through, expect }];
}

function pathsOf({ settings: { paths = ["/"] } }: Routed): readonly string[] {
  return paths;
}

/** As long as a pod in front of these services has to wait for the last of their answers. */
function longest(services: readonly Service[]): Duration {
  return `${Math.max(...services.map(({ timeout = TIMEOUT }) => known(seconds(timeout))))}s`;
}

/** The versions of a service that run: its image, or that in each of its slots. */
function imagesOf(service: Service) {
  const versions = versionsOf(service);
  if (!service.slots) return { image: versions[0]?.image ?? "" };
  return { slots: Object.fromEntries(versions.map(({ slot = "", image }) => [slot, { image }])) };
}

/** Who has which share of the requests, and who is asked for by a header. */
function sharesOf(versions: readonly VersionIn[]) {
  const shared = versions.map(({ slot = "", weight, preview, backend: { service, port } }) => ({ slot, weight, preview, service, port }));
  const previews = shared.filter(({ preview }) => preview);
  return {
    backends: shared.map(({ service, port, weight }) => ({ service, port, weight })),
    ...(previews.length > 0 ? { previews: Object.fromEntries(previews.map(({ slot, service, port }) => [slot, { service, port }])) } : {}),
  };
}
