import type { DraftEnvironment, Finding } from "../check/finding";
import { each } from "../check/finding";
import { step } from "../check/paths";
import { ROLES, WORKLOADS } from "../workloads/roles";

/** What of an environment has a name that its user chooses. */
export const NAMED = [...ROLES, "readDatabase"] as const;

/** Parts of every stack on a cluster, and of every namespace, whose names no workload and no database can have. */
const EVERYWHERE: readonly string[] = [
  "backend",
  "kubernetes",
  "aws",
  "custom-resources-chart",
  "namespace",
  "default",
  "defaults",
  "quota",
  "deny",
  "to-names",
  "to-databases",
];

/** Parts of the stacks of workloads. */
const BESIDE_WORKLOADS: readonly string[] = [
  "gateway",
  "gateway-nginx",
  "certificate",
  "targets",
  "field-keys",
  "smoke-test",
  "smoke-test-report",
];

/** Parts of the stores, in whose namespace migrations run. */
const BESIDE_STORES: readonly string[] = ["cache", "cache-password", "broker"];

/** Beginnings of names of what is read from elsewhere, and of what is done to each database. */
const BEGINNINGS: readonly string[] = [
  "connections-",
  "verification-scripts-",
  "budgets-",
  "tables-",
  "read-model-",
  "progress-",
  "secrets-of-",
  "secrets-for-",
];

/** What follows a workload's name in names of its parts. */
const ENDS: readonly string[] = ["blue", "green", "routes", "repeats", "report", "verdict", "down", "read-model", "drop", "progress"];

/** Workloads are not called like parts of the platform in the same stacks and namespaces; servers of PostgreSQL have a rule of their own. */
export function namesAreFree(environment: DraftEnvironment): Finding[] {
  const named = ROLES.flatMap((role) =>
    each(environment, role).map(([keys, { name }]) => ({ keys, role, said: name, name: String(name ?? WORKLOADS[role].name) })),
  );
  return named.flatMap(({ keys, role, said, name }): Finding[] => {
    if (said === undefined) return [];
    const found = (rule: string) => [{ keys: [...keys, "name"], value: said, rule, remedy: "choose another" }];
    if (isTaken(name, environment.name) || BESIDE_WORKLOADS.includes(name) || (role === "migrations" && BESIDE_STORES.includes(name)))
      return found("is the name of a part of the platform as well");
    const owner = named.find((other) => ENDS.some((end) => name === `${other.name}-${end}`));
    return owner ? found(`is the name of a part of ${owner.keys.reduce(step)} as well`) : [];
  });
}

/** Whether a part of every stack on a cluster has a name, or what stacks of an environment read from each other. */
export function isTaken(name: string, environment: string | undefined): boolean {
  return (
    EVERYWHERE.includes(name) ||
    [...BEGINNINGS, ...(environment ? [`${environment}-`] : [])].some((beginning) => name.startsWith(beginning))
  );
}
