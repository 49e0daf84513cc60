import type { App, ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { Namespace } from "../constructs/kubernetes";
import { postgresConnection } from "../constructs/postgres";
import { WorkloadSecret } from "../constructs/secrets";
import { type Check, MigrationJob, PartitionedWorker, SmokeTest, smokeTestsOf, Worker } from "../constructs/workload";
import { postgresOf } from "./connections";
import { type Environment, isProtected } from "./environment";
import { kubernetesStack, type Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import { describedAt } from "./refusals";
import { WORKLOADS } from "./release";
import { fieldKeys } from "./secrets";
import { servicesOf } from "./services";
import { workloadQuota } from "./sizes";
import type { PlatformStack } from "./stack";
import { connectionsOf, described, podOf, type WorkloadPlace, withFieldKeys } from "./workloads";

/** A cluster of an environment, and what is on it already. */
interface Populated {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/** A stack of workloads, and the cluster that it is on. */
export interface SideStack {
  readonly site: Site;
  readonly stack: PlatformStack;
}

type Make = (app: App, site: Site, after: readonly PlatformStack[]) => PlatformStack;

/**
 * The workloads of an environment, in the order in which they come up: migrations, the write side, the read side,
 * projections. Each stack comes after the one before and ends in a test that it has to pass, and goes before it.
 */
export function sideStacks(
  app: App,
  environment: Environment,
  sites: readonly Populated[],
  before: readonly PlatformStack[],
): readonly SideStack[] {
  const on = (key: "writeCluster" | "readCluster") => sites.find(({ site }) => site.key === "cluster" || site.key === key);
  const [write, read] = [on("writeCluster"), on("readCluster")];
  const order: readonly (readonly [Populated | undefined, object | undefined, Make])[] = [
    [read, environment.migrations, migrations],
    [write, environment.commandApi ?? environment.commandProcessors, writeSide],
    [read, environment.queryApi, readSide],
    [read, environment.projections, projections],
  ];
  const found: SideStack[] = [];
  for (const [populated, wanted, make] of order) {
    if (!populated || !wanted) continue;
    const previous = found.slice(-1).map(({ stack }) => stack);
    found.push({ site: populated.site, stack: make(app, populated.site, [...populated.stacks, ...before, ...previous]) });
  }
  return found;
}

/** Where the read databases are, and their migrators' passwords. */
function migrations(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const { environment } = site;
  const { stack, cluster } = stackOn(app, site, "migrations", after);
  const place: WorkloadPlace = { site, stack, cluster, namespace: NAMESPACES.readStore, after: [] };
  const databases = postgresOf(site, stack);
  for (const [path, { name = WORKLOADS.migrations.name, image = "", database, variables, ...settings }] of described(
    environment,
    "migrations",
  )) {
    const postgres = databases.find((one) => one.name === database) ?? databases[0];
    const connections = postgres ? [postgresConnection(postgres, "migrator")] : [];
    const pod = podOf(place, { ...settings, ...(variables && postgres ? { variables: { [postgres.name]: variables } } : {}) }, connections);
    describedAt(path, new MigrationJob(stack, name, { ...pod, image, disposable: !isProtected(environment) }));
  }
  return stack;
}

function writeSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "write-side", after);
  const { services, checks, ports } = servicesOf(place, "commandApi");
  const workers = described(site.environment, "commandProcessors").map(([path, settings]) => {
    const { name = WORKLOADS.commandProcessors.name, image = "", replicas, health } = settings;
    const pod = podOf(place, settings, connectionsOf(place, "commandProcessors"));
    return describedAt(path, new Worker(place.stack, name, { ...pod, image, replicas, ...(health ? { health } : {}) }));
  });
  return tested(place, [...services, ...workers], checks, ports);
}

function readSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "read-side", after);
  const keys = site.environment.encryptedFields?.length ? [fieldKeysAtHome(place)] : [];
  const { services, checks, ports } = servicesOf({ ...place, after: [...place.after, ...keys] }, "queryApi");
  return tested(place, services, checks, ports);
}

/** How many events behind a projection may be and still be healthy. */
const HEALTHY_LAG = 1000;

function projections(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "projections", after);
  const { namespace } = place;
  const found = described(site.environment, "projections");
  const workers = found.map(([path, settings]) => {
    const { name = WORKLOADS.projections.name, image = "", workers: count, parallelism, partitions, health } = settings;
    const pod = withFieldKeys(podOf(place, settings, connectionsOf(place, "projections")), site.environment);
    const asked = health
      ? {
          health: { port: health.port, path: health.path },
          listens: [{ name: "health", peer: smokeTestsOf(namespace), ports: [health.port] }],
        }
      : {};
    const shares = { workers: count, parallelism, ...(partitions === undefined ? {} : { partitions }) };
    return describedAt(path, new PartitionedWorker(place.stack, name, { ...pod, image, ...shares, ...asked }));
  });
  const checks = found.flatMap(([, { name = WORKLOADS.projections.name, health }]): Check[] => {
    if (!health?.lag) return [];
    const url = `http://${name}.${namespace}.svc:${health.port}${health.path}`;
    return [{ name: `lag of ${name}`, url, below: { field: health.lag, limit: HEALTHY_LAG } }];
  });
  const ports = found.flatMap(([, { health }]) => (health ? [health.port] : []));
  return tested(place, workers, checks, [...new Set(ports)]);
}

/** A stack on a cluster, after others. */
function stackOn(app: App, site: Site, part: string, after: readonly PlatformStack[]) {
  const made = kubernetesStack(app, site, part);
  for (const each of after) made.stack.addDependency(each);
  return made;
}

const NAMESPACE_OF = { "write-side": NAMESPACES.writeSide, "read-side": NAMESPACES.readSide, projections: NAMESPACES.projections };

/** A stack with a namespace of its own. */
function placeOf(app: App, site: Site, part: keyof typeof NAMESPACE_OF, after: readonly PlatformStack[]): WorkloadPlace {
  const { stack, cluster } = stackOn(app, site, part, after);
  const name = NAMESPACE_OF[part];
  const { ready } = new Namespace(stack, "namespace", { cluster, name, quota: workloadQuota(site.environment, part) });
  return { site, stack, cluster, namespace: name, after: ready };
}

/** Keys of fields are drawn for the side that answers queries; projections have a copy. */
function fieldKeysAtHome({ stack, cluster, namespace, after }: WorkloadPlace): ITerraformDependable {
  return new WorkloadSecret(stack, fieldKeys.spec.name, { cluster, namespace, spec: fieldKeys.spec, after }).release;
}

/** The stack, ended by a test of what it has brought. */
function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  verifies: readonly IConstruct[],
  checks: readonly Check[],
  ports: readonly number[],
): PlatformStack {
  const reaches = ports.length > 0 ? [{ name: "workloads", peer: "namespace" as const, ports }] : [];
  new SmokeTest(stack, "smoke-test", { cluster, namespace, verifies, checks, reaches, after });
  return stack;
}
