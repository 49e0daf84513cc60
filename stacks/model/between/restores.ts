import { DEFAULT_POSTGRES } from "../../../constructs/core/versions";
import type { DraftSystem, ProgramFinding, Rule } from "../check/drafts";
import type { Draft, Finding } from "../check/finding";
import { isExistingCluster } from "../cluster";
import { runsAt, serversOf } from "../derive/members";
import { originOf } from "../derive/restores";
import { storeBackups } from "../derive/store-backups";
import { engineOf } from "../stores";
import { databaseOf } from "../stores/postgres";
import type { Restore } from "../stores/restore";
import type { ServerOf, System } from "../system";

/** A restore says where it ends, in a way that its engine supports. */
export const restoreRules: readonly Rule[] = [targetsAreStated, recordsAreOfEvents];

interface Restored {
  readonly server: ServerOf;
  readonly restore: Draft<Restore>;
}

function restoredIn(system: Pick<System, "stores">): readonly Restored[] {
  return serversOf(system).flatMap((server) => {
    const restore = server.settings?.restore as Draft<Restore> | undefined;
    return restore ? [{ server, restore }] : [];
  });
}

/** Without a target, PostgreSQL takes a damaged WAL file for the end of the archive, and starts with what came before. */
const UNSTATED = "recovery would end silently at the first damaged WAL file";

function targetsAreStated(system: DraftSystem): Finding[] {
  return restoredIn(system).flatMap(({ server: { keys, settings }, restore }): Finding[] => {
    const at = [...keys, "restore", "target"];
    const { target = {}, record } = restore;
    const stated = Object.keys(target) as (keyof Restore["target"])[];
    const { kinds, remedy } = engineOf({ settings })?.restoreTargets ?? { kinds: [], remedy: "" };
    const [kind, ...more] = stated;
    if (!kind) return [{ keys: at, rule: `is not stated: ${UNSTATED}`, remedy }];
    if (more.length > 0)
      return [{ keys: at, value: target, rule: `states ${stated.length} ends`, remedy: `keep one of ${stated.join(", ")}` }];
    if (!kinds.includes(kind)) {
      return [{ keys: [...at, kind], value: target[kind], rule: `is not supported by ${settings.engine}`, remedy }];
    }
    if (kind === "latest" && !record) {
      const newest = "add restore.record with the newest record of the source, or use the time or lsn of its newest archived WAL file";
      return [{ keys: [...at, "latest"], value: true, rule: `has no recorded position: ${UNSTATED}`, remedy: newest }];
    }
    return snapshotProblems(system, at, target.snapshot);
  });
}

function snapshotProblems({ aws }: DraftSystem, keys: readonly string[], snapshot?: string): Finding[] {
  const [, , , region, account] = snapshot?.split(":") ?? [];
  if (!snapshot || !aws || (region === aws.region && account === aws.account)) return [];
  return [
    {
      keys: [...keys, "snapshot"],
      value: snapshot,
      rule: `is not in ${aws.region} of account ${aws.account}, but AWS restores a snapshot only in its region and account`,
      remedy: "copy it there first, for example by aws.recoveryRegion of its environment",
    },
  ];
}

function recordsAreOfEvents(system: DraftSystem): Finding[] {
  return restoredIn(system)
    .filter(({ server, restore }) => restore.record !== undefined && !server.holdsEvents)
    .map(({ server: { keys } }) => ({
      keys: [...keys, "restore", "record"],
      rule: "is a record of events, and this server holds none",
      remedy: "leave it out, and use target.time or target.lsn",
    }));
}

/** The backup that a restore names exists, and the new server can read it. */
export function restoresAreFeasible({ environments }: { readonly environments: readonly DraftSystem[] }): ProgramFinding[] {
  return environments.flatMap((own) => {
    if (!own.name) return [];
    const root = own.name;
    return restoredIn(own).flatMap((restored) => sourceProblems(own, environments, restored).map((problem) => ({ root, ...problem })));
  });
}

function sourceProblems(own: DraftSystem, all: readonly DraftSystem[], { server, restore }: Restored): Finding[] {
  const { keys, name } = server;
  const from = [...keys, "restore", "from"];
  const { environment = own.name, server: wanted = name } = restore.from ?? {};
  const other = environment === own.name ? own : all.find((one) => one.name === environment);
  if (!other) {
    const names = all.flatMap((one) => (one.name && one.name !== own.name ? [one.name] : []));
    const remedy = `use one of ${names.join(", ")}, and keep the lost environment in this program until the restore is done`;
    return [{ keys: [...from, "environment"], value: environment, rule: "is not an environment of this program", remedy }];
  }
  if (other === own && wanted === name) {
    return [
      {
        keys: from,
        value: restore.from ?? {},
        rule: "is the server itself: a restore never overwrites a server or the archive that it came from",
        remedy: 'give the new server another name, and name the old one: from: { server: "…" }',
      },
    ];
  }
  const origin = originOf(own as System, server, restore.from as Restore["from"], all as readonly System[]);
  if (!origin) {
    const names = serversOf(other).map((one) => one.name);
    const remedy = names.length > 0 ? `use one of ${names.join(", ")}` : "name an environment that has one";
    return [{ keys: [...from, "server"], value: wanted, rule: `is not a PostgreSQL server of ${environment}`, remedy }];
  }
  return [...likeness(server, origin.server), ...reach(own, other, { server, source: origin.server, from }, restore)];
}

interface Between {
  readonly server: ServerOf;
  readonly source: ServerOf;
  readonly from: readonly string[];
}

/** A physical backup contains the source's databases in the format of its engine and major version. */
function likeness(server: ServerOf, source: ServerOf): Finding[] {
  const [engine, of] = [server.settings.engine, source.settings.engine];
  if (engine !== of) {
    const rule = `can't read backups of ${of}`;
    return [{ keys: [...server.keys, "engine"], value: engine, rule, remedy: `use ${of}; copy to another engine with pg_dump afterwards` }];
  }
  const [version, was] = [server.settings.version ?? DEFAULT_POSTGRES, source.settings.version ?? DEFAULT_POSTGRES];
  const [database, called] = [databaseOf(server), databaseOf(source)];
  return [
    ...(version === was
      ? []
      : [
          {
            keys: [...server.keys, "version"],
            value: version,
            rule: `can't read backups of PostgreSQL ${was}`,
            remedy: `use "${was}", and upgrade afterwards`,
          },
        ]),
    ...(database === called
      ? []
      : [
          {
            keys: [...server.keys, "database"],
            value: database,
            rule: `is not in the backup, which contains ${called}: an empty database would be created in addition to the restored one`,
            remedy: `use database: "${called}"`,
          },
        ]),
  ];
}

/** Credentials, account and region with which the new server reads the backup. */
function reach(own: DraftSystem, other: DraftSystem, { server, source, from }: Between, { target }: Draft<Restore>): Finding[] {
  const at = [...from, "environment"];
  const found = (rule: string, remedy: string): Finding[] => [{ keys: at, value: other.name, rule, remedy }];
  const backup = storeBackups(other).find(({ keys }) => keys.join() === source.keys.join());
  if (!backup || backup.methods.length === 0) {
    return found(`has no backups of ${source.name}`, "restore from an environment that makes them");
  }
  const [mine, theirs] = [own.aws, other.aws];
  const outside = runsAt(source) === "cluster" && isOutside(other, source);
  if (outside) return [];
  if (runsAt(server) === "cluster" && isOutside(own, server)) {
    return found("keeps its backups on AWS, and pods outside of EKS have no role to read them", "restore on a cluster that is made on AWS");
  }
  if (mine?.account !== theirs?.account) {
    return found(
      `is in account ${theirs?.account}, whose backups are not readable from ${mine?.account}`,
      "restore in an environment of the same account",
    );
  }
  if (mine?.region === theirs?.region || target?.snapshot !== undefined) return [];
  if (theirs?.recoveryRegion !== mine?.region) {
    return found(
      `has no copy of its backups in ${mine?.region}`,
      `set its aws.recoveryRegion to ${mine?.region} before it is lost, or restore in ${theirs?.region}`,
    );
  }
  // AWS Backup copies point-in-time backups as plain snapshots.
  if (runsAt(source) !== "aws") return [];
  return found(`has only snapshots in ${mine?.region}, without points in time`, "use target.snapshot with the ARN of a copied snapshot");
}

function isOutside(system: DraftSystem, { cluster: key }: ServerOf): boolean {
  const cluster = system[key];
  return cluster === undefined || isExistingCluster(cluster as System["cluster"] & object);
}
