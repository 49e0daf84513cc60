import { AURORA_SIZES, isBurstable } from "../../../constructs/postgres";
import type { DraftProgram, DraftSystem, ProgramFinding, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import { type GlobalServer, globalServersOf } from "../derive/global-databases";
import { isWaiting, replicaStores } from "../derive/standby";
import type { System } from "../system";

/** Rules of Aurora global databases in one environment. */
export const globalDatabaseRules: readonly Rule[] = [globalInstancesAreLarge, secondariesAreOnlyRead, secondariesAreNotRestored];

/** Aurora, configuration requirements of a global database. */
function globalInstancesAreLarge(system: DraftSystem): Finding[] {
  return serversIn(system).flatMap(({ server: { keys, settings } }) => {
    const size = settings.size ?? system.size ?? "medium";
    const instance = AURORA_SIZES[size as keyof typeof AURORA_SIZES]?.instance;
    if (!instance || !isBurstable("aurora-postgresql", instance)) return [];
    const remedy = 'set size: "medium" or "large" for the server';
    return [{ keys: [...keys, "globalDatabase"], rule: `can't have the burstable instances of the size ${size}`, remedy }];
  });
}

function secondariesAreOnlyRead(system: DraftSystem): Finding[] {
  if (system.standbyOf === undefined) return [];
  const replicas = globalServersOf({ stores: replicaStores(system as System) }).map(({ server }) => server.name);
  return serversIn(system)
    .filter(({ server }) => !replicas.includes(server.name))
    .map(({ server: { keys } }) => ({
      keys: [...keys, "globalDatabase"],
      rule: "makes the server read-only until the promotion, and projections of this standby write to it",
      remedy: `remove it here and in ${system.standbyOf}: the projections build the read models in both regions`,
    }));
}

function secondariesAreNotRestored(system: DraftSystem): Finding[] {
  return serversIn(system)
    .filter(({ globalDatabase, server: { settings } }) => globalDatabase.of !== system.name && settings.restore !== undefined)
    .map(({ server: { keys, settings } }) => ({
      keys: [...keys, "restore"],
      value: settings.restore,
      rule: "can't be combined with globalDatabase: the server has the data of the primary",
      remedy: "leave it out",
    }));
}

/** A global database has a server in the primary and one in its standby. */
export function globalDatabasesHaveTwoRegions({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment): ProgramFinding[] => {
    const { name } = environment;
    if (!name) return [];
    const linked = environments.filter(
      (other) => other.name !== undefined && other.name !== name && (other.name === environment.standbyOf || other.standbyOf === name),
    );
    const found = serversIn(environment).flatMap((one) => [
      ...linkProblems(environment, linked, one),
      ...copyProblems(environment, linked, one),
    ]);
    return found.map((problem) => ({ root: name, ...problem }));
  });
}

function linkProblems(
  environment: DraftSystem,
  linked: readonly DraftSystem[],
  { server, globalDatabase: { of } }: GlobalServer,
): Finding[] {
  const keys = [...server.keys, "globalDatabase"];
  const names = [environment, ...linked].map(({ name }) => name);
  if (!names.includes(of)) {
    const rule = "must be this environment, or the other one of the primary and its standby";
    return [{ keys: [...keys, "of"], value: of, rule, remedy: `use ${names.join(" or ")}` }];
  }
  const others = linked.filter((other) => counterpart(other, server.name)?.globalDatabase.of === of);
  if (others.length === 1) return [];
  if (others.length > 1) {
    const rule = `spans more than two environments: ${others.map(({ name }) => name).join(" and ")} are in one region`;
    return [{ keys, rule, remedy: "keep it in one of them" }];
  }
  const [other] = linked;
  const remedy = other
    ? `add globalDatabase: { of: "${of}", … } to ${server.name} of ${other.name}, or remove it`
    : "add an environment with standbyOf, or remove it";
  return [{ keys, rule: "has no server in another region to replicate to", remedy }];
}

/** Requirements of AWS when a secondary is created. */
function copyProblems(environment: DraftSystem, linked: readonly DraftSystem[], { server, globalDatabase }: GlobalServer): Finding[] {
  const { aws } = environment;
  const owner = linked.find(({ name }) => name === globalDatabase.of);
  const primary = isWaiting(environment as System) ? linked.find(({ name }) => name === environment.standbyOf) : undefined;
  const region = owner?.aws?.region;
  const needed = primary && counterpart(primary, server.name)?.globalDatabase.minorVersion;
  return [
    ...(region === undefined || aws?.recoveryRegion === region
      ? []
      : [
          {
            keys: ["aws", "recoveryRegion"],
            ...(aws?.recoveryRegion === undefined ? {} : { value: aws.recoveryRegion }),
            rule: `must be the region of ${owner?.name}, whose global database ${server.name} joins`,
            remedy: `use ${region}`,
          },
        ]),
    ...(needed === undefined || globalDatabase.minorVersion >= needed
      ? []
      : [
          {
            keys: [...server.keys, "globalDatabase", "minorVersion"],
            value: globalDatabase.minorVersion,
            rule: `is older than that of ${primary?.name}, which it can't follow`,
            remedy: `use ${needed}`,
          },
        ]),
  ];
}

/** Server of the same name in another environment. */
function counterpart(other: DraftSystem, name: string): GlobalServer | undefined {
  return serversIn(other).find(({ server }) => server.name === name);
}

/** Servers with a complete setting. An incomplete one is reported by its shape. */
function serversIn(system: DraftSystem): readonly GlobalServer[] {
  return globalServersOf(system as System).filter(
    ({ globalDatabase: { of, minorVersion } }) => of !== undefined && minorVersion !== undefined,
  );
}
