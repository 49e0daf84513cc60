import type { ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { cloudName } from "../../constructs/core/names";
import { type Duration, known, seconds } from "../../constructs/core/quantities";
import { admissionOf, arrivalOf } from "../../constructs/domain";
import { Binding, DEREGISTRATION } from "../../constructs/entry";
import { type Gateway, gatewayPeer, Routes } from "../../constructs/gateway";
import { type Check, HttpService, healthCheck, type ServiceVersion, WORKLOAD_DEFAULTS } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import { pathOf } from "../model/check/paths";
import { exposedOf, publicPortsOf, tcpTargetGroup } from "../model/derive/endpoints";
import { versionsOf } from "../model/release";
import type { ServiceOf } from "../model/system";
import type { Service } from "../model/workloads/service";
import { type DomainGateway, gatewayOn, publicEndpointOf } from "./gateway";
import { gateOf, type Tested, type WorkloadPlace, waysTo } from "./place";
import { callersOf, podOf, withAccess, withFieldKeys } from "./pods";
import { scalingOf } from "./scaling";

/** Default of `timeout`. */
const TIMEOUT: Duration = "30s";

/**
 * Services of a domain, the Gateway for those that are reachable from outside, and their routes. A route waits only for
 * the tests of versions that receive requests, so that a rollback doesn't depend on the version that it leaves.
 */
export function servicesOf(place: WorkloadPlace): Tested {
  const { stack, namespace, site } = place;
  const { services, trafficAfter } = place.domain;
  const none: Tested = { verifies: [], checks: [], egress: [], endpoints: [] };
  if (services.length === 0) return none;
  const exposed = exposedOf(place.domain);
  const inside = exposed.length === 0 || trafficAfter ? undefined : gatewayTo(place, exposed);
  const made = services.map((one) => {
    const { name, keys, settings, encrypts } = one;
    const path = pathOf(site.environment, keys);
    const { replicas, scaleOn, port = WORKLOAD_DEFAULTS.port, health = WORKLOAD_DEFAULTS.health, ports: further, servicePort } = settings;
    const metrics = settings.metrics ?? (health === "tcp" ? undefined : { port });
    const pod = withAccess(podOf(place, { ...one, settings: { ...settings, ...(metrics ? { metrics } : {}) } }), site.environment);
    const { bound, ingress = [], ...tcp } = publicPortsIn(place, one);
    const admitted = admissionOf({
      namespace,
      gateway: one.exposed ? [gatewayPeer(namespace)] : [],
      callers: callersOf(site.environment, one),
      port,
      publicPorts: publicPortsOf(one).map((open) => open.port),
      further: further !== undefined,
    });
    const service = new HttpService(stack, name, {
      ...(encrypts ? withFieldKeys(pod, site.environment) : pod),
      ...imagesOf(settings),
      replicas,
      ...(scaleOn ? { scaleOn: scalingOf(place, scaleOn) } : {}),
      terminationGracePeriod: settings.terminationGracePeriod ?? settings.timeout ?? TIMEOUT,
      port,
      ...(servicePort === undefined ? {} : { servicePort }),
      ...(further ? { morePorts: further } : {}),
      ...tcp,
      after: [...(pod.after ?? []), ...bound],
      health,
      ...admitted,
      ...(admitted.ingress || ingress.length > 0 ? { ingress: [...(admitted.ingress ?? []), ...ingress] } : {}),
    });
    const versions = versionsIn(settings, describedAt(path, service, { morePorts: "ports" })).map((version) => ({
      ...version,
      check: healthCheck(version.backend, namespace, health),
    }));
    const routed = inside && one.exposed ? route(place, inside, one, versions, gatesOf(place, one, versions)) : undefined;
    if (routed) describedAt(path, routed);
    const others = publicPortsOf(one).filter((each) => each.port !== port);
    const open = others.map(({ name: named, port: number }) => ({
      name: `${named} of ${name}`,
      tcp: { host: `${name}.${namespace}.svc`, port: number },
    }));
    const checks = [...versions.map(({ check }) => check), ...open];
    return { ...one, health, parts: [service, ...(routed ? [routed] : [])], checks };
  });
  const own = {
    verifies: made.flatMap((each) => each.parts),
    checks: made.flatMap(({ checks }) => checks),
    egress: waysTo([...new Set([...ports(services), ...services.flatMap(publicPortsOf).map(({ port }) => port)])]),
  };
  if (!inside) return { ...none, ...own };
  const reached = reachedBy(
    inside,
    made.filter((one) => one.exposed),
  );
  return {
    verifies: [...reached.verifies, ...own.verifies],
    checks: [...reached.rollout, ...own.checks, ...reached.arrivals],
    egress: [...own.egress, ...reached.egress],
    endpoints: [],
  };
}

/**
 * Gateway of a domain and the routes to its services, in a separate stack. The versions that receive requests have passed
 * the test of the domain's stack, so routes don't wait for other tests.
 */
export function trafficOf(place: WorkloadPlace): Tested {
  const exposed = exposedOf(place.domain);
  const inside = gatewayTo(place, exposed);
  const routed = exposed.map((one) => {
    const { name, keys, settings } = one;
    const { port = WORKLOAD_DEFAULTS.port, servicePort = port, health = WORKLOAD_DEFAULTS.health } = settings;
    const versions = versionsOf(settings).map((version) => {
      const { slot } = version;
      return { ...version, backend: { ...(slot ? { slot } : {}), service: slot ? `${name}-${slot}` : name, port: servicePort } };
    });
    return { ...one, health, part: describedAt(pathOf(place.site.environment, keys), route(place, inside, one, versions, [])) };
  });
  const { verifies, rollout, arrivals, egress } = reachedBy(inside, routed);
  return { verifies: [...verifies, ...routed.map(({ part }) => part)], checks: [...rollout, ...arrivals], egress, endpoints: [] };
}

/** Gateway for the exposed services of a domain. */
function gatewayTo(place: WorkloadPlace, exposed: readonly ServiceOf[]): DomainGateway {
  return gatewayOn({ ...place, servicePorts: ports(exposed), longestRequest: longest(exposed.map(({ settings }) => settings)) });
}

/** `health` of a service. */
type Health = { readonly health: string };

/** Checks of a Gateway and of the services behind it. */
function reachedBy({ gateway, hostnames, parts }: DomainGateway, services: readonly (Pick<ServiceOf, "name" | "settings"> & Health)[]) {
  const routed = services.map(({ name, health, settings: { hosts, paths } }) => ({
    name,
    health,
    ...(hosts ? { hosts } : {}),
    ...(paths ? { paths } : {}),
  }));
  return {
    verifies: parts,
    rollout: [{ name: `rollout of ${gateway.deployment.name}`, object: gateway.deployment }] satisfies Check[],
    arrivals: gateway.asksClients ? [listening(gateway)] : routed.flatMap((each) => arrivalOf(each, routed, gateway.through, hostnames)),
    egress: [{ name: "gateway", peer: gateway.peer, ports: [gateway.through.port] }],
  };
}

function ports(services: readonly ServiceOf[]): readonly number[] {
  return [...new Set(services.map(({ settings: { port = WORKLOAD_DEFAULTS.port } }) => port))];
}

/**
 * Ingress from outside to additional ports of a service: on EKS through target groups, for whose registration its pods
 * wait; on an existing cluster you route connections to the Service from any address.
 */
function publicPortsIn({ site, stack, cluster, namespace, domain, after }: WorkloadPlace, service: ServiceOf) {
  const found = publicPortsOf(service);
  const { foundation } = site;
  const entrance = publicEndpointOf(site, domain);
  const ports = found.map(({ port }) => port);
  if (found.length === 0) return { bound: [] };
  if (!foundation?.entry || !entrance) {
    const peer = domain.sourceRanges?.map((cidr) => ({ cidr })) ?? ("anywhere" as const);
    return { bound: [], ingress: [{ name: "tcp", peer, ports }] };
  }
  const outputs = stack.read(foundation.entry);
  const bound = found.map((each) => {
    const target = { targetGroupArn: outputs[tcpTargetGroup(entrance, each)] ?? "", port: each.port };
    const name = cloudName("workload", service.name, each.name);
    return new Binding(stack, `${service.name}-${each.name}-targets`, { cluster, namespace, service: service.name, name, target, after })
      .release;
  });
  const peer = { cidr: stack.read(foundation.network).vpcCidr };
  return { bound, drain: DEREGISTRATION, ingress: [{ name: "tcp", peer, ports }] };
}

/** Route for requests from outside to a service. */
function route(
  place: WorkloadPlace,
  { gateway, hostnames }: DomainGateway,
  { name, settings, retries: repeats }: ServiceOf,
  versions: readonly Shared[],
  after: readonly ITerraformDependable[],
): IConstruct {
  const { paths, hosts = hostnames, maxBodySize, timeout, rateLimit } = settings;
  return new Routes(place.stack, `${name}-routes`, {
    cluster: place.cluster,
    gateway: { ...gateway, ready: [...gateway.ready, ...after] },
    name,
    ...(hosts ? { hostnames: hosts } : {}),
    ...sharesOf(versions),
    retries: repeats,
    ...(paths ? { paths } : {}),
    ...(maxBodySize ? { maxBodySize } : {}),
    ...(timeout ? { timeout } : {}),
    ...(rateLimit ? { rateLimit } : {}),
  });
}

/** Dependencies of a route: the Services of all versions, and the tests of those that receive requests. */
function gatesOf(place: WorkloadPlace, { settings }: ServiceOf, found: readonly (VersionIn & { readonly check: Check })[]) {
  const { port = WORKLOAD_DEFAULTS.port } = settings;
  const versions = found.map((version) => ({ ...version, passed: gateOf(place, version, version.check, port) }));
  const taking = versions.filter(({ weight }) => weight > 0);
  return [...versions.map((each) => each.service), ...taking.map(({ passed }) => passed)];
}

/** Version of a service with its traffic weight. */
type Shared = ReturnType<typeof versionsOf>[number] & Pick<ServiceVersion, "backend">;

/** Running version of a service with its resources. */
type VersionIn = ServiceVersion & Shared;

function versionsIn(settings: Service, { versions }: HttpService): readonly VersionIn[] {
  return versionsOf(settings).flatMap((version) =>
    versions.filter(({ backend: { slot } }) => slot === version.slot).map((made) => ({ ...version, ...made })),
  );
}

function listening({ through: { host, port } }: Gateway): Check {
  return { name: "the gateway", tcp: { host, port } };
}

/** Maximum time that a pod in front of these services waits for a response. */
function longest(services: readonly Service[]): Duration {
  return `${Math.max(...services.map(({ timeout = TIMEOUT }) => known(seconds(timeout))))}s`;
}

/** Running images of a service: one, or one per slot. */
function imagesOf(service: Service) {
  const versions = versionsOf(service);
  if (!service.slots) return { image: versions[0]?.image ?? "" };
  return { slots: Object.fromEntries(versions.map(({ slot = "", image }) => [slot, { image }])) };
}

/** Traffic weights of versions, and versions that a header selects. */
function sharesOf(versions: readonly Shared[]) {
  const shared = versions.map(({ slot = "", weight, preview, backend: { service, port } }) => ({ slot, weight, preview, service, port }));
  const previews = shared.filter(({ preview }) => preview);
  return {
    backends: shared.map(({ service, port, weight }) => ({ service, port, weight })),
    ...(previews.length > 0 ? { previews: Object.fromEntries(previews.map(({ slot, service, port }) => [slot, { service, port }])) } : {}),
  };
}
