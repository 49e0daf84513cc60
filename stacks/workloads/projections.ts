import type { App } from "cdktf";
import { cloudName } from "../../constructs/core/names";
import type { Duration } from "../../constructs/core/quantities";
import { postgresConnection } from "../../constructs/postgres";
import { caughtUp, projectionVariables } from "../../constructs/projection";
import { type Check, PartitionedWorker, SmokeTest, smokeTestsOf } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { postgresOf } from "../lookup/stores";
import { all } from "../model/common";
import { readModelsOf, slotsOf } from "../model/derive/read-models";
import { readDatabaseName } from "../model/derive/servers";
import { connectionsOf, described, podOf, withFieldKeys } from "./pods";
import { placeOf, tested, waysTo } from "./side-stack";

/** Of workers of partitions each goes before its successor comes. */
const ONE_BY_ONE: Duration = "1h";

/** How many events behind a projection may be and still be healthy. */
const HEALTHY_LAG = 1000;

/** Each slot of each read model has workers of its own: its tables are its own as well, so that nothing is written twice. */
export function projections(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
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
  const passed = tested(place, workers, checks, waysTo(ports), ONE_BY_ONE);
  for (const postgres of postgresOf(site, place.stack)) {
    const telling = made.flatMap(({ worker, told }) => (told?.database === postgres.name ? [{ worker, ...told }] : []));
    if (telling.length === 0) continue;
    new SmokeTest(place.stack, `progress-${postgres.name}`, {
      cluster: place.cluster,
      namespace,
      name: cloudName("workload", "progress", postgres.name),
      verifies: telling.map(({ worker }) => worker),
      checks: telling.map(({ projection }) => ({ name: `progress of ${projection}`, query: caughtUp(projection, HEALTHY_LAG) })),
      database: { connection: postgresConnection(postgres, "reader") },
      within: ONE_BY_ONE,
      after: [passed],
    });
  }
  return place.stack;
}
