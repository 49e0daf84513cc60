import type { DraftEnvironment, DraftSystem, Rule, RuleFinding } from "./check/drafts";
import type { DomainOf, RoleName, WorkloadOf } from "./system";

/*
 * Rules for the roles of a system with a write side and a read side, as they are written: the stores that each role requires,
 * and which of several databases each workload uses.
 */

/** Stores that each role requires. */
const NEEDS: Readonly<
  Partial<Record<RoleName, readonly { readonly part: "eventStore" | "readDatabase"; readonly kind: string; readonly why: string }[]>>
> = {
  commandApi: [{ part: "eventStore", kind: "event-store", why: "commands end as events" }],
  commandProcessors: [{ part: "eventStore", kind: "event-store", why: "commands end as events" }],
  projections: [
    { part: "eventStore", kind: "event-store", why: "projections read events" },
    { part: "readDatabase", kind: "postgres", why: "projections write read models" },
  ],
  queryApi: [{ part: "readDatabase", kind: "postgres", why: "queries read read models" }],
};

/** Checks that each role has its required stores, or that its workloads use such a store by name. */
function sidesAreWhole(system: DraftSystem, environment: DraftEnvironment): RuleFinding[] {
  const uses = (role: string, kind: string) => {
    const workloads = workloadsOfRole(system, role);
    return workloads.length > 0 && workloads.every((one) => one.uses.some(({ store }) => isOfKind(system, store, kind)));
  };
  return Object.entries(NEEDS).flatMap(([role, needs]) =>
    environment[role as RoleName] === undefined
      ? []
      : needs
          .filter((need) => !(need.part in environment) && !uses(role, need.kind))
          .map((need) => ({ keys: [role], rule: `needs ${need.part}: ${need.why}`, remedy: `add ${need.part}` })),
  );
}

function isOfKind({ stores }: DraftSystem, name: string, kind: string): boolean {
  return stores.some((store) => store.name === name && store.kind === kind);
}

function workloadsOfRole({ domains }: DraftSystem, role: string): readonly WorkloadOf<object>[] {
  const members = ({ services, workers, projections, jobs }: DomainOf) => [...services, ...workers, ...projections, ...jobs];
  return domains.flatMap(members).filter(({ keys: [first] }) => first === role);
}

/** Read databases, and the database that each workload of the role names. */
function databases(system: DraftSystem, role: string) {
  const known = system.stores.filter(({ keys: [first] }) => first === "readDatabase").map(({ name }) => name);
  const named = workloadsOfRole(system, role).map(({ keys, written, uses }) => ({
    keys,
    database: (written as { readonly database?: unknown }).database,
    uses,
  }));
  return { known, named };
}

function migrationsHaveADatabase(system: DraftSystem): RuleFinding[] {
  const { known, named } = databases(system, "migrations");
  return named.flatMap(({ keys, database, uses }): RuleFinding[] => {
    const own = uses.some(({ as, keys: at }) => as === "migrator" && at.includes("uses"));
    if (own && database === undefined) return [];
    if (known.length === 0) return [{ keys, rule: "changes a read database, and there is none", remedy: "add readDatabase" }];
    if (database === undefined && known.length > 1)
      return [{ keys, rule: "does not say which read database it changes", remedy: `set database to one of ${known.join(", ")}` }];
    if (database === undefined || known.includes(String(database))) return [];
    return [{ keys: [...keys, "database"], value: database, rule: "is not a read database", remedy: `use one of ${known.join(", ")}` }];
  });
}

function projectionsHaveADatabase(system: DraftSystem): RuleFinding[] {
  const { known, named } = databases(system, "projections");
  return named.flatMap(({ keys, database }): RuleFinding[] =>
    database === undefined || known.includes(String(database))
      ? []
      : [
          {
            keys: [...keys, "database"],
            value: database,
            rule: "is not a read database",
            remedy: `use one of ${known.join(", ") || "none"}`,
          },
        ],
  );
}

/** Rules for roles. */
export const roleRules: readonly Rule[] = [sidesAreWhole];

/** Rules for the workloads of roles. */
export const roleDatabaseRules: readonly Rule[] = [migrationsHaveADatabase, projectionsHaveADatabase];
