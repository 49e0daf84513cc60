import { sourceProblems } from "../../../constructs/entry/contract";
import type { DraftSystem, Rule, RuleFinding } from "../check/drafts";
import type { Finding } from "../check/finding";
import { suggestion } from "../check/shape";
import { publicPortsOf, tcpPortsOf } from "../derive/endpoints";
import type { DomainOf, ServiceOf } from "../system";
import { isExisting, otherOf } from "./domains";
import { exposedIn, hostsOf } from "./endpoints";
import { writtenAt } from "./parts";

/** Rules for what clients outside of an environment reach. */
export const ingressRules: readonly Rule[] = [
  trafficFollowsDomains,
  outsideReaches,
  hostsAreApart,
  publicPortsAreReached,
  clientsAreLimited,
  tcpServicesSpeakTcp,
];

/** Only domains with requests from outside can have `trafficAfter`. */
function trafficFollowsDomains({ name, domains }: DraftSystem): RuleFinding[] {
  const names = domains.map((domain) => domain.name);
  return domains.flatMap((domain): RuleFinding[] => {
    const { trafficAfter, keys } = domain;
    if (trafficAfter === undefined) return [];
    const own = [...keys, "trafficAfter"];
    if (exposedIn(domain).length === 0) {
      const rule = "is of requests from outside, and no service of the domain has paths or hosts";
      return [{ keys: own, rule, remedy: "leave it out", lacking: true }];
    }
    return (trafficAfter as readonly (string | undefined)[]).flatMap((before, index): RuleFinding[] => {
      if (before === undefined) return [];
      const at = [...own, String(index)];
      if (before === domain.name) return [{ keys: at, value: before, rule: "is the domain itself", remedy: "leave it out" }];
      if (names.includes(before)) return [];
      return [{ keys: at, value: before, rule: `is not a domain of ${name}`, remedy: otherOf(before, names, domain.name), lacking: true }];
    });
  });
}

/** Settings of the Gateway require a service that is reachable from outside. */
function outsideReaches({ domains }: DraftSystem): Finding[] {
  const inside = domains.flatMap(({ services }) => services.filter((service) => !service.exposed));
  return inside.flatMap(({ keys, settings: { release, rateLimit, maxBodySize } }): Finding[] => [
    ...(release === "blue-green"
      ? [
          {
            keys: [...keys, "release"],
            value: release,
            rule: "turns requests from outside to another slot, and none reach the service",
            remedy: 'use "rolling", or add paths or hosts',
          },
        ]
      : []),
    ...Object.entries({ rateLimit, maxBodySize }).flatMap(([setting, value]): Finding[] => {
      if (value === undefined) return [];
      const rule = "limits requests from outside, and none reach the service";
      return [{ keys: [...keys, setting], rule, remedy: "leave it out, or add paths or hosts" }];
    }),
  ]);
}

/** A host name belongs to one domain, and on AWS is within the environment's domain. */
function hostsAreApart(system: DraftSystem): Finding[] {
  const apex = system.aws?.domain;
  const named = system.domains.flatMap((domain) => namedIn(system, domain).map((service) => ({ domain, service })));
  return named.flatMap(({ domain, service }, index) => {
    const own = service.settings.hosts !== undefined;
    const keys = own ? [...service.keys, "hosts"] : service.keys;
    return hostsOf(domain, service, apex).flatMap((host): Finding[] => {
      if (!host) return [];
      const owner = named
        .slice(0, index)
        .find((other) => other.domain !== domain && hostsOf(other.domain, other.service, apex).includes(host));
      if (owner) {
        return [
          { keys, value: host, rule: `is a host of ${writtenAt(owner.domain)} as well`, remedy: "use another host for one of the two" },
        ];
      }
      if (!own || apex === undefined || host === apex || host.endsWith(`.${apex}`)) return [];
      return [
        {
          keys,
          value: host,
          rule: `is not below ${apex}, whose zone it would have its name and certificate in`,
          remedy: `use one below ${apex}`,
        },
      ];
    });
  });
}

/** Services with a public name. Without any that use HTTP, the public TCP ports of a domain have its default host name on AWS. */
function namedIn(system: DraftSystem, domain: DomainOf): readonly ServiceOf[] {
  const exposed = exposedIn(domain);
  if (exposed.length > 0 || isExisting(system, domain.cluster)) return exposed;
  return domain.services.filter((service) => publicPortsOf(service).length > 0).slice(0, 1);
}

/** Public ports require a service in one version, behind the load balancer of its domain. */
function publicPortsAreReached(system: DraftSystem): Finding[] {
  return system.domains.flatMap((domain) => {
    const taken = new Map<number, string>();
    const cluster = system[domain.cluster];
    const isMadeHere = cluster !== undefined && !("context" in cluster);
    const edge = domain.services.find(({ settings }) => settings.edge);
    return domain.services.flatMap((service) => {
      const { publicPorts = [], release } = service.settings;
      const ports = tcpPortsOf(service.settings);
      return publicPorts.flatMap((name, index): Finding[] => {
        if (!name) return [];
        const found = (rule: string, remedy: string): Finding[] => [
          { keys: [...service.keys, "publicPorts", String(index)], value: name, rule, remedy },
        ];
        const port = Object.hasOwn(ports, name) ? ports[name] : undefined;
        if (!Object.hasOwn(ports, name)) {
          return found(
            "must be one of the service's ports",
            Object.keys(ports).length > 0 ? suggestion(name, Object.keys(ports)) : "add it to ports",
          );
        }
        if (release === "blue-green")
          return found("can't be split between two versions, as requests are", "release the service by rolling");
        const owner = port === undefined ? undefined : taken.get(port);
        if (port !== undefined) taken.set(port, service.name);
        if (owner !== undefined)
          return found(`is ${port}, on which the load balancer listens for ${owner}`, "use another port for one of the two");
        return isMadeHere && edge
          ? found(`needs a load balancer that clients reach, and that of ${edge.name} admits its edge only`, "move it to another domain")
          : [];
      });
    });
  });
}

/** Settings that limit the clients of a domain: where its load balancer is, and which addresses may connect. */
function clientsAreLimited(system: DraftSystem): RuleFinding[] {
  return system.domains.flatMap((domain): RuleFinding[] => {
    const { sourceRanges, internal, keys } = domain;
    const found = (setting: string, rule: string, remedy: string): RuleFinding => ({ keys: [...keys, setting], rule, remedy });
    const edge = domain.services.find(({ settings }) => settings.edge);
    const tcp = domain.services.flatMap(publicPortsOf).length;
    const https = exposedIn(domain).length > 0 ? 1 : 0;
    // On an existing cluster, network policies restrict the addresses for public ports.
    const hasOwnIngress = isExisting(system, domain.cluster);
    return Object.entries({ sourceRanges, internal: internal || undefined }).flatMap(([setting, value]): RuleFinding[] => {
      if (value === undefined) return [];
      if (tcp + https === 0) {
        const rule = "is of clients outside, who reach no service of the domain";
        return [{ ...found(setting, rule, "leave it out, or add publicPorts, paths or hosts"), lacking: true }];
      }
      if (edge) return [found(setting, `is of clients of a load balancer, and that of ${edge.name} admits its edge only`, "leave it out")];
      if (hasOwnIngress && (setting === "internal" || tcp === 0)) {
        const rule = "is of clients of a load balancer, and on an existing cluster you provide the ingress";
        return [found(setting, rule, "leave it out, and filter there")];
      }
      if (setting === "internal") return [];
      const blocks = (sourceRanges as readonly (string | undefined)[]).filter((block) => block !== undefined);
      return sourceProblems({ blocks }, tcp + https).map((problem) => ({ keys: [...keys, setting], ...problem }));
    });
  });
}

/** A service that doesn't use HTTP is reached by its ports only, and the port of its Service is that of its pods. */
function tcpServicesSpeakTcp({ domains }: DraftSystem): Finding[] {
  return domains.flatMap(({ services, projections }) => [
    ...services.flatMap(({ keys, exposed, settings }): Finding[] => {
      if (settings.health !== "tcp") return [];
      const found = (setting: string, rule: string, remedy: string): Finding => ({ keys: [...keys, setting], value: "tcp", rule, remedy });
      return [
        ...(exposed
          ? [
              found(
                "health",
                "can't receive requests from outside, because its Gateway routes HTTP",
                'write a path, or use publicPorts: ["tcp"]',
              ),
            ]
          : []),
        ...(settings.ports && Object.hasOwn(settings.ports, "tcp")
          ? [found("ports", 'is the name of port with health: "tcp"', "give it another name")]
          : []),
        ...(settings.publicPorts?.includes("tcp") && settings.servicePort !== undefined
          ? [found("publicPorts", "has another port at the Service (servicePort)", "leave servicePort out")]
          : []),
      ];
    }),
    ...projections.flatMap(({ keys, settings: { health } }): Finding[] =>
      health?.lag !== undefined && health.port !== undefined && health.path === undefined
        ? [
            {
              keys: [...keys, "health", "lag"],
              value: health.lag,
              rule: "is a field of a response, and there is no path",
              remedy: "add path",
            },
          ]
        : [],
    ),
  ]);
}
