import type { DraftProgram, DraftSystem, ProgramFinding, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import { runsAt } from "../derive/members";
import { canFollow, coldServers, isWaiting, primaryOf } from "../derive/standby";
import { configuredStreamBackups } from "../derive/stream-backups";
import { engineOf } from "../stores";
import type { StoreOf, System } from "../system";

/** Rules of one environment as a standby. */
export const standbyRules: readonly Rule[] = [promotedOnesStandBy, promotedOnesHaveTheirData];

/** Rules between a standby and its primary. */
export const standbysBesidePrimaries: readonly ((program: DraftProgram) => readonly ProgramFinding[])[] = [
  standbysHaveAnOriginal,
  standbysCanTakeOver,
];

function promotedOnesStandBy({ standbyOf, promoted }: DraftSystem): Finding[] {
  if (promoted === undefined || standbyOf !== undefined) return [];
  const remedy = 'leave it out, or write standbyOf: "…" as before the promotion';
  return [{ keys: ["promoted"], value: promoted, rule: "requires standbyOf, which this environment doesn't have", remedy }];
}

/** A server that is created with the promotion is created from a backup. */
function promotedOnesHaveTheirData(system: DraftSystem): Finding[] {
  if (system.standbyOf === undefined || isWaiting(system as System)) return [];
  return coldServers(system as System)
    .filter(({ settings }) => settings.restore === undefined)
    .map(({ keys }) => {
      const remedy = `write restore: { from: { environment: "${system.standbyOf}" }, target: { … } } (docs/standby.md)`;
      return { keys: [...keys, "restore"], rule: "is missing, and the server would begin without the data of the primary", remedy };
    });
}

export function standbysHaveAnOriginal({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap(({ name, standbyOf, aws }): ProgramFinding[] => {
    if (!name || standbyOf === undefined) return [];
    const problem = (rule: string, remedy: string) => [{ root: name, keys: ["standbyOf"], value: standbyOf, rule, remedy }];
    const original = environments.find((other) => other.name === standbyOf);
    if (!original || original.name === name)
      return problem(
        "must be another environment",
        `use one of ${environments
          .map((other) => other.name)
          .filter((other) => other !== name)
          .join(", ")}`,
      );
    if (original.standbyOf !== undefined) return problem("stands by for another itself", `use ${original.standbyOf}`);
    if (aws?.region !== undefined && original.aws?.region === aws.region)
      return problem("is in the same region, and would be lost together with it", "put one of them in another region");
    return [];
  });
}

/** Requirements of a promotion: backups are in the region of the standby, and the standby has a store for the data of each store. */
function standbysCanTakeOver({ accounts, environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((standby): ProgramFinding[] => {
    const { name } = standby;
    const primary = primaryOf(standby as System, environments as readonly System[]) as DraftSystem | undefined;
    if (!name || !primary || primary.name === name) return [];
    const found = [
      ...placeProblems(standby, primary, accounts),
      ...primary.stores.flatMap((store) => storeProblems(standby, primary, store)),
    ];
    return found.map((problem) => ({ root: name, ...problem }));
  });
}

function placeProblems(standby: DraftSystem, primary: DraftSystem, accounts: DraftProgram["accounts"]): Finding[] {
  const { aws } = standby;
  const { aws: theirs } = primary;
  if (!aws?.region || !theirs?.region || aws.region === theirs.region) return [];
  const problem = (keys: readonly string[], value: unknown, rule: string, remedy: string): Finding => ({ keys, value, rule, remedy });
  const state = accounts.find(({ id }) => id !== undefined && id === aws.account)?.region;
  return [
    ...(theirs.recoveryRegion === aws.region
      ? []
      : [
          problem(
            ["aws", "region"],
            aws.region,
            `is not aws.recoveryRegion of ${primary.name}, where the copies of its backups are`,
            `set ${primary.name}.aws.recoveryRegion to ${aws.region}`,
          ),
        ]),
    ...(theirs.account === aws.account
      ? []
      : [
          problem(
            ["aws", "account"],
            aws.account,
            `is not the account of ${primary.name}, whose backups only roles of the same account can read`,
            `use ${theirs.account}`,
          ),
        ]),
    ...(state === theirs.region
      ? [
          problem(
            ["aws", "account"],
            aws.account,
            `keeps its Terraform state in ${state}, which is lost together with ${primary.name}`,
            `set region of the account to ${aws.region} in environments/accounts.ts`,
          ),
        ]
      : []),
  ];
}

/** Problems of the copy of one store. Stores without data of their own need none. */
function storeProblems(standby: DraftSystem, primary: DraftSystem, origin: StoreOf): Finding[] {
  if (origin.kind !== "event-store" && origin.kind !== "postgres") return [];
  const store = standby.stores.find(({ name }) => name === origin.name);
  const { name } = primary;
  if (!store) {
    const rule = `has the store ${origin.name}, for whose data this environment has no store`;
    return [{ keys: ["standbyOf"], value: name, rule, remedy: `add ${origin.keys.join(".")}, or remove it from ${name}` }];
  }
  if (origin.kind === "event-store" && engineOf(store)?.followsStreams && engineOf(origin)?.followsStreams) {
    return followingProblems(standby, primary, { store, origin });
  }
  const [server, source] = [serverOf(store), serverOf(origin)];
  if (engineOf({ settings: server.settings })?.restoreTargets === undefined) {
    const rule = `has an engine whose data can't be brought to another region`;
    return [{ keys: [...store.keys, "engine"], value: store.settings.engine, rule, remedy: `use kurrentdb, or remove standbyOf` }];
  }
  const keys = [...store.keys, ...server.keys];
  if (server.settings.engine !== source.settings.engine) {
    const rule = `is not the engine of ${name}, whose backups it can't read`;
    return [{ keys: [...keys, "engine"], value: server.settings.engine, rule, remedy: `use ${source.settings.engine}` }];
  }
  const [version, was] = [versionOf(server.settings), versionOf(source.settings)];
  if (version === was) return [];
  const rule = `is not the version of ${name}, whose backups it can't read`;
  return [{ keys: [...keys, "version"], value: version, rule, remedy: `use "${was}"` }];
}

/** Settings of the engine that holds the data of a store, and their keys below the store. */
function serverOf(store: StoreOf): { readonly keys: readonly string[]; readonly settings: StoreOf["settings"] } {
  const server = engineOf(store)?.server?.(store.settings) as StoreOf["settings"] | undefined;
  return server ? { keys: ["server"], settings: server } : { keys: [], settings: store.settings };
}

function versionOf(settings: StoreOf["settings"]): unknown {
  return (
    engineOf({ settings })?.resolved(settings, { size: "medium", isProtected: true }).settings as { readonly version?: unknown } | undefined
  )?.version;
}

/** The events of the primary are backed up as a stream, and pods of the standby can read the copy. */
function followingProblems(standby: DraftSystem, primary: DraftSystem, { store, origin }: Record<"store" | "origin", StoreOf>): Finding[] {
  const placeIn = (system: DraftSystem, { name }: StoreOf) =>
    configuredStreamBackups(system).find((backup) => backup.store.name === name)?.place;
  const isOutside = (system: DraftSystem, one: StoreOf) => placeIn(system, one) === "outside";
  const how = `${runsAt(origin) === "vendor" ? "streamBackup" : "backup"}: { every: "15m", keep: "28d" }`;
  if (isOutside(primary, origin)) {
    const rule = `can't follow ${primary.name}, whose stream backup of it is in backup.bucket: a standby reads copies on AWS`;
    return [{ keys: store.keys, rule, remedy: `create the cluster of ${primary.name} with its environment (aws), or remove standbyOf` }];
  }
  if (!placeIn(primary, origin)) {
    const rule = `has nothing to follow: ${primary.name} has no stream backup of it`;
    return [{ keys: store.keys, rule, remedy: `add ${how} to ${primary.name}.${origin.keys.join(".")}, on a cluster that it creates` }];
  }
  if (canFollow(standby, store)) return [];
  if (isOutside(standby, store)) {
    const rule = `can't follow ${primary.name}: its pods are on an existing cluster, and have no role to read the copy on AWS`;
    return [{ keys: store.keys, rule, remedy: "create the cluster with the environment (aws), or remove standbyOf" }];
  }
  const rule = `has no stream backup, which protects it after a promotion, and without which it does not follow ${primary.name}`;
  return [{ keys: store.keys, rule, remedy: `add ${how}, on a cluster that the environment creates` }];
}
