import { AUDIT_KINDS, MAX_AUDIT_DAYS, MAX_RECOVERY_DAYS } from "../../../constructs/audit";
import { type Duration, daysIn } from "../../../constructs/core/quantities";
import type { SubjectKeySettings } from "../audit";
import type { DraftProgram, DraftSystem, ProgramFinding, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import { ERASURES, subjectKeyRecovery } from "../derive/audit";
import { restoresFrom } from "../derive/restores";
import { workloadsIn } from "../derive/workloads";
import type { System } from "../system";

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

/**
 * An environment with the events of another one decrypts them with the same data keys: with others, the data of every subject would look
 * deleted. A deletion in one of them is one in both.
 */
export function subjectKeysAreShared({ environments }: DraftProgram): ProgramFinding[] {
  return environments.flatMap((environment) => {
    const { name: root } = environment;
    return root
      ? [...tableProblems(environment, environments), ...originProblems(environment, environments)].map((found) => ({ root, ...found }))
      : [];
  });
}

const OF = ["audit", "subjectKeys", "of"];

/** The table that an environment names exists, and is in its region. */
function tableProblems({ name, aws, audit }: DraftSystem, all: readonly DraftSystem[]): Finding[] {
  const own = audit?.subjectKeys as SubjectKeySettings | undefined;
  const of = own?.of;
  if (!own || of === undefined) return [];
  const found = (rule: string, remedy: string): Finding[] => [{ keys: OF, value: of, rule, remedy }];
  const other = all.find((one) => one.name === of);
  const theirs = other?.audit?.subjectKeys as SubjectKeySettings | undefined;
  if (!other || other.name === name || !theirs || theirs.of !== undefined) {
    const owners = all.flatMap((one) => (one.name !== name && one.audit?.subjectKeys && !one.audit.subjectKeys.of ? [one.name] : []));
    const remedy = owners.length > 0 ? `use one of ${owners.join(", ")}, or leave it out` : "leave it out";
    return found("must be another environment with a table of data keys of its own", remedy);
  }
  if (other.aws?.account !== aws?.account) {
    return found(
      `has its table in account ${other.aws?.account}, which roles of another account can't use`,
      "use the same account, or leave it out",
    );
  }
  if (aws?.region !== other.aws?.region && aws?.region !== other.aws?.recoveryRegion) {
    return found(`has no copy of its table in ${aws?.region}`, `set ${of}.aws.recoveryRegion to ${aws?.region}`);
  }
  const [days, kept] = [subjectKeyRecovery(own), subjectKeyRecovery(theirs)];
  if (days === kept) return [];
  const rule = `is not that of the table, which ${of} has: deleted keys can be restored for ${kept}d`;
  return [{ keys: ["audit", "subjectKeys", "recovery"], value: own.recovery ?? "7d", rule, remedy: `use "${kept}d"` }];
}

/** An environment with data of another one uses its table. A restored one may have no rights on personal data at all. */
function originProblems(environment: DraftSystem, all: readonly DraftSystem[]): Finding[] {
  const { name, standbyOf, audit } = environment;
  const own = audit?.subjectKeys as SubjectKeySettings | undefined;
  const sources = [...(own ? restoresFrom(environment as System) : []), ...(standbyOf === undefined ? [] : [standbyOf])];
  const owners = sources.flatMap((source) => {
    const theirs = all.find((one) => one.name === source)?.audit?.subjectKeys as SubjectKeySettings | undefined;
    return theirs ? [theirs.of ?? source] : [];
  });
  const owner = owners.find((one) => one !== (own ? (own.of ?? name) : undefined));
  if (owner === undefined) return [];
  const rule = `is not ${owner}, with whose data keys the personal data here is encrypted: it would look deleted`;
  const remedy = own ? `write of: "${owner}"` : `add subjectKeys: { of: "${owner}", users: […] }`;
  return [{ keys: OF, ...(own?.of === undefined ? {} : { value: own.of }), rule, remedy }];
}
