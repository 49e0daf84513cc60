import { defaultSupport, endsSoon, type SupportProblem, supportProblems } from "../../constructs/cluster";
import { InvalidInput, type Problem } from "../../constructs/core/errors";
import { DEFAULT_KUBERNETES, DEFAULT_POSTGRES, KUBERNETES, POSTGRES } from "../../constructs/core/versions";
import { pathOf } from "./check/paths";
import { CLUSTER_NAMES, newClusters } from "./derive/clusters";
import { serversOf } from "./derive/members";
import type { Program } from "./environment";
import { isProtected } from "./exceptions";
import { asDomains } from "./shorthand";
import { ENGINES } from "./stores";
import type { PostgresSettings } from "./stores/postgres";
import type { System } from "./system";

type Found = Problem & Pick<SupportProblem, "severity">;

/**
 * Returns versions whose support ends soon after a date, as `2026-11-21`. The caller passes the date: synthesis doesn't
 * read the clock.
 * @throws InvalidInput if a version is out of all support
 */
export function checkSupport(program: Program, today: string): readonly Problem[] {
  const found = program.environments.map(asDomains).flatMap((system) => [...ofClusters(system, today), ...ofPostgres(system, today)]);
  const errors = found.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidInput(errors);
  return found;
}

/**
 * Checks that no server is restored to a time in the future. The caller passes the time, as `2026-11-21T02:15:00.000Z`: synthesis doesn't read
 * the clock.
 * @throws InvalidInput with all such targets
 */
export function checkRestoreTimes(program: Program, now: string): void {
  const found = program.environments.map(asDomains).flatMap((system) =>
    serversOf(system).flatMap(({ keys, settings: { restore } }): Problem[] => {
      const time = restore?.target?.time;
      if (time === undefined || Date.parse(time) <= Date.parse(now)) return [];
      const rule = `is later than now (${now.slice(0, 19)}Z): no backup reaches it`;
      const remedy = "use the time of the last transaction that you want back, in UTC";
      return [{ path: pathOf(system, [...keys, "restore", "target", "time"]), value: time, rule, remedy }];
    }),
  );
  if (found.length > 0) throw new InvalidInput(found);
}

/** Version of a part, and the end of its support. */
export interface SupportedVersion {
  /** Part of the environment: `read-cluster`, `read-database`. */
  readonly part: string;

  /** `Kubernetes 1.35`, `PostgreSQL 17`. */
  readonly version: string;

  /** Date and consequence: `until 2029-11-08 by the community, then no more patches`. */
  readonly support: string;
}

/** Versions of an environment whose end of support is known here: Kubernetes of its own clusters, and PostgreSQL. */
export function supportedVersions(system: System): readonly SupportedVersion[] {
  return [
    ...clustersIn(system).map(({ cluster, version, support }) => ({ part: cluster, version, support })),
    ...serversOf(system).map(({ name, settings: { engine, version = DEFAULT_POSTGRES } }) => ({
      part: name,
      version: `PostgreSQL ${version}`,
      support: `the community's support until ${POSTGRES[version].supportEnds}, then ${afterCommunity(engine)}`,
    })),
  ];
}

type Clusters = Pick<System, "cluster" | "writeCluster" | "readCluster" | "exceptions">;

/** Clusters that an environment creates: version, and what EKS does when its support ends. */
export function clustersIn(environment: Clusters) {
  return newClusters(environment).map(([key, settings]) => {
    const { version = DEFAULT_KUBERNETES, support = defaultSupport(isProtected(environment)) } = settings;
    const { standardSupportEnds, extendedSupportEnds } = KUBERNETES[version];
    const after = {
      standard: `standard support until ${standardSupportEnds}, then EKS upgrades it automatically`,
      extended: `standard support until ${standardSupportEnds}, then extended support at a higher price until ${extendedSupportEnds}`,
    };
    return { cluster: CLUSTER_NAMES[key], version: `Kubernetes ${version}`, support: after[support] };
  });
}

function ofClusters(environment: Clusters & Pick<System, "name">, today: string): readonly Found[] {
  return newClusters(environment).flatMap(([key, { version = DEFAULT_KUBERNETES, support = defaultSupport(isProtected(environment)) }]) =>
    supportProblems(version, support, today).map((problem) => ({ ...problem, path: pathOf(environment, [key, "version"]) })),
  );
}

/** PostgreSQL versions without community support still run: without patches, or at a higher price. */
function ofPostgres(system: System, today: string): readonly Found[] {
  return serversOf(system).flatMap(({ keys, settings: { engine, version = DEFAULT_POSTGRES } }): Found[] => {
    const { supportEnds } = POSTGRES[version];
    if (!endsSoon(supportEnds, today)) return [];
    const rule = `${today > supportEnds ? "left" : "leaves"} the community's support on ${supportEnds}, and then ${afterCommunity(engine)}`;
    return [{ severity: "warning", path: pathOf(system, [...keys, "version"]), value: version, rule, remedy: `use ${newestPostgres()}` }];
  });
}

function afterCommunity(engine: PostgresSettings["engine"]): string {
  return ENGINES[engine].runs === "aws" ? "costs more: RDS charges for extended support" : "gets no more patches";
}

function newestPostgres(): string {
  return Object.keys(POSTGRES).sort((one, other) => Number(other) - Number(one))[0] ?? "";
}
