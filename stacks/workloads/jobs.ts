import type { ITerraformDependable } from "cdktf";
import type { IConstruct } from "constructs";
import { podConnections } from "../../constructs/connection";
import { PodTraffic } from "../../constructs/kubernetes";
import { type Postgres, postgresConnection } from "../../constructs/postgres";
import {
  ProjectionExporter,
  ProjectionTables,
  projectionTablesPods,
  projectionVariables,
  ReadModel,
  readModelPods,
} from "../../constructs/projection";
import { Job, MigrationJob, NamespaceConnections, ScheduledTask } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import { serverAt } from "../lookup/stores";
import { pathOf } from "../model/check/paths";
import { serversOf } from "../model/derive/members";
import { slotRun } from "../model/derive/pod-names";
import { slotsOf } from "../model/derive/read-models";
import { isProtected } from "../model/exceptions";
import { metricsReader } from "../model/monitoring";
import type { JobOf, ReadModelOf, ServerOf } from "../model/system";
import type { WorkloadPlace } from "./place";
import { podOf } from "./pods";

/** Checks if a command may empty a database: never on AWS, and never if data is protected. */
function isDisposable({ site: { environment } }: WorkloadPlace): boolean {
  return !isProtected(environment) && environment.aws === undefined;
}

/**
 * Prepares a domain's deployment. For each database: the progress tables of projections, schema migrations, the tables of
 * each slot, and the live slot. Then all other jobs that run before.
 */
export function prepared(place: WorkloadPlace): readonly ITerraformDependable[] {
  const { domain, site } = place;
  const before = domain.jobs.filter(({ settings }) => settings.when === "before");
  const done: Done = new Map();
  const ready = serversOf(site.environment).flatMap((server) => {
    const jobs = before.filter((job) => migrates(job, server));
    const models = domain.readModels.filter(({ database }) => database === server.name);
    return jobs.length + models.length > 0 ? preparedDatabase(place, server, { jobs, models, done }) : [];
  });
  const others = before.filter((job) => !serversOf(site.environment).some((server) => migrates(job, server)));
  return [...ready, ...others.flatMap((job) => migrated(place, job, []).flatMap((run) => run.job.ready))];
}

/** Checks if a job changes the schema of a server. */
function migrates({ uses }: JobOf, { name }: Pick<ServerOf, "name">): boolean {
  return uses.some(({ store, as }) => store === name && as === "migrator");
}

/** Jobs that run once for several databases, before the first of them is read. */
type Done = Map<JobOf, ReturnType<typeof migrated>>;

interface Preparation {
  readonly jobs: readonly JobOf[];
  readonly models: readonly ReadModelOf[];
  readonly done: Done;
}

function preparedDatabase(place: WorkloadPlace, server: ServerOf, { jobs, models, done }: Preparation): readonly ITerraformDependable[] {
  const { site, stack, cluster, namespace, after } = place;
  const postgres = serverAt(site, stack, server);
  const reached = models.length > 0 ? reachedFrom(place, server, postgres, models) : [];
  const first = [...after, ...reached];
  // In another namespace, policies of the database's clients apply.
  const traffic = namespace === server.namespace ? {} : { traffic: "namespace" as const };
  const tables =
    models.length > 0
      ? new ProjectionTables(stack, `tables-${postgres.name}`, {
          cluster,
          namespace,
          postgres,
          name: postgres.database,
          ...traffic,
          ...(first.length > 0 ? { after: first } : {}),
        }).ready
      : [];
  const before = [...first, ...tables];
  if (models.length > 0) progressExported({ ...place, after: before }, server, postgres);
  const runs = jobs.flatMap((job) => {
    const found = done.get(job) ?? migrated({ ...place, after: before }, job, models);
    if (job.settings.per !== "slot") done.set(job, found);
    return found;
  });
  const switched = models.map(({ projection, slots, live, skipCatchUpCheck: forced, keys }) => {
    // Another image may have created other tables, which must be shown then. Images of slots that are not live don't count.
    const revision = runs
      .filter(({ made }) => made === undefined || made === `${projection}_${live}`)
      .map(({ image }) => image)
      .join(" ");
    return describedAt(
      pathOf(site.environment, keys),
      new ReadModel(stack, `read-model-${projection}`, {
        cluster,
        namespace,
        postgres,
        projection,
        slots: Object.fromEntries(slotsOf({ slots }).map(([slot, { partitions }]) => [slot, { partitions }])),
        live,
        skipCatchUpCheck: forced,
        revision,
        ...traffic,
        after: [...before, ...runs.flatMap(({ job }) => job.ready)],
      }),
    );
  });
  return [...tables, ...runs.flatMap(({ job }) => job.ready), ...switched.flatMap(({ ready }) => ready)];
}

/** Exports progress of all projections of a database as metrics, once: in the first domain with projections, if metrics are collected. */
function progressExported(
  { site, stack, cluster, domain, namespace, priority, after }: WorkloadPlace,
  server: ServerOf,
  postgres: Postgres,
) {
  const { environment } = site;
  const metricsFrom = metricsReader(environment.monitoring);
  const first = environment.domains.find(({ readModels }) => readModels.some(({ database }) => database === server.name));
  if (metricsFrom === undefined || first?.name !== domain.name) return;
  const own = priority === undefined ? {} : { priority };
  new ProjectionExporter(stack, `progress-of-${server.name}`, { cluster, namespace, postgres, metricsFrom, ...own, after });
}

/** Requirements of the platform's own jobs for a database in another namespace: egress to it, and its migrator's secret. */
function reachedFrom(
  { stack, cluster, namespace, after }: WorkloadPlace,
  server: ServerOf,
  postgres: Postgres,
  models: readonly ReadModelOf[],
): readonly ITerraformDependable[] {
  if (namespace === server.namespace) return [];
  const { egress, secrets, authorities } = podConnections(cluster, [{ connection: postgresConnection(postgres, "migrator") }]);
  const ways = [projectionTablesPods(postgres), ...models.map(({ projection }) => readModelPods(projection))].map((name) => {
    const labels = { "app.kubernetes.io/name": name };
    return new PodTraffic(stack, `way-of-${name}`, { namespace, name, labels, ingress: [], egress, after }).policy;
  });
  return [...ways, ...NamespaceConnections.need(stack, { cluster, namespace, after }, { secrets, authorities, configMaps: [] })];
}

/** Common settings of jobs. They don't get the domain's priority, which is for permanent pods. */
function jobOf({ priority: _, ...place }: WorkloadPlace, one: JobOf) {
  const { image = "", timeout, retries } = one.settings;
  return {
    ...podOf(place, one),
    image,
    disposable: isDisposable(place),
    ...(timeout ? { timeout } : {}),
    ...(retries === undefined ? {} : { retries }),
  };
}

/** Runs of a job before the rest: one, or one per slot of each read model, with that slot's image and schema. */
function migrated(place: WorkloadPlace, one: JobOf, models: readonly ReadModelOf[]) {
  const { per = "database", down } = one.settings;
  const job = jobOf(place, one);
  const runs =
    per === "database"
      ? [{ name: one.name, env: {}, image: job.image }]
      : models.flatMap((model) =>
          slotsOf(model).map(([slot, { migrations: own = job.image }]) => ({
            name: slotRun(one, model, slot),
            env: projectionVariables(model.projection, slot),
            image: own,
          })),
        );
  return runs.map((run) => ({
    image: run.image,
    made: "SCHEMA" in run.env ? run.env.SCHEMA : undefined,
    job: describedAt(
      pathOf(place.site.environment, one.keys),
      new MigrationJob(place.stack, run.name, { ...job, env: { ...run.env, ...job.env }, image: run.image, ...(down ? { down } : {}) }),
    ),
  }));
}

/** Scheduled jobs, and jobs that run on demand. */
export function keptJobs(place: WorkloadPlace): void {
  for (const one of place.domain.jobs) {
    const { when } = one.settings;
    if (when === "before" || when === "after") continue;
    const props = jobOf(place, one);
    describedAt(
      pathOf(place.site.environment, one.keys),
      typeof when === "object"
        ? new ScheduledTask(place.stack, one.name, { ...props, schedule: when.schedule })
        : new Job(place.stack, one.name, { ...props, start: "by-hand" }),
    );
  }
}

/** Jobs that run after a release of the rest of the domain. */
export function followingJobs(place: WorkloadPlace, follows: readonly IConstruct[], passed: readonly ITerraformDependable[]): void {
  const after = [...place.after, ...passed];
  for (const one of place.domain.jobs.filter(({ settings }) => settings.when === "after")) {
    const job = new Job(place.stack, one.name, { ...jobOf({ ...place, after }, one), follows });
    describedAt(pathOf(place.site.environment, one.keys), job);
  }
}
