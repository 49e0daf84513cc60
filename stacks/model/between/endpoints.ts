import type { DraftSystem } from "../check/drafts";
import type { DomainOf, ServiceOf } from "../system";

/** Checks if a system has public endpoints. */
export function isExposed({ domains }: Pick<DraftSystem, "domains">): boolean {
  return domains.some((domain) => exposedIn(domain).length > 0);
}

/** Services of a domain that are reachable from outside. */
export function exposedIn({ services }: DomainOf): readonly ServiceOf[] {
  return services.filter(({ exposed }) => exposed);
}

/** Host names of a service: its own or its domain's, if known. */
export function hostsOf({ endpoint }: DomainOf, { settings }: ServiceOf, domain: string | undefined): readonly string[] {
  return settings.hosts ?? (domain === undefined ? [] : [`${endpoint.name}.${domain}`]);
}

/** Path prefixes of a service. `/orders` and `/orders/` are equal (Gateway API, PathPrefix). */
export function pathsOf({ settings }: ServiceOf): readonly (readonly [path: string, beginning: string])[] {
  return ((settings.paths ?? ["/"]) as readonly (string | undefined)[]).flatMap((path) =>
    path === undefined ? [] : [[path, path.replace(/\/$/, "")] as const],
  );
}
