import { maxLength } from "../../../constructs/core/names";
import { storeNameProblems } from "../../../constructs/event-store";
import { PLACES } from "../../../constructs/platform";
import { projectionNameProblems } from "../../../constructs/projection";
import type { DraftSystem, Rule, RuleFinding } from "../check/drafts";
import { NAMESPACES } from "../derive/namespaces";
import { slotRun, slotWorkers } from "../derive/pod-names";
import { READ_MODEL_SLOTS } from "../derive/read-models";
import { configuredStreamBackups } from "../derive/stream-backups";
import type { AnyWorkload } from "../derive/workloads";
import { engineOf } from "../stores";
import type { DomainOf } from "../system";
import { SLOTS } from "../workloads/roles";
import { isGeneral, type Named, namedDomains, namedStores, namedWorkloads, writtenAt } from "./parts";

/** Rules for the names of stores, domains and workloads. */
export const nameRules: readonly Rule[] = [
  namesAreApart,
  placesAreApart,
  workloadNamesAreFree,
  placesAreFree,
  projectionsNameSchemas,
  namespacesAreShort,
  eventStoresAreShort,
  backupsAreApart,
  jobsThatUndoAreShort,
];

/** Names of parts in every stack on a cluster and in every namespace. Workloads and stores can't have them. */
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
];

/** Names of parts in the stacks of workloads. */
const BESIDE_WORKLOADS: readonly string[] = [
  "gateway",
  "gateway-nginx",
  "certificate",
  "targets",
  "field-keys",
  "smoke-test",
  "smoke-test-report",
  "traffic-test",
  "traffic-test-report",
];

/** Names of parts of the stores, in whose namespace migrations run. */
const BESIDE_STORES: readonly string[] = ["cache", "cache-password", "broker"];

/** Name prefixes of data read from elsewhere, and of jobs per database. */
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

/** Suffixes of a workload's name in the names of its parts. */
const ENDS: readonly string[] = ["blue", "green", "routes", "repeats", "report", "verdict", "down", "read-model", "drop", "progress"];

/** Id suffixes of the platform's stacks, and other names that stores and domains can't have. */
const STACKS: readonly string[] = [
  "keys",
  "network",
  "runners",
  "cluster",
  "write-cluster",
  "read-cluster",
  "data",
  "backup",
  "audit-trail",
  "audit-digests",
  "subject-keys",
  "identities",
  "entry",
  "edge",
  "peering",
  "platform",
  "write-platform",
  "read-platform",
  "event-store-users",
  "observability",
  "write-observability",
  "read-observability",
  "stores",
];

/** Suffixes of a name in stack ids and names of security groups. Names of a store's users are checked with the servers. */
const STACK_ENDS = { stores: ["platform", "entry"], domains: ["users", "platform", "entry", "traffic"] } as const;

/** Workloads need unique names, because release files refer to them. So do stores, except the only store of a role. */
function namesAreApart(system: DraftSystem): RuleFinding[] {
  const stores = namedStores(system).filter(({ part }) => part.kind === "postgres" || isGeneral(part));
  const taken = new Map<string, string>();
  return [...namedWorkloads(system), ...stores].flatMap((one, _, all): RuleFinding[] => {
    const { name, keys, said, at } = one;
    const [role, index] = keys;
    if (!said && index !== undefined && all.filter(({ keys: [first] }) => first === role).length > 1) {
      return [{ keys, rule: `is one of several and has no name`, remedy: "name each" }];
    }
    const before = taken.get(name);
    taken.set(name, writtenAt(one));
    if (before === undefined) return [];
    return said
      ? [{ keys: at, value: name, rule: `is the name of ${before} as well`, remedy: "choose another" }]
      : [{ keys, rule: `is called ${name}, and so is ${before}`, remedy: "name it otherwise" }];
  });
}

/** Stores and domains each need a namespace and a stack, which have their names. */
function placesAreApart(system: DraftSystem): RuleFinding[] {
  const places = [...namedStores(system), ...namedDomains(system)];
  return places.flatMap((one, index): RuleFinding[] => {
    const { name, at, part } = one;
    if (!isGeneral(part)) return [];
    const found = (rule: string): RuleFinding[] => [{ keys: at, value: name, rule, remedy: "choose another" }];
    const twin = places.find((other, before) => other.name === name && (before < index || !isGeneral(other.part)) && other !== one);
    // Stores with the same name are reported by the check of all names.
    if (twin)
      return isStore(one) && isStore(twin) && twin.part.kind === "postgres" ? [] : found(`is the name of ${writtenAt(twin)} as well`);
    const host = places.find(({ part: other }) => other !== part && !isGeneral(other) && [other.namespace, other.stack].includes(name));
    return host ? found(`is the namespace of ${writtenAt(host)}`) : [];
  });
}

function isStore(
  one: ReturnType<typeof namedStores>[number] | ReturnType<typeof namedDomains>[number],
): one is ReturnType<typeof namedStores>[number] {
  return "kind" in one.part;
}

/** Workloads can't have names of platform parts in the same stacks and namespaces. PostgreSQL servers have a separate rule. */
function workloadNamesAreFree(system: DraftSystem): RuleFinding[] {
  const workloads = namedWorkloads(system);
  return workloads.flatMap(({ name, said, at, domain }): RuleFinding[] => {
    if (!said) return [];
    const found = (rule: string) => [{ keys: at, value: name, rule, remedy: "choose another" }];
    const beside = [...BESIDE_WORKLOADS, ...(domain.ownsNamespace ? [] : BESIDE_STORES)];
    if (isTaken(name, system.name) || beside.includes(name)) return found("is the name of a part of the platform as well");
    const owner = workloads.find(
      (other) =>
        ENDS.some((end) => name === `${other.name}-${end}`) || (other.domain === domain && podsBeside(other.part, domain).includes(name)),
    );
    if (owner) return found(`is the name of a part of ${writtenAt(owner)} as well`);
    const database = domain.readModels.map((model) => model.database).find((one) => name === `${one}-projections`);
    return database ? found(`is the name of a job for ${database} as well`) : [];
  });
}

/** Further pods named after a workload in its namespace: those of slots, and tests of what is reachable from outside. */
function podsBeside(workload: AnyWorkload, { readModels }: DomainOf): readonly string[] {
  const { name, kind } = workload;
  if (kind === "projection") return READ_MODEL_SLOTS.map((slot) => slotWorkers(workload, slot));
  if (kind === "job" && workload.settings.per === "slot")
    return readModels.flatMap((model) => READ_MODEL_SLOTS.map((slot) => slotRun(workload, model, slot)));
  if (kind !== "service" || !workload.exposed) return [];
  return [name, ...SLOTS.map((slot) => `${name}-${slot}`)].map((version) => `${version}-test`);
}

/** The schemas of a projection have its name, or the system's. */
function projectionsNameSchemas(system: DraftSystem): RuleFinding[] {
  return namedWorkloads(system).flatMap(({ name, said, at, part }): RuleFinding[] => {
    if (part.kind !== "projection" || projectionNameProblems(part.model.projection).length === 0) return [];
    const remedy = "that ends in neither -a nor -b, doesn't begin with pg-, and is not public, projections or information-schema";
    return said
      ? [{ keys: at, value: name, rule: "can't begin the names of schemas", remedy: `use one ${remedy}` }]
      : [{ keys: at, rule: `is called ${system.system} in its schemas, which can't begin so`, remedy: `give it a name ${remedy}` }];
  });
}

/** Maximum length of a namespace from which a Helm release (53 characters) copies secrets: secrets-of-<namespace>. */
const LONGEST_NAMESPACE = 42;

/** On a shared cluster each namespace has the environment's name as a prefix. */
function namespacesAreShort(system: DraftSystem): RuleFinding[] {
  return [...namedStores(system), ...namedDomains(system)].flatMap(({ name, at, part }): RuleFinding[] => {
    const { namespace } = part;
    if (!isGeneral(part) || namespace === name || namespace.length <= LONGEST_NAMESPACE) return [];
    const most = LONGEST_NAMESPACE - (namespace.length - name.length);
    const rule = `makes the namespace ${namespace} on a shared cluster, which has ${namespace.length} characters`;
    return [{ keys: at, value: name, rule, remedy: `use up to ${most} characters` }];
  });
}

/** Parts of an event store have its name as a prefix. */
function eventStoresAreShort(system: DraftSystem): RuleFinding[] {
  return namedStores(system).flatMap(({ name, at, part }): RuleFinding[] => {
    if (part.kind !== "event-store" || engineOf(part)?.inProcess || !isGeneral(part)) return [];
    return storeNameProblems(name).map((problem) => ({ keys: at, ...problem }));
  });
}

/** The stack of a store reads `<environment>-backup`, and has a part with that name if the store is named as the environment. */
function backupsAreApart(system: DraftSystem): RuleFinding[] {
  const { name } = system;
  const one = namedStores(system).find((store) => store.name === name);
  if (!one || !system.aws || !configuredStreamBackups(system).some(({ store }) => store.name === name)) return [];
  const rule = "is also the name of the environment, whose stack of backups has the name of this store's backup";
  return [{ keys: one.at, value: one.name, rule, remedy: "choose another" }];
}

/** A rollback job has the name of each run of its job as a prefix. */
function jobsThatUndoAreShort(system: DraftSystem): RuleFinding[] {
  return namedWorkloads(system).flatMap(({ name, keys, part, domain }): RuleFinding[] => {
    if (part.kind !== "job" || part.settings.down === undefined) return [];
    const runs = part.settings.per === "slot" ? podsBeside(part, domain) : [name];
    const long = runs.map((run) => `${run}-down`).find(({ length }) => length > maxLength("workload"));
    if (long === undefined) return [];
    const rule = `makes ${long}, which has ${long.length} characters`;
    return [{ keys: [...keys, "down"], rule, remedy: `use names that leave it up to ${maxLength("workload")}` }];
  });
}

/** Stores and domains can't have names of the platform's stacks and namespaces. */
function placesAreFree(system: DraftSystem): RuleFinding[] {
  const namespaces: readonly string[] = [...Object.values(PLACES).map(({ namespace }) => namespace), ...Object.values(NAMESPACES)];
  const places: readonly Named[] = [...namedStores(system), ...namedDomains(system)];
  return places.filter(isGeneral).flatMap(({ name, at, keys: [first] }): RuleFinding[] => {
    const found = (rule: string) => [{ keys: at, value: name, rule, remedy: "choose another" }];
    if (STACKS.includes(name) || isTaken(name, system.name)) return found("is the name of a part of the platform as well");
    if (namespaces.includes(name) || /^(kube-.*|default)$/.test(name)) return found("is a namespace of the platform");
    const owner = places.find((other) => STACK_ENDS[first as keyof typeof STACK_ENDS].some((end) => name === `${other.name}-${end}`));
    return owner ? found(`is the name of a part of ${writtenAt(owner)} as well`) : [];
  });
}

/** Checks if a name belongs to a part of every stack on a cluster, or to data that stacks of an environment share. */
export function isTaken(name: string, environment: string | undefined): boolean {
  return (
    EVERYWHERE.includes(name) ||
    [...BEGINNINGS, ...(environment ? [`${environment}-`] : [])].some((beginning) => name.startsWith(beginning))
  );
}
