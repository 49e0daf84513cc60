import type { App } from "cdktf";
import { cloudName } from "../../constructs/core/names";
import { type Postgres, postgresConnection } from "../../constructs/postgres";
import { ProjectionTables, projectionVariables, ReadModel } from "../../constructs/projection";
import { MigrationJob } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { postgresOf } from "../lookup/stores";
import { NAMESPACES } from "../model/derive/namespaces";
import { type ReadModelOf, readModelsOf, slotsOf } from "../model/derive/read-models";
import { isProtected } from "../model/exceptions";
import type { Migrations } from "../model/workloads/job";
import { WORKLOADS } from "../model/workloads/roles";
import { described, podOf, type WorkloadPlace } from "./pods";
import { stackOn } from "./side-stack";

/**
 * What is done to read databases before the workloads come that need it, where they and their migrators' passwords are:
 * what projections keep beside their read models, the tables of each slot, and then which slot is read.
 */
export function migrations(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
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
      // Another image may have made other tables, which are shown then; not those of a slot that is not read.
      const revision = jobs
        .filter(({ made }) => made === undefined || made === `${projection}_${live}`)
        .map(({ image }) => image)
        .join(" ");
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

/** The jobs of a migration: one, or one for each slot of each read model, by that slot's image and of its schema only. */
function migrated(place: WorkloadPlace, path: string, settings: Migrations, postgres: Postgres, models: readonly ReadModelOf[]) {
  const { name = WORKLOADS.migrations.name, image = "", per = "database", variables, within, down, ...workload } = settings;
  const told = variables ? { variables: { [postgres.name]: variables } } : {};
  const pod = podOf(place, { ...workload, ...told }, [postgresConnection(postgres, "migrator")]);
  const disposable = !isProtected(place.site.environment);
  const runs =
    per === "database"
      ? [{ name, env: {}, image }]
      : models.flatMap((model) =>
          slotsOf(model).map(([slot, { migrations: own = image }]) => ({
            name: cloudName("workload", name, model.projection.replaceAll("_", "-"), slot),
            env: projectionVariables(model.projection, slot),
            image: own,
          })),
        );
  return runs.map((run) => ({
    image: run.image,
    made: "SCHEMA" in run.env ? run.env.SCHEMA : undefined,
    job: describedAt(
      path,
      new MigrationJob(place.stack, run.name, {
        ...pod,
        env: { ...run.env, ...pod.env },
        image: run.image,
        disposable,
        ...(within ? { within } : {}),
        ...(down ? { down } : {}),
      }),
    ),
  }));
}
