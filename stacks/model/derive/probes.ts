import { arrivingPath } from "../../../constructs/domain";
import { cloudflareHost } from "../../../constructs/edge";
import type { ProbeTarget } from "../../../constructs/observability";
import { WORKLOAD_DEFAULTS } from "../../../constructs/workload";
import type { ClusterKey } from "../cluster";
import { ownPrometheus } from "../monitoring";
import { engineOf } from "../stores";
import type { ServiceOf, System } from "../system";
import { defaultHost, exposedOf, type PublicEndpoint, publicEndpoints } from "./endpoints";
import { hubOf } from "./hub";

/**
 * Addresses that a cluster probes: on the hub, the public endpoints of all services; on each cluster, those of its stores that export no
 * metrics. None with an existing Prometheus.
 */
export function probesOn(system: System, key: ClusterKey): readonly ProbeTarget[] {
  if (!ownPrometheus(system.monitoring)) return [];
  return [...(key === hubOf(system) ? publicProbes(system) : []), ...storeProbes(system, key)];
}

function storeProbes({ stores }: System, key: ClusterKey): readonly ProbeTarget[] {
  return stores.flatMap((store): ProbeTarget[] => {
    const { cluster, name, namespace } = store;
    const ping = engineOf(store)?.ping;
    return cluster === key && ping ? [{ ...ping({ name, namespace }), expect: "success", namespace }] : [];
  });
}

function publicProbes(system: System): readonly ProbeTarget[] {
  return publicEndpoints(system).flatMap((endpoint) => {
    const { domain } = endpoint;
    const exposed = exposedOf(domain).map(routedOf);
    const shared = [defaultHost(domain, system.aws ?? { domain: "" })];
    return exposed.flatMap((service): ProbeTarget[] => {
      const path = arrivingPath(service, exposed, shared);
      if (path === undefined) return [];
      const expect = path === service.health ? "success" : "answer";
      return hostsOf(system, endpoint, service, shared).map((host) => ({
        url: `https://${host}${path}`,
        expect,
        namespace: domain.namespace,
      }));
    });
  });
}

type Routed = ReturnType<typeof routedOf>;

function routedOf({ name, settings: { hosts, paths, health = WORKLOAD_DEFAULTS.health, edge } }: ServiceOf) {
  return { name, health, ...(hosts ? { hosts } : {}), ...(paths ? { paths } : {}), ...(edge ? { edge } : {}) };
}

/**
 * Host names by which clients reach a service. Behind Cloudflare, the load balancer allows Cloudflare only, and a standby shares the host
 * name of its primary. With `sourceRanges`, the load balancer doesn't allow the hub,
 * whose prober connects to public addresses only.
 */
function hostsOf({ standbyOf }: System, endpoint: PublicEndpoint, { edge, hosts }: Routed, shared: readonly string[]): readonly string[] {
  if (endpoint.internal || endpoint.sourceRanges) return [];
  if (endpoint.edge !== "cloudflare") return hosts ?? shared;
  return edge?.provider === "cloudflare" && standbyOf === undefined ? [cloudflareHost(edge)] : [];
}
