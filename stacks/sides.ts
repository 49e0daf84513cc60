import type { App, ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import type { Duration } from "../constructs/core/quantities";
import { READINESS_GATES } from "../constructs/entry";
import { Namespace } from "../constructs/kubernetes";
import { type Postgres, postgresConnection } from "../constructs/postgres";
import { caughtUp, ProjectionTables, projectionVariables, ReadModel } from "../constructs/projection";
import { WorkloadSecret } from "../constructs/secrets";
import { type Check, MigrationJob, PartitionedWorker, SmokeTest, smokeTestsOf, Worker } from "../constructs/workload";
import { postgresOf } from "./connections";
import type { Entrance } from "./entrances";
import { all, type Environment, isProtected, type Migrations, readDatabaseName } from "./environment";
import { entranceOf } from "./gateway";
import { kubernetesStack, type Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import { priorityClass } from "./priorities";
import { type ReadModelOf, readModelsOf, slotsOf } from "./read-models";
import { describedAt } from "./refusals";
import { WORKLOADS } from "./release";
import { fieldKeys } from "./secrets";
import { servicesOf } from "./services";
import { scalingOf } from "./signals";
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
    [read, environment.migrations ?? environment.projections, migrations],
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

/**
 * What is done to read databases before the workloads come that need it, where they and their migrators' passwords are:
 * what projections keep beside their read models, the tables of each slot, and then which slot is read.
 */
function migrations(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const { environment } = site;
  const { stack, cluster } = stackOn(app, site, "migrations", after);
  const namespace = NAMESPACES.readStore;
  const models = readModelsOf(environment);
  for (const postgres of postgresOf(site, stack)) {
    const of = models.filter(({ database }) => database === postgres.name);
    const id = `tables-${postgres.name}`;
    const before = of.length > 0 ? new ProjectionTables(stack, id, { cluster, namespace, postgres, name: postgres.database }).ready : [];
    const place: WorkloadPlace = { site, stack, cluster, namespace, after: before };
    const jobs = described(environment, "migrations")
      .filter(([, { database }]) => database === undefined || database === postgres.name)
      .flatMap(([path, settings]) => migrated(place, path, settings, postgres, of));
    for (const { projection, slots, live, settings } of of) {
      const { forced = false } = settings.readModel ?? {};
      // Another image may have made other tables, which are shown then.
      const revision = jobs.map(({ image }) => image).join(" ");
      describedAt(
        `${environment.name}.projections`,
        new ReadModel(stack, `read-model-${projection}`, {
          cluster,
          namespace,
          postgres,
          projection,
          slots: Object.fromEntries(slotsOf({ slots }).map(([slot, { partitions }]) => [slot, { partitions }])),
          live,
          forced,
          revision,
          after: [...before, ...jobs.flatMap(({ job }) => job.ready)],
        }),
      );
    }
  }
  return stack;
}

/** The jobs of a migration: one, or one for each slot of each read model. */
function migrated(place: WorkloadPlace, path: string, settings: Migrations, postgres: Postgres, models: readonly ReadModelOf[]) {
  const { name = WORKLOADS.migrations.name, image = "", per = "database", variables, within, down, ...workload } = settings;
  const told = variables ? { variables: { [postgres.name]: variables } } : {};
  const pod = podOf(place, { ...workload, ...told }, [postgresConnection(postgres, "migrator")]);
  const disposable = !isProtected(place.site.environment);
  const runs =
    per === "database"
      ? [{ name, env: {} }]
      : models.flatMap((model) =>
          slotsOf(model).map(([slot]) => ({
            name: `${name}-${model.projection}-${slot}`.replaceAll("_", "-"),
            env: projectionVariables(model.projection, slot),
          })),
        );
  return runs.map((run) => ({
    image,
    job: describedAt(
      path,
      new MigrationJob(place.stack, run.name, {
        ...pod,
        env: { ...run.env, ...pod.env },
        image,
        disposable,
        ...(within ? { within } : {}),
        ...(down ? { down } : {}),
      }),
    ),
  }));
}

function writeSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "write-side", after);
  const { services, checks, ports, route } = servicesOf(place, "commandApi");
  const workers = described(site.environment, "commandProcessors").map(([path, settings]) => {
    const { name = WORKLOADS.commandProcessors.name, image = "", replicas, scaleOn, health } = settings;
    const pod = podOf(place, settings, connectionsOf(place, "commandProcessors"));
    return describedAt(
      path,
      new Worker(place.stack, name, {
        ...pod,
        image,
        replicas,
        ...(scaleOn ? { scaleOn: scalingOf(place, scaleOn) } : {}),
        ...(health ? { health } : {}),
      }),
    );
  });
  route(tested(place, [...services, ...workers], checks, ports));
  return place.stack;
}

function readSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "read-side", after);
  const keys = site.environment.encryptedFields?.length ? [fieldKeysAtHome(place)] : [];
  const { services, checks, ports, route } = servicesOf({ ...place, after: [...place.after, ...keys] }, "queryApi");
  route(tested(place, services, checks, ports));
  return place.stack;
}

/** How many events behind a projection may be and still be healthy. */
const HEALTHY_LAG = 1000;

/** Each slot of each read model has workers of its own: its tables are its own as well, so that nothing is written twice. */
function projections(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "projections", after);
  const { namespace } = place;
  const paths = described(site.environment, "projections").map(([path]) => path);
  const made = readModelsOf(site.environment).flatMap(({ settings, workload, projection, database, ...model }, index) => {
    const { image = "", workers, parallelism, health } = settings;
    const others = all(site.environment.readDatabase)
      .map(readDatabaseName)
      .filter((name) => name !== database);
    const connections = connectionsOf(place, "projections").filter(({ name }) => !others.includes(name));
    const pod = withFieldKeys(podOf(place, settings, connections), site.environment);
    const asked = health
      ? {
          health: { port: health.port, path: health.path },
          listens: [{ name: "smoke-test", peer: smokeTestsOf(namespace), ports: [health.port] }],
        }
      : {};
    return slotsOf(model).map(([slot, { partitions, image: own = image }]) => {
      const name = `${workload}-${slot}`;
      const env = { ...projectionVariables(projection, slot), ...pod.env };
      const worker = new PartitionedWorker(place.stack, name, { ...pod, env, image: own, workers, parallelism, partitions, ...asked });
      const url = `http://${name}.${namespace}.svc:${health?.port}${health?.path}`;
      // One that is being built is behind, and may be.
      const checks: Check[] =
        health?.lag && slot === model.live ? [{ name: `lag of ${name}`, url, below: { field: health.lag, limit: HEALTHY_LAG } }] : [];
      return {
        worker: describedAt(paths[index] ?? "", worker),
        checks,
        ports: health ? [health.port] : [],
        ...(settings.tellsProgress && slot === model.live ? { told: { database, projection } } : {}),
      };
    });
  });
  const workers = made.map(({ worker }) => worker);
  const ports = [...new Set(made.flatMap(({ ports: of }) => of))];
  const checks = made.flatMap(({ checks: of }) => of);
  const passed = tested(place, workers, checks, ports, ONE_BY_ONE);
  for (const postgres of postgresOf(site, place.stack)) {
    const telling = made.flatMap(({ worker, told }) => (told?.database === postgres.name ? [{ worker, ...told }] : []));
    if (telling.length === 0) continue;
    new SmokeTest(place.stack, `progress-${postgres.name}`, {
      cluster: place.cluster,
      namespace,
      verifies: telling.map(({ worker }) => worker),
      checks: telling.map(({ projection }) => ({ name: `progress of ${projection}`, query: caughtUp(projection, HEALTHY_LAG) })),
      database: { connection: postgresConnection(postgres, "reader") },
      within: ONE_BY_ONE,
      after: [passed],
    });
  }
  return place.stack;
}

/** A stack on a cluster, after others. */
function stackOn(app: App, site: Site, part: string, after: readonly PlatformStack[]) {
  const made = kubernetesStack(app, site, part);
  for (const each of after) made.stack.addDependency(each);
  return made;
}

const NAMESPACE_OF = { "write-side": NAMESPACES.writeSide, "read-side": NAMESPACES.readSide, projections: NAMESPACES.projections };

const SIDE_OF: Readonly<Record<keyof typeof NAMESPACE_OF, Entrance["side"] | undefined>> = {
  "write-side": "write",
  "read-side": "read",
  projections: undefined,
};

/** A stack with a namespace of its own. */
function placeOf(app: App, site: Site, part: keyof typeof NAMESPACE_OF, after: readonly PlatformStack[]): WorkloadPlace {
  const { stack, cluster } = stackOn(app, site, part, after);
  const name = NAMESPACE_OF[part];
  const side = SIDE_OF[part];
  const { ready } = new Namespace(stack, "namespace", {
    cluster,
    name,
    quota: workloadQuota(site.environment, part),
    ...(side && entranceOf(site, side) ? { labels: READINESS_GATES } : {}),
  });
  return { site, stack, cluster, namespace: name, priority: priorityClass(site.environment, part), after: ready };
}

/** Keys of fields are drawn for the side that answers queries; projections have a copy. */
function fieldKeysAtHome({ stack, cluster, namespace, after }: WorkloadPlace): ITerraformDependable {
  return new WorkloadSecret(stack, fieldKeys.spec.name, { cluster, namespace, spec: fieldKeys.spec, after }).release;
}

/** As long as all pods of a side may take to be replaced one after the other. */
const WITHIN: Duration = "30m";

/** Of workers of partitions each goes before its successor comes. */
const ONE_BY_ONE = "1h";

/** A test of what a stack has brought; what sends requests to it comes after. */
function tested(
  { stack, cluster, namespace, after }: WorkloadPlace,
  verifies: readonly IConstruct[],
  checks: readonly Check[],
  ports: readonly number[],
  within: Duration = WITHIN,
): ITerraformDependable {
  const reaches = ports.length > 0 ? [{ name: "workloads", peer: "namespace" as const, ports }] : [];
  return new SmokeTest(stack, "smoke-test", { cluster, namespace, verifies, checks, within, reaches, after }).passed;
}
