import { type Restore, targetOf } from "../stores/restore";
import type { ServerOf, System } from "../system";
import { serversOf } from "./members";

/** Source of a restore: a server of this environment or of another. */
export interface RestoreOrigin {
  readonly system: System;
  readonly server: ServerOf;
}

/** Sources of an environment's restores, by the name of the new server. */
export type RestoreOrigins = ReadonlyMap<string, RestoreOrigin>;

/** Sources of all restores of an environment. Rules have refused unknown ones. */
export function originsOf(system: System, all: readonly System[]): RestoreOrigins {
  const found = serversOf(system).flatMap((server) => {
    const origin = server.settings.restore && originOf(system, server, server.settings.restore.from, all);
    return origin ? [[server.name, origin] as const] : [];
  });
  return new Map(found);
}

/** Source of one restore. Undefined if there is no such environment or server. */
export function originOf<S extends Pick<System, "name" | "stores">>(
  own: S,
  { name }: Pick<ServerOf, "name">,
  { environment = own.name, server: wanted = name }: Restore["from"],
  all: readonly S[],
): { readonly system: S; readonly server: ServerOf } | undefined {
  const system = environment === own.name ? own : all.find((one) => one.name === environment);
  const server = system && serversOf(system).find((one) => one.name === wanted);
  return system && server ? { system, server } : undefined;
}

/** Names of the other environments whose backups an environment reads. */
export function restoresFrom(system: Pick<System, "name" | "stores">): readonly string[] {
  const names = serversOf(system).flatMap(({ settings: { restore } }) => restore?.from.environment ?? []);
  return [...new Set(names)].filter((name) => name !== system.name).sort();
}

/** Restore of a server in words: `restored from read-database of production to 2026-11-21T02:15:00Z`. */
export function restoreWords({ name, settings }: Pick<ServerOf, "name" | "settings">): string | undefined {
  const { restore } = settings;
  const target = restore && targetOf(restore);
  if (!target) return undefined;
  const { environment, server = name } = restore.from;
  const kind = target.kind === "time" ? "" : `${target.kind} `;
  return `restored from ${server}${environment ? ` of ${environment}` : ""} to ${kind}${target.value}`;
}
