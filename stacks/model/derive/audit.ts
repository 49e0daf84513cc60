import { AUDIT_KINDS, type AuditKind, type AuditRetention } from "../../../constructs/audit";
import { daysIn } from "../../../constructs/core/quantities";
import type { ClusterKey } from "../cluster";
import type { System } from "../system";
import { hubOf } from "./hub";
import { type Member, workloadsIn } from "./workloads";

/** A workload that writes audit records. */
export interface AuditWriter extends Member {
  readonly kinds: readonly AuditKind[];
}

/** Workloads that write audit records, in the order of domains. */
export function auditWritersOf(system: Pick<System, "audit" | "domains">): readonly AuditWriter[] {
  const writers = system.audit?.writers ?? {};
  return workloadsIn(system).flatMap((member) => {
    const kinds = Object.hasOwn(writers, member.workload.name) ? writers[member.workload.name] : undefined;
    return kinds ? [{ ...member, kinds: AUDIT_KINDS.filter((kind) => kinds.includes(kind)) }] : [];
  });
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
