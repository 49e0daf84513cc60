import { AUDIT_KINDS, MAX_AUDIT_DAYS, MAX_RECOVERY_DAYS } from "../../../constructs/audit";
import { type Duration, daysIn } from "../../../constructs/core/quantities";
import type { DraftSystem, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import { ERASURES } from "../derive/audit";
import { workloadsIn } from "../derive/workloads";

/** Rules of the audit trail. */
export const auditRules: readonly Rule[] = [
  auditIsOnAws,
  retentionsCanBeLocked,
  lockIsChosen,
  writersExist,
  kindsHaveWritersAndRetention,
  recoveryIsPossible,
  keyUsersExist,
  erasuresAreRecorded,
];

function auditIsOnAws({ audit, aws }: DraftSystem): Finding[] {
  if (!audit || aws) return [];
  return [
    {
      keys: ["audit"],
      rule: "requires AWS, and this environment has no aws",
      remedy: "add aws, or use the constructs with your own bucket",
    },
  ];
}

function retentionsCanBeLocked({ audit = {} }: DraftSystem): Finding[] {
  return AUDIT_KINDS.flatMap((kind): Finding[] => {
    const keep = audit[kind] as Duration | undefined;
    const days = keep === undefined ? 1 : daysIn(keep);
    if (keep === undefined || (Number.isInteger(days) && days >= 1 && days <= MAX_AUDIT_DAYS)) return [];
    return [
      { keys: ["audit", kind], value: keep, rule: "must be a number of days that S3 can lock", remedy: `use "1d" to "${MAX_AUDIT_DAYS}d"` },
    ];
  });
}

function lockIsChosen({ audit, exceptions = {} }: DraftSystem): Finding[] {
  if (!audit) return [];
  const isDisposable = "disposable" in exceptions;
  if (audit.lock === undefined && !isDisposable) {
    const rule = "has no lock, so its records could be deleted";
    return [{ keys: ["audit"], rule, remedy: 'set lock to "governance", or to "compliance", which not even the account owner can remove' }];
  }
  if (audit.lock === undefined || !isDisposable) return [];
  const rule = "locks records of a disposable environment, which could not be destroyed then";
  return [{ keys: ["audit", "lock"], value: audit.lock, rule, remedy: "leave it out, or remove exceptions.disposable" }];
}

function writersExist(system: DraftSystem): Finding[] {
  const names = workloadsIn(system).map(({ workload }) => workload.name);
  return Object.keys(system.audit?.writers ?? {}).flatMap((name): Finding[] =>
    names.includes(name)
      ? []
      : [{ keys: ["audit", "writers", name], rule: "is not a workload of this environment", remedy: `use one of ${names.join(", ")}` }],
  );
}

function kindsHaveWritersAndRetention({ audit }: DraftSystem): Finding[] {
  if (!audit) return [];
  const writers = Object.entries(audit.writers ?? {}).map(([name, kinds]) => [name, (kinds ?? []) as readonly unknown[]] as const);
  return AUDIT_KINDS.flatMap((kind): Finding[] => {
    const writing = writers.filter(([, kinds]) => kinds.includes(kind));
    const byErasers = kind === ERASURES && audit.subjectKeys !== undefined;
    if (audit[kind] !== undefined && writing.length === 0 && !byErasers) {
      const rule = "has a retention, but no workload writes records of this kind";
      return [{ keys: ["audit", kind], value: audit[kind], rule, remedy: `add "${kind}" to a workload in audit.writers, or remove it` }];
    }
    if (audit[kind] !== undefined) return [];
    return writing.map(([name]) => ({
      keys: ["audit", "writers", name],
      value: kind,
      rule: "has no retention",
      remedy: `set audit.${kind}, for example to "365d"`,
    }));
  });
}

function recoveryIsPossible({ audit = {} }: DraftSystem): Finding[] {
  const recovery = audit.subjectKeys?.recovery as Duration | undefined;
  const days = recovery === undefined ? 1 : daysIn(recovery);
  if (Number.isInteger(days) && days >= 1 && days <= MAX_RECOVERY_DAYS) return [];
  const rule = "must be a number of days that point-in-time recovery can have";
  return [{ keys: ["audit", "subjectKeys", "recovery"], value: recovery, rule, remedy: `use "1d" to "${MAX_RECOVERY_DAYS}d"` }];
}

function keyUsersExist(system: DraftSystem): Finding[] {
  const names = workloadsIn(system).map(({ workload }) => workload.name);
  return (["users", "erasers"] as const).flatMap((role) =>
    ((system.audit?.subjectKeys?.[role] ?? []) as readonly string[]).flatMap((name, index): Finding[] =>
      names.includes(name)
        ? []
        : [
            {
              keys: ["audit", "subjectKeys", role, String(index)],
              value: name,
              rule: "is not a workload of this environment",
              remedy: `use one of ${names.join(", ")}`,
            },
          ],
    ),
  );
}

function erasuresAreRecorded({ audit }: DraftSystem): Finding[] {
  if (!audit?.subjectKeys || audit[ERASURES] !== undefined) return [];
  const rule = `records each deletion of a key as ${ERASURES}, which has no retention`;
  return [{ keys: ["audit", "subjectKeys"], rule, remedy: `set audit.${ERASURES}, for example to "3650d"` }];
}
