import {
  AUDIT_KINDS,
  type AuditKind,
  type AuditRetention,
  type SubjectKeysPlace,
  subjectKeyAlias,
  subjectKeyTable,
} from "../../../constructs/audit";
import { daysIn } from "../../../constructs/core/quantities";
import type { Audit, SubjectKeySettings } from "../audit";
import type { ClusterKey } from "../cluster";
import type { System } from "../system";
import { hubOf } from "./hub";
import { type Member, workloadsIn } from "./workloads";

/** A workload that writes audit records. */
export interface AuditWriter extends Member {
  readonly kinds: readonly AuditKind[];
}

/** Kinds of records that a workload writes. Those who delete data keys record each deletion. */
function kindsOf({ writers, subjectKeys }: Audit, name: string): readonly AuditKind[] {
  const written = Object.hasOwn(writers, name) ? (writers[name] ?? []) : [];
  const erases = subjectKeys?.erasers?.includes(name) ?? false;
  return AUDIT_KINDS.filter((kind) => written.includes(kind) || (erases && kind === ERASURES));
}

/** Workloads that write audit records, in the order of domains. */
export function auditWritersOf(system: Pick<System, "audit" | "domains">): readonly AuditWriter[] {
  const { audit } = system;
  if (!audit) return [];
  return workloadsIn(system)
    .map((member) => ({ ...member, kinds: kindsOf(audit, member.workload.name) }))
    .filter(({ kinds }) => kinds.length > 0);
}

/** Kind of the audit records of deleted data keys. */
export const ERASURES: AuditKind = "access";

/** Path below their hour of the records of operators who delete data keys. No workload has it: it is no namespace and name. */
export const OPERATOR_PATH = "subject-key-operators";

/** Rights of a workload on data keys. */
export interface SubjectKeyRights {
  readonly uses: boolean;
  readonly erases: boolean;
}

/** Rights of a workload on the data keys of data subjects. */
export function subjectKeyRights({ audit }: Pick<System, "audit">, name: string): SubjectKeyRights {
  const { users = [], erasers = [] } = audit?.subjectKeys ?? {};
  return { uses: users.includes(name), erases: erasers.includes(name) };
}

/** Name of the environment whose table of data keys an environment uses. */
export function subjectKeysOwner({ name, audit }: Pick<System, "name" | "audit">): string {
  return audit?.subjectKeys?.of ?? name;
}

/** Table and key that an environment uses, by their names: its own, those of another environment, or their copies in its region. */
export function subjectKeysAt(
  environment: Pick<System, "system" | "name" | "audit">,
  { account, region }: { readonly account: string; readonly region: string },
): SubjectKeysPlace & { readonly alias: string } {
  const owner = [environment.system, subjectKeysOwner(environment)];
  const table = subjectKeyTable(owner);
  const tableArn = `arn:aws:dynamodb:${region}:${account}:table/${table}`;
  // The ID of the key is in the state of its environment.
  return { table, tableArn, keyArn: `arn:aws:kms:${region}:${account}:key/*`, alias: `alias/${subjectKeyAlias(owner)}`, region };
}

/** Checks if an environment has a table of data keys of its own. */
export function ownsSubjectKeys(environment: Pick<System, "name" | "audit">): boolean {
  return environment.audit?.subjectKeys !== undefined && subjectKeysOwner(environment) === environment.name;
}

/** Days for which a deleted data key can be restored. */
export function subjectKeyRecovery({ recovery = "7d" }: SubjectKeySettings): number {
  return daysIn(recovery);
}

/** Path of a workload's records below their hour: `write-side/command-api`. No other workload can write there. */
export function auditPath({ domain, workload }: Member): string {
  return `${domain.namespace}/${workload.name}`;
}

/** Retention in days of each recorded kind. */
export function auditRetention({ audit = { writers: {} } }: Pick<System, "audit">): AuditRetention {
  return Object.fromEntries(AUDIT_KINDS.flatMap((kind) => (audit[kind] === undefined ? [] : [[kind, daysIn(audit[kind])]])));
}

/** Cluster that runs the digester: the one with the dashboards. Undefined if nothing is recorded. */
export function auditClusterOf(system: System): ClusterKey | undefined {
  return system.audit && system.aws ? (hubOf(system) ?? "writeCluster") : undefined;
}
