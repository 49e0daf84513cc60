import { isDeepStrictEqual } from "node:util";
import type { Restore, System } from "../../stacks";
import { pathOf } from "../../stacks/model/check/paths";
import { subjectKeysOwner } from "../../stacks/model/derive/audit";
import { serversOf } from "../../stacks/model/derive/members";
import { streamBackupsOf } from "../../stacks/model/derive/stream-backups";
import { engineOf } from "../../stacks/model/stores";
import type { ServerOf, StoreOf } from "../../stacks/model/system";
import { Refused } from "../refused";
import type { BackupRecord, ServerTarget, StoreRecord, StreamTarget } from "./record";

/** Server that is created from a backup of a record, or starts empty because its read models are rebuilt. */
export interface ServerRestoration {
  readonly backup: StoreRecord & { readonly restore: ServerTarget };
  readonly server: ServerOf;

  /** Setting of the server. Undefined if it starts empty. */
  readonly restore: Restore | undefined;
}

/** Event store that is filled from a stream backup of a record. */
export interface StreamRestoration {
  readonly backup: StoreRecord & { readonly restore: StreamTarget };
  readonly store: StoreOf;
}

/** Stores that a record restores in an environment. */
export interface Restoration {
  readonly servers: readonly ServerRestoration[];
  readonly streams: readonly StreamRestoration[];

  /** Settings that the environment has to get: `recovered.readDatabase.restore: { … }`. */
  readonly settings: readonly string[];
}

/** Restoration of a record in another environment. @throws Refused if it lacks a store of the record */
export function restorationOf({ stores }: BackupRecord, source: System, into: System): Restoration {
  const streams = stores.flatMap((backup): StreamRestoration[] =>
    isStream(backup) ? [{ backup, store: streamStoreOf(into, backup.store) }] : [],
  );
  const servers = stores.flatMap((backup) =>
    isStream(backup) ? [] : [serverOf(backup as ServerRestoration["backup"], source, into, streams)],
  );
  const settings = servers.flatMap(({ server, restore }) => {
    if (isDeepStrictEqual(explicit(server.settings.restore, server.name), explicit(restore, server.name))) return [];
    const path = `${pathOf(into, server.keys)}.restore`;
    return restore
      ? [`${path}: ${asWritten(restore)}`]
      : [`${path}: remove it, because projections fill ${server.name} from the restored events`];
  });
  return { servers, streams, settings: [...settings, ...subjectKeySettings(source, into)] };
}

/** With a table of its own, an environment could decrypt no personal data of the restored events, and would show it as deleted. */
function subjectKeySettings(source: System, into: System): readonly string[] {
  if (!source.audit?.subjectKeys || !into.audit?.subjectKeys) return [];
  const owner = subjectKeysOwner(source);
  return owner === subjectKeysOwner(into) ? [] : [`${pathOf(into, ["audit", "subjectKeys", "of"])}: ${JSON.stringify(owner)}`];
}

function isStream(backup: StoreRecord): backup is StreamRestoration["backup"] {
  return "generation" in backup.restore;
}

function streamStoreOf(into: System, name: string): StoreOf {
  const found = streamBackupsOf(into).find((one) => one.place && one.store.name === name && engineOf(one.store)?.followsStreams);
  if (found) return found.store;
  throw new Refused(`${into.name}: has no event store ${name} with a stream backup; configure it as in the environment that is restored`);
}

/** After a restore of streams, events have other positions: read models of earlier positions can't continue. */
function serverOf(
  backup: ServerRestoration["backup"],
  source: System,
  into: System,
  streams: readonly StreamRestoration[],
): ServerRestoration {
  const servers = serversOf(into);
  const isOf = ({ name, settings: { restore } }: ServerOf) =>
    restore?.from.environment === source.name && (restore.from.server ?? name) === backup.store;
  const server = servers.find(isOf) ?? servers.find(({ name }) => name === backup.store);
  if (!server) throw new Refused(`${into.name}: has no server for the backup of ${backup.store}; add one with the engine ${backup.engine}`);
  const isRebuilt =
    streams.length > 0 && into.domains.some(({ readModels }) => readModels.some(({ database }) => database === server.name));
  if (isRebuilt) return { backup, server, restore: undefined };
  const from = { environment: source.name, ...(server.name === backup.store ? {} : { server: backup.store }) };
  return { backup, server, restore: { from, ...backup.restore } };
}

/** A restore with the default of `from.server`. */
function explicit(restore: Restore | undefined, name: string): Restore | undefined {
  return restore && { ...restore, from: { server: name, ...restore.from } };
}

/** A value as it is written in TypeScript. */
function asWritten(value: object): string {
  return JSON.stringify(value)
    .replace(/"(\w+)":/g, "$1: ")
    .replaceAll(",", ", ")
    .replaceAll("{", "{ ")
    .replaceAll("}", " }");
}
