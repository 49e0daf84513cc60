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
import type { Draft, DraftEnvironment, DraftProgram, Finding, ProgramFinding, Rule } from "../check/finding";
import { each } from "../check/finding";
import type { CloudflareSettings, Edge } from "../edge";
import type { QueryApi } from "../workloads/service";

/** What must hold of the edge of one environment. */
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

/** What must hold between the edges of several. */
export const edgesBesideEachOther: readonly ((program: DraftProgram) => readonly ProgramFinding[])[] = [
  zonesBelongToOne,
  cloudflareAnswersForItsHosts,
  standbysShareTheEdge,
];

type DraftEdge = Omit<Draft<CloudflareSettings>, "provider"> & { readonly provider?: string };

/** The services that answer queries, each with its keys. */
function queries(environment: DraftEnvironment) {
  type Query = Pick<QueryApi, "timeout" | "paths" | "health"> & { readonly edge?: Partial<Pick<Edge, "provider">> };
  return each(environment, "queryApi") as [string[], Query][];
}

/** The edges that are described, each with its keys. */
function edges(environment: DraftEnvironment): [string[], DraftEdge][] {
  return each(environment, "queryApi").flatMap(([keys, { edge }]): [string[], DraftEdge][] =>
    edge ? [[[...keys, "edge"], edge as DraftEdge]] : [],
  );
}

function edgesHaveAnOrigin(environment: DraftEnvironment): Finding[] {
  const { aws, cluster, readCluster = cluster } = environment;
  return edges(environment).flatMap(([keys]): Finding[] => {
    if (!aws)
      return [{ keys, rule: "stands before a load balancer on AWS, and the environment has no aws", remedy: "add aws, or leave it out" }];
    if (!readCluster || !("context" in readCluster)) return [];
    const rule = "stands before a load balancer that is made here, and queries run on an existing cluster";
    return [{ keys, rule, remedy: "leave it out: whoever owns the cluster lets queries in" }];
  });
}

function cloudFrontComesIntoTheNetwork(environment: DraftEnvironment): Finding[] {
  const region = environment.aws?.region;
  if (region === undefined || !WITHOUT_VPC_ORIGINS.includes(region)) return [];
  return edges(environment)
    .filter(([, { provider }]) => provider === "cloudfront")
    .map(([keys]) => ({
      keys: [...keys, "provider"],
      value: "cloudfront",
      rule: `has no way into a network of ${region}`,
      remedy: "use cloudflare, or another region",
    }));
}

/** A certificate's common name has up to 64 characters (X.520), and that of a distribution is its host. */
function cloudFrontCanBeCertified(environment: DraftEnvironment): Finding[] {
  const { aws } = environment;
  const longest = 64 - "queries.".length;
  if (
    aws?.domain === undefined ||
    aws.domain.length <= longest ||
    !edges(environment).some(([, { provider }]) => provider === "cloudfront")
  )
    return [];
  const rule = `has ${aws.domain.length} characters, and the certificate of queries.${aws.domain} can't have a common name above 64`;
  return [{ keys: ["aws", "domain"], value: aws.domain, rule, remedy: `use up to ${longest} characters` }];
}

function queriesHaveOneEdge(environment: DraftEnvironment): Finding[] {
  return edges(environment)
    .slice(1)
    .map(([keys]) => ({ keys, rule: "is a second edge, and the queries of an environment have one public name", remedy: "keep one" }));
}

function edgesForgetInTime(environment: DraftEnvironment): Finding[] {
  return edges(environment).flatMap(([keys, edge]) =>
    edgeCachingProblems(edge as Partial<EdgeCaching>).map((problem) => ({ ...problem, keys: [...keys, ...problem.keys] })),
  );
}

function cloudflareHostsAreInTheirZone(environment: DraftEnvironment): Finding[] {
  return edges(environment).flatMap(([keys, { host, zone }]) =>
    host && zone?.name ? cloudflareHostProblems(host, zone.name).map((problem) => ({ ...problem, keys: [...keys, "host"] })) : [],
  );
}

function originsKnowTheirZone(environment: DraftEnvironment): Finding[] {
  return edges(environment).flatMap(([keys, { clientAuthority }]) =>
    clientAuthority ? clientAuthorityProblems(clientAuthority).map((problem) => ({ ...problem, keys: [...keys, "clientAuthority"] })) : [],
  );
}

function edgesWaitLonger(environment: DraftEnvironment): Finding[] {
  return queries(environment).flatMap(([keys, { edge, timeout }]) =>
    edge?.provider && timeout
      ? edgePatienceProblems(edge.provider, timeout).map((problem) => ({ ...problem, keys: [...keys, "timeout"] }))
      : [],
  );
}

/** Cloudflare asks an origin by the way that queries come. */
function monitorsAreAnswered(environment: DraftEnvironment): Finding[] {
  const found = queries(environment);
  const beginnings = found.flatMap(([, { paths = ["/"] }]) => paths);
  return found.flatMap(([keys, { edge, paths, health = WORKLOAD_DEFAULTS.health }]): Finding[] => {
    if (edge?.provider !== "cloudflare" || !paths || nearest(beginnings, health) >= 0) return [];
    const rule = `leaves out ${health}, where cloudflare asks whether the origin is well`;
    return [{ keys: [...keys, "paths"], value: paths, rule, remedy: "add it" }];
  });
}

/** A zone has one list of rules for each phase: another environment's would take their place. */
function zonesBelongToOne({ environments }: DraftProgram): ProgramFinding[] {
  const zones = environments.flatMap((environment) =>
    edges(environment).map(([keys, { zone }]) => ({ root: environment.name, original: environment.standbyOf, keys, id: zone?.id })),
  );
  return zones.flatMap(({ root, original, keys, id }, index): ProgramFinding[] => {
    if (!root || !id || original) return [];
    const other = zones.slice(0, index).find((before) => before.id === id && before.root && !before.original && before.root !== root);
    if (!other?.root) return [];
    const rule = `is the zone of ${other.root} as well, whose settings and rules are the whole zone's`;
    return [{ root, keys: [...keys, "zone", "id"], value: id, rule, remedy: "give each environment a zone of its own" }];
  });
}

/** Names below an environment's own domain are answered by Route 53, and are what origins are called. */
function cloudflareAnswersForItsHosts({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment) =>
    edges(environment).flatMap(([keys, edge]): ProgramFinding[] => {
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

/** A standby is one of the regions behind its original's public name, and has no other at Cloudflare. */
function standbysShareTheEdge({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment) =>
    edges(environment).flatMap(([keys, { provider, zone, clientAuthority }]): ProgramFinding[] => {
      const original = environments.find(({ name }) => name !== undefined && name === environment.standbyOf);
      if (!environment.name || !original || provider !== "cloudflare") return [];
      const different = (key: string, rule: string, remedy: string) => [
        { root: environment.name ?? "", keys: [...keys, key], rule, remedy },
      ];
      const theirs = edges(original).find(([, edge]) => edge.zone?.id === zone?.id)?.[1];
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
