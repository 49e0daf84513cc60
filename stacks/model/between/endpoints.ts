import type { DraftSystem } from "../check/drafts";
import type { DomainOf, ServiceOf } from "../system";

/** Whether requests reach a system from outside. */
export function isExposed({ domains }: Pick<DraftSystem, "domains">): boolean {
  return domains.some((domain) => exposedIn(domain).length > 0);
}

/** The services of a domain that requests from outside reach. */
export function exposedIn({ services }: DomainOf): readonly ServiceOf[] {
  return services.filter(({ exposed }) => exposed);
}

/** Host names under which a service is reached: its own, or its domain's, as far as that is known. */
export function hostsOf({ endpoint }: DomainOf, { settings }: ServiceOf, domain: string | undefined): readonly string[] {
  return settings.hosts ?? (domain === undefined ? [] : [`${endpoint.name}.${domain}`]);
}

/** Beginnings of paths that a service answers. `/orders` and `/orders/` are one (Gateway API, PathPrefix). */
export function pathsOf({ settings }: ServiceOf): readonly (readonly [path: string, beginning: string])[] {
  return ((settings.paths ?? ["/"]) as readonly (string | undefined)[]).flatMap((path) =>
    path === undefined ? [] : [[path, path.replace(/\/$/, "")] as const],
  );
}
