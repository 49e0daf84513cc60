import {
  cloudflareHost,
  cloudflareHostProblems,
  type EdgeCaching,
  edgeCachingProblems,
  edgePatienceProblems,
  WITHOUT_VPC_ORIGINS,
} from "../../../constructs/edge";
import { clientAuthorityProblems, nearest } from "../../../constructs/gateway";
import { WORKLOAD_DEFAULTS } from "../../../constructs/workload";
import type { DraftProgram, DraftSystem, ProgramFinding, Rule } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import type { CloudflareSettings } from "../edge";
import type { DomainOf, ServiceOf } from "../system";
import { exposedIn, hostsOf } from "./endpoints";
import { isGeneral } from "./parts";

/** Rules for the edge of one environment. */
export const edgeRules: readonly Rule[] = [
  edgesHaveAnOrigin,
  cloudFrontComesIntoTheNetwork,
  cloudFrontCanBeCertified,
  queriesHaveOneEdge,
  edgesForgetInTime,
  cloudflareHostsAreInTheirZone,
  originsKnowTheirZone,
  edgesWaitLonger,
  monitorsAreAnswered,
];

/** Rules between the edges of several environments. */
export const edgesBesideEachOther: readonly ((program: DraftProgram) => readonly ProgramFinding[])[] = [
  zonesBelongToOne,
  cloudflareAnswersForItsHosts,
  standbysShareTheEdge,
];

type DraftEdge = Omit<Draft<CloudflareSettings>, "provider"> & { readonly provider?: string };

/** Edge, the service behind it, and its location in the configuration. */
interface Found {
  readonly keys: readonly string[];
  readonly edge: DraftEdge;
  readonly service: ServiceOf;
  readonly domain: DomainOf;
}

/** Configured edges. */
function edges({ domains }: Pick<DraftSystem, "domains">): readonly Found[] {
  return domains.flatMap((domain) =>
    domain.services.flatMap((service): Found[] => {
      const edge = service.settings.edge as DraftEdge | undefined;
      return edge ? [{ keys: [...service.keys, "edge"], edge, service, domain }] : [];
    }),
  );
}

function edgesHaveAnOrigin(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ keys, service, domain }): Finding[] => {
    if (!service.exposed) {
      return [{ keys, rule: "requires a service with a public endpoint", remedy: "add paths or hosts, or leave it out" }];
    }
    if (!system.aws)
      return [
        {
          keys,
          rule: "requires AWS, because its origin is a load balancer on AWS, and the environment has no aws",
          remedy: "add aws, or leave it out",
        },
      ];
    const cluster = system[domain.cluster];
    if (!cluster || !("context" in cluster)) return [];
    const { name } = domain.endpoint;
    const behind = isGeneral(domain) ? `services of ${name}` : name;
    const rule = `requires a load balancer of this environment, but ${behind} run on an existing cluster`;
    return [{ keys, rule, remedy: `leave it out: the owner of the cluster lets ${isGeneral(domain) ? "requests" : name} in` }];
  });
}

function cloudFrontComesIntoTheNetwork(system: DraftSystem): Finding[] {
  const region = system.aws?.region;
  if (region === undefined || !WITHOUT_VPC_ORIGINS.includes(region)) return [];
  return edges(system)
    .filter(({ edge }) => edge.provider === "cloudfront")
    .map(({ keys }) => ({
      keys: [...keys, "provider"],
      value: "cloudfront",
      rule: `can't reach a network of ${region}`,
      remedy: "use cloudflare, or another region",
    }));
}

/** Maximum length of a certificate's common name (X.520). A distribution's common name is its host. */
const LONGEST = 64;

function cloudFrontCanBeCertified(system: DraftSystem): Finding[] {
  const apex = system.aws?.domain;
  return edges(system).flatMap(({ edge, domain, service }): Finding[] => {
    if (edge.provider !== "cloudfront") return [];
    const host = hostsOf(domain, service, apex).find((one) => one?.length > LONGEST);
    if (host === undefined) return [];
    if (service.settings.hosts) {
      const rule = `has ${host.length} characters, and its certificate can't have a common name above ${LONGEST}`;
      return [{ keys: [...service.keys, "hosts"], value: host, rule, remedy: `use up to ${LONGEST} characters` }];
    }
    const rule = `has ${apex?.length} characters, and the certificate of ${host} can't have a common name above ${LONGEST}`;
    return [{ keys: ["aws", "domain"], value: apex, rule, remedy: `use up to ${LONGEST - host.length + (apex?.length ?? 0)} characters` }];
  });
}

function queriesHaveOneEdge(system: DraftSystem): Finding[] {
  return edges(system)
    .slice(1)
    .map(({ keys }) => ({ keys, rule: "is a second edge, and the queries of an environment have one public name", remedy: "keep one" }));
}

function edgesForgetInTime(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ keys, edge }) =>
    edgeCachingProblems(edge as Partial<EdgeCaching>).map((problem) => ({ ...problem, keys: [...keys, ...problem.keys] })),
  );
}

function cloudflareHostsAreInTheirZone(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ keys, edge: { host, zone } }) =>
    host && zone?.name ? cloudflareHostProblems(host, zone.name).map((problem) => ({ ...problem, keys: [...keys, "host"] })) : [],
  );
}

function originsKnowTheirZone(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ keys, edge: { clientAuthority } }) =>
    clientAuthority ? clientAuthorityProblems(clientAuthority).map((problem) => ({ ...problem, keys: [...keys, "clientAuthority"] })) : [],
  );
}

function edgesWaitLonger(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ edge: { provider }, service: { keys, settings } }) =>
    provider && settings.timeout
      ? edgePatienceProblems(provider as "cloudflare", settings.timeout).map((problem) => ({ ...problem, keys: [...keys, "timeout"] }))
      : [],
  );
}

/** Cloudflare's health checks use the same path as queries. */
function monitorsAreAnswered(system: DraftSystem): Finding[] {
  return edges(system).flatMap(({ edge, domain, service: { keys, settings } }): Finding[] => {
    const { paths, health = WORKLOAD_DEFAULTS.health } = settings;
    const beginnings = exposedIn(domain).flatMap((service) => service.settings.paths ?? ["/"]);
    if (edge.provider !== "cloudflare" || !paths || nearest(beginnings, health) >= 0) return [];
    const rule = `leaves out ${health}, where cloudflare asks whether the origin is well`;
    return [{ keys: [...keys, "paths"], value: paths, rule, remedy: "add it" }];
  });
}

/** A zone has one list of rules per phase: a second environment would overwrite it. */
function zonesBelongToOne({ environments }: DraftProgram): ProgramFinding[] {
  const zones = environments.flatMap((environment) =>
    edges(environment).map(({ keys, edge: { zone } }) => ({ root: environment.name, original: environment.standbyOf, keys, id: zone?.id })),
  );
  return zones.flatMap(({ root, original, keys, id }, index): ProgramFinding[] => {
    if (!root || !id || original) return [];
    const other = zones.slice(0, index).find((before) => before.id === id && before.root && !before.original && before.root !== root);
    if (!other?.root) return [];
    const rule = `is also the zone of ${other.root}, and settings and rules apply to a whole zone`;
    return [{ root, keys: [...keys, "zone", "id"], value: id, rule, remedy: "give each environment a separate zone" }];
  });
}

/** Route 53 serves names below the environment's own domain, which are the names of origins. */
function cloudflareAnswersForItsHosts({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment) =>
    edges(environment).flatMap(({ keys, edge }): ProgramFinding[] => {
      const { zone, host } = edge;
      if (!environment.name || !zone?.name) return [];
      const name = cloudflareHost({ zone: { name: zone.name }, ...(host ? { host } : {}) });
      const domain = environments.flatMap(({ aws }) => aws?.domain ?? []).find((below) => name === below || name.endsWith(`.${below}`));
      if (!domain) return [];
      const rule = `is below ${domain}, for which Route 53 answers`;
      return [
        { root: environment.name, keys: [...keys, "host"], value: name, rule, remedy: "use a name that only Cloudflare answers for" },
      ];
    }),
  );
}

/** A standby is one of the regions behind the primary's public name, and can't have another name at Cloudflare. */
function standbysShareTheEdge({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment) =>
    edges(environment).flatMap(({ keys, edge: { provider, zone, clientAuthority } }): ProgramFinding[] => {
      const original = environments.find(({ name }) => name !== undefined && name === environment.standbyOf);
      if (!environment.name || !original || provider !== "cloudflare") return [];
      const different = (key: string, rule: string, remedy: string) => [
        { root: environment.name ?? "", keys: [...keys, key], rule, remedy },
      ];
      const theirs = edges(original).find(({ edge }) => edge.zone?.id === zone?.id)?.edge;
      if (!theirs)
        return different(
          "zone",
          `is not the zone of ${original.name}, for which it stands by`,
          "give both the same edge, or leave it out here",
        );
      if (theirs.clientAuthority === clientAuthority) return [];
      return different(
        "clientAuthority",
        `is not that of ${original.name}, and their zone shows both the same certificate`,
        "give both the same",
      );
    }),
  );
}
