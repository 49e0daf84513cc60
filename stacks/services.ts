import type { ITerraformDependable } from "cdktf";
import { type Duration, known, seconds } from "../constructs/core/quantities";
import { type Backend, type Gateway, nearest, Routes } from "../constructs/gateway";
import { type Check, HttpService, SmokeTest, smokeTestsOf, WORKLOAD_DEFAULTS } from "../constructs/workload";
import type { Service } from "./environment";
import { gatewayOn } from "./gateway";
import { describedAt } from "./refusals";
import { versionsOf, WORKLOADS } from "./release";
import { scalingOf } from "./signals";
import { connectionsOf, described, podOf, type WorkloadPlace, withAccess, withFieldKeys } from "./workloads";

/** What differs between the services of the two sides. */
const ROLES = {
  // Nobody knows whether a command was carried out that was not answered.
  commandApi: { side: "write", repeats: "never" },
  queryApi: { side: "read", repeats: "once" },
} as const;

/** As long as nginx may take to be replaced pod by pod, of which each has to be known to a load balancer; a certificate takes minutes. */
const ARRIVES_WITHIN: Duration = "20m";

/** How long a service may be silent that does not say. */
const TIMEOUT: Duration = "30s";

/** What was made of the services of a side. */
export interface MadeServices {
  readonly services: readonly HttpService[];

  /** What each is asked when it has come up. */
  readonly checks: readonly Check[];

  /** Their ports, to which whoever asks has to be let. */
  readonly ports: readonly number[];

  /** Sends requests to them, once they are known to work, and sees that they arrive. */
  readonly route: (tested: ITerraformDependable) => void;
}

/** The services of a side behind its Gateway. None where the environment has none. */
export function servicesOf(place: WorkloadPlace, role: keyof typeof ROLES): MadeServices {
  const { site, stack, cluster, namespace } = place;
  const { side, repeats } = ROLES[role];
  const found = described(site.environment, role);
  if (found.length === 0) return { services: [], checks: [], ports: [], route: () => {} };
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
    const checks = service.backends.map(
      (backend): Check => ({
        name: `health of ${backend.service}`,
        url: `http://${backend.service}.${namespace}.svc:${backend.port}${health}`,
      }),
    );
    return { path, settings, name, health, service: describedAt(path, service), checks };
  });
  const route = (tested: ITerraformDependable) => {
    const routed = made.map(({ path, settings, name, service }) => {
      const { paths, maxBodySize, timeout, rateLimit } = settings;
      const routes = new Routes(stack, `${name}-routes`, {
        cluster,
        gateway: { ...gateway, ready: [...gateway.ready, ...service.ready, tested] },
        name,
        ...(hostnames ? { hostnames } : {}),
        ...sharesOf(settings, service),
        repeats,
        ...(paths ? { paths } : {}),
        ...(maxBodySize ? { maxBodySize } : {}),
        ...(timeout ? { timeout } : {}),
        ...(rateLimit ? { rateLimit } : {}),
      });
      return describedAt(path, routes);
    });
    new SmokeTest(stack, "way-in", {
      cluster,
      namespace,
      verifies: [...parts, ...made.map(({ service }) => service), ...routed],
      checks: [
        { name: `rollout of ${gateway.deployment.name}`, object: gateway.deployment },
        ...(gateway.asksClients ? [listening(gateway)] : made.flatMap((each) => arrivalOf(each, made, gateway, hostnames))),
      ],
      within: ARRIVES_WITHIN,
      reaches: [{ name: "gateway", peer: gateway.peer, ports: [gateway.through.port] }],
      after: place.after,
    });
  };
  return { services: made.map(({ service }) => service), checks: made.flatMap(({ checks }) => checks), ports, route };
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
function sharesOf(settings: Service, { backends }: HttpService) {
  const versions = versionsOf(settings).flatMap((version) =>
    backends
      .filter(({ slot }) => slot === version.slot)
      .map(({ service, port }) => ({ ...version, backend: { service, port } satisfies Backend })),
  );
  const previews = versions.filter(({ preview }) => preview);
  return {
    backends: versions.map(({ backend, weight }) => ({ ...backend, weight })),
    ...(previews.length > 0 ? { previews: Object.fromEntries(previews.map(({ slot = "", backend }) => [slot, backend])) } : {}),
  };
}
