import type { ITerraformDependable } from "cdktf";
import { cloudName } from "../../constructs/core/names";
import { postgresConnection } from "../../constructs/postgres";
import { caughtUp, projectionVariables } from "../../constructs/projection";
import { type Check, PartitionedWorker, SmokeTest, smokeTestsOf } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import { serverAt } from "../lookup/stores";
import { pathOf } from "../model/check/paths";
import { serversOf } from "../model/derive/members";
import { slotWorkers } from "../model/derive/pod-names";
import { slotsOf } from "../model/derive/read-models";
import { ONE_BY_ONE, type Tested, type WorkloadPlace, waysTo } from "./place";
import { podOf, withFieldKeys } from "./pods";

/** Maximum lag of a healthy projection, in events. */
const HEALTHY_LAG = 1000;

/** Worker that reports its progress to the read database. */
interface Reporting {
  readonly worker: PartitionedWorker;
  readonly database: string;
  readonly projection: string;
}

/** Resources of a domain's projections. */
export interface MadeProjections extends Tested {
  readonly reporting: readonly Reporting[];
}

/** Creates separate workers for each slot of each read model. Slots have separate tables, so nothing is written twice. */
export function projectionsOf(place: WorkloadPlace): MadeProjections {
  const { environment } = place.site;
  const { namespace } = place;
  const { projections } = place.domain;
  const made = projections.flatMap((one) => {
    const { settings, model, encrypts } = one;
    const { image = "", workers, parallelism, health } = settings;
    const { projection, database, live } = model;
    const pod = encrypts ? withFieldKeys(podOf(place, one), environment) : podOf(place, one);
    const asked = health
      ? {
          health: { port: health.port, ...(health.path === undefined ? {} : { path: health.path }) },
          ingress: [{ name: "smoke-test", peer: smokeTestsOf(namespace), ports: [health.port] }],
        }
      : {};
    return slotsOf(model).map(([slot, { partitions, image: own = image }]) => {
      const name = slotWorkers(one, slot);
      const env = { ...projectionVariables(projection, slot), ...pod.env };
      const worker = new PartitionedWorker(place.stack, name, { ...pod, env, image: own, workers, parallelism, partitions, ...asked });
      const url = `http://${name}.${namespace}.svc:${health?.port}${health?.path}`;
      // A slot that is being built may lag behind.
      const checks: Check[] =
        health?.lag && slot === live ? [{ name: `lag of ${name}`, url, below: { field: health.lag, limit: HEALTHY_LAG } }] : [];
      return {
        worker: describedAt(pathOf(environment, one.keys), worker),
        checks,
        ports: health ? [health.port] : [],
        reporting: settings.reportsProgress && slot === live ? [{ worker, database, projection }] : [],
      };
    });
  });
  return {
    verifies: made.map(({ worker }) => worker),
    checks: made.flatMap(({ checks }) => checks),
    egress: waysTo([...new Set(made.flatMap(({ ports }) => ports))], "projections"),
    endpoints: [],
    ...(projections.length > 0 ? { within: ONE_BY_ONE } : {}),
    reporting: made.flatMap(({ reporting }) => reporting),
  };
}

/** Tests for each read database that its projections have caught up, after the domain has passed its test. */
export function progressTested(place: WorkloadPlace, reporting: readonly Reporting[], passed: ITerraformDependable): void {
  const { site, stack, cluster, namespace } = place;
  for (const server of serversOf(site.environment)) {
    const telling = reporting.filter(({ database }) => database === server.name);
    if (telling.length === 0) continue;
    new SmokeTest(stack, `progress-${server.name}`, {
      cluster,
      namespace,
      name: cloudName("workload", "progress", server.name),
      verifies: telling.map(({ worker }) => worker),
      checks: telling.map(({ projection }) => ({ name: `progress of ${projection}`, query: caughtUp(projection, HEALTHY_LAG) })),
      database: { connection: postgresConnection(serverAt(site, stack, server), "reader") },
      timeout: ONE_BY_ONE,
      after: [passed],
    });
  }
}
