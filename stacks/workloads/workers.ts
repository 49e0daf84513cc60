import { PartitionedWorker, smokeTestsOf, Worker } from "../../constructs/workload";
import { describedAt } from "../base/refusals";
import { pathOf } from "../model/check/paths";
import { maxReplicas } from "../model/common";
import { ONE_BY_ONE, type Tested, type WorkloadPlace, waysTo } from "./place";
import { podOf } from "./pods";
import { scalingOf } from "./scaling";

/** Workers that consume queues and subscriptions. The test reports why a worker is unhealthy. */
export function workersOf(place: WorkloadPlace): Tested {
  const { workers } = place.domain;
  const verifies = workers.map((one) => {
    const { image = "", replicas, scaleOn, health, partitions } = one.settings;
    const ingress = health ? [{ name: "smoke-test", peer: smokeTestsOf(place.namespace), ports: [health.port] }] : [];
    const props = { ...podOf(place, one), image, ...(health ? { health, ingress } : {}) };
    const worker =
      partitions === undefined
        ? new Worker(place.stack, one.name, { ...props, replicas, ...(scaleOn ? { scaleOn: scalingOf(place, scaleOn) } : {}) })
        : new PartitionedWorker(place.stack, one.name, {
            ...props,
            workers: maxReplicas(replicas),
            partitions,
            parallelism: Math.ceil(partitions / maxReplicas(replicas)),
          });
    return describedAt(pathOf(place.site.environment, one.keys), worker);
  });
  const partitioned = workers.some(({ settings }) => settings.partitions !== undefined);
  const probed = [...new Set(workers.flatMap(({ settings: { health } }) => (health ? [health.port] : [])))];
  return { verifies, checks: [], egress: waysTo(probed, "workers"), endpoints: [], ...(partitioned ? { within: ONE_BY_ONE } : {}) };
}
