import { step } from "../check/paths";
import { metricsReader } from "../monitoring";
import { engineOf } from "../stores";
import type { StoreOf, System } from "../system";
import type { Workload } from "../workloads/workload";
import { clustersOf } from "./clusters";
import { membersOf } from "./members";
import { emptyStores, waitingParts } from "./standby";
import { isLockedAndCopied, storeBackups } from "./store-backups";
import { workloadsIn } from "./workloads";

/** Setting without effect in its environment. */
export interface Ineffective {
  /** Path of the setting below its environment: `monitoring.grafana`. */
  readonly setting: string;

  /** Reason why it has no effect, or the missing part. */
  readonly why: string;
}

/** Settings of an environment that its stacks don't implement, or that apply to nothing in it. */
export function ineffective(system: System): readonly Ineffective[] {
  const found = [...notImplemented(system), ...withoutCompanion(system), ...metricsNotRead(system), ...rolesWithoutRights(system)];
  return found.flatMap(([set, keys, why]) => (set ? [{ setting: keys.reduce(step), why }] : []));
}

type Entry = readonly [set: boolean, keys: readonly string[], why: string];

function notImplemented(system: System): readonly Entry[] {
  const { audit, aws, backup, standbyOf, stores } = system;
  const backups = storeBackups(system);
  const methods = backups.flatMap((store) => store.methods);
  const lockable = methods.some(isLockedAndCopied);
  const watched = methods.some(({ place }) => place === "vault");
  const kept = methods.some(({ followsKeep }) => followsKeep);
  return [
    [
      aws?.recoveryRegion !== undefined && !lockable && !audit,
      ["aws", "recoveryRegion"],
      "no store has backups that are copied there, and there is no audit trail",
    ],
    ...waitingParts(system).stores.map(
      ({ keys }): Entry => [true, keys, `it is created from a backup of ${standbyOf} when the standby is promoted`],
    ),
    ...waitingParts(system).workloads.map(({ keys }): Entry => [true, keys, `it is created when the standby is promoted, not before`]),
    ...emptyStores(system).map(({ keys }): Entry => [true, keys, `it is created, and nothing fills it from ${standbyOf}`]),
    ...stores.flatMap((store) =>
      Object.entries(engineOf(store)?.ineffective ?? {}).map(([setting, why]): Entry => {
        const written = store.settings as unknown as Readonly<Record<string, unknown>>;
        return [written[setting] !== undefined, [...store.keys, setting], String(why)];
      }),
    ),
    ...backups.map(
      ({ keys, engine, methods: made, isConfigured, where = "" }): Entry => [
        isConfigured && made.length === 0,
        [...keys, "backup"],
        `nothing backs up ${engine}${where}`,
      ],
    ),
    [backup?.lock !== undefined && !lockable, ["backup", "lock"], "no store has backups that it applies to"],
    [
      backup?.notify !== undefined && !watched && !aws?.recoveryRegion,
      ["backup", "notify"],
      "no store has snapshots of AWS Backup, and nothing is copied to another region",
    ],
    [backup?.keep !== undefined && !kept, ["backup", "keep"], "no store has backups that it applies to"],
  ];
}

function withoutCompanion(system: System): readonly Entry[] {
  const { aws, authentication, authorization, domains, encryptedFields, mirror, monitoring, size, stores } = system;
  const services = domains.flatMap((domain) => domain.services);
  const exposed = services.some((service) => service.exposed);
  const runs = domains.some((domain) => membersOf(domain).length > 0);
  const encrypts = domains.some((domain) => membersOf(domain).some((workload) => workload.encrypts));
  return [
    [size !== undefined && !stores.some(takesSize), ["size"], "no store takes its size from it"],
    [aws?.zone !== undefined && !exposed, ["aws", "zone"], "there is no API that has a name in it"],
    [authentication !== undefined && services.length === 0, ["authentication"], "there is no API that uses it"],
    [authorization !== undefined && services.length === 0, ["authorization"], "there is no API that uses it"],
    [encryptedFields !== undefined && !encrypts, ["encryptedFields"], "there is no workload that uses them"],
    [mirror !== undefined && clustersOf(system).length === 0, ["mirror"], "there is no cluster that pulls from it"],
    [monitoring?.telemetry !== undefined && !runs, ["monitoring", "telemetry"], "there is no workload that uses it"],
  ];
}

/** Checks if the size of a store follows from its environment's. */
function takesSize(store: StoreOf): boolean {
  const engine = engineOf(store);
  const { size } = (engine?.server?.(store.settings) ?? store.settings) as { readonly size?: unknown };
  return engine?.sized !== false && size === undefined;
}

function rolesWithoutRights({ domains, stores }: System): readonly Entry[] {
  return domains.flatMap(membersOf).flatMap(({ keys, settings }) =>
    ((settings as Workload).uses ?? []).flatMap((use, index): Entry[] => {
      if (typeof use === "string" || use.as === undefined) return [];
      const store = stores.find(({ name }) => name === use.store);
      const why = store && engineOf(store)?.withoutRoles;
      return why ? [[true, [...keys, "uses", String(index), "as"], why]] : [];
    }),
  );
}

function metricsNotRead(system: System): readonly Entry[] {
  const read = metricsReader(system.monitoring) !== undefined;
  return workloadsIn(system).flatMap(({ workload: { keys, written } }): Entry[] => {
    const why = "nothing reads them without monitoring.prometheus";
    const { slo } = written as { readonly slo?: object };
    return [
      ["metrics" in written && written.metrics !== undefined && !read, [...keys, "metrics"], why],
      [slo !== undefined && !read, [...keys, "slo"], "nothing measures it without monitoring.prometheus"],
    ];
  });
}
