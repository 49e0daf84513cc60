import { defaultSupport, endsSoon, type SupportProblem, supportProblems } from "../../constructs/cluster";
import { InvalidInput, type Problem } from "../../constructs/core/errors";
import { DEFAULT_KUBERNETES, DEFAULT_POSTGRES, KUBERNETES, POSTGRES } from "../../constructs/core/versions";
import { all } from "./common";
import { newClusters } from "./derive/clusters";
import type { Environment, Program } from "./environment";
import { isProtected } from "./exceptions";
import type { PostgresSettings } from "./stores/postgres";

type Found = Problem & Pick<SupportProblem, "severity">;

/**
 * What is still supported on a day, as `2026-11-21`, but not for long. Synthesis knows no day; whoever runs it does.
 * @throws InvalidInput where a version is out of all support
 */
export function checkSupport(program: Program, today: string): readonly Problem[] {
  const found = program.environments.flatMap((environment) => [...ofClusters(environment, today), ...ofPostgres(environment, today)]);
  const errors = found.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new InvalidInput(errors);
  return found;
}

/** The clusters that an environment makes: their version, and what happens when its support ends. */
export function clustersIn(environment: Environment) {
  return newClusters(environment).map(([cluster, settings]) => {
    const { version = DEFAULT_KUBERNETES, support = defaultSupport(isProtected(environment)) } = settings;
    const { standardSupportEnds, extendedSupportEnds } = KUBERNETES[version];
    const after = {
      standard: `standard support until ${standardSupportEnds}, then EKS upgrades it automatically`,
      extended: `standard support until ${standardSupportEnds}, then extended support at a higher price until ${extendedSupportEnds}`,
    };
    return { cluster, version: `Kubernetes ${version}`, support: after[support] };
  });
}

function ofClusters(environment: Environment, today: string): readonly Found[] {
  return newClusters(environment).flatMap(([key, { version = DEFAULT_KUBERNETES, support = defaultSupport(isProtected(environment)) }]) =>
    supportProblems(version, support, today).map((problem) => ({ ...problem, path: `${environment.name}.${key}.version` })),
  );
}

/** A version of PostgreSQL that leaves the community's support still runs: without patches, or at a higher price. */
function ofPostgres({ name, eventStore, readDatabase }: Environment, today: string): readonly Found[] {
  const servers: readonly (readonly [string, PostgresSettings])[] = [
    ...(eventStore?.engine === "postgres" ? [["eventStore.server", eventStore.server] as const] : []),
    ...all(readDatabase).map((server, index) => [Array.isArray(readDatabase) ? `readDatabase[${index}]` : "readDatabase", server] as const),
  ];
  return servers.flatMap(([path, { engine, version = DEFAULT_POSTGRES }]): Found[] => {
    const { supportEnds } = POSTGRES[version];
    if (!endsSoon(supportEnds, today)) return [];
    const after = engine === "cloudnative-pg" ? "gets no more patches" : "costs more: RDS charges for extended support";
    const rule = `${today > supportEnds ? "left" : "leaves"} the community's support on ${supportEnds}, and then ${after}`;
    return [{ severity: "warning", path: `${name}.${path}.version`, value: version, rule, remedy: `use ${newestPostgres()}` }];
  });
}

function newestPostgres(): string {
  return Object.keys(POSTGRES).sort((one, other) => Number(other) - Number(one))[0] ?? "";
}
