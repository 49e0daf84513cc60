import { assert, integer, property } from "fast-check";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { partitionsOf } from "../../constructs/workload";
import type { Body } from "../synth";
import { aPartitionedWorker, refused, Sent } from "./workloads";

const sent = new Sent(aPartitionedWorker());

describe("partitions", () => {
  it("have one worker each, whatever their number and that of the workers", () => {
    assert(
      property(integer({ min: 1, max: 300 }), integer({ min: 1, max: 60 }), (partitions, workers) => {
        const shares = Array.from({ length: workers }, (_, worker) => partitionsOf(worker, { partitions, workers }));
        const sizes = shares.map(({ length }) => length);
        expect(shares.flat().sort((one, other) => one - other)).toEqual(Array.from({ length: partitions }, (_, partition) => partition));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("are shared out by what they leave when divided by the number of workers", () => {
    expect(partitionsOf(1, { partitions: 10, workers: 4 })).toEqual([1, 5, 9]);
  });
});

describe("PartitionedWorker", () => {
  it("tells each of its workers its number, and all of them how many partitions there are", () => {
    expect(sent.container.env).toEqual([
      { name: "PARALLELISM", value: "10" },
      { name: "PARTITIONS", value: "50" },
      {
        name: "WORKER",
        valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
      },
      { name: "WORKERS", value: "5" },
    ]);
  });

  it("has one pod of each number at most, and none that waits for another's", () => {
    expect(sent.one("StatefulSet").spec).toMatchObject({
      replicas: 5,
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      serviceName: "orders",
    });
    expect(sent.one("Service").spec).toMatchObject({ clusterIP: "None" });
    expect(sent.one("PodDisruptionBudget").spec.maxUnavailable).toBe(1);
  });

  it("is ready when it has said so as often as it takes to be believed that it is not, so that a crashing version stops at the first", () => {
    const { readinessProbe } = new Sent(aPartitionedWorker({ health: { port: 9000, path: "/health" } })).container;
    expect(readinessProbe).toMatchObject({ successThreshold: 3, failureThreshold: 3, periodSeconds: 10 });
  });

  it("has time to replace one after the other", () => {
    const [set] = Object.values(sent.json.resource.kubernetes_stateful_set_v1 as Body);
    expect(set.timeouts).toEqual({ create: "2250s", update: "2250s" });
    expect(set.wait_for_rollout).toBe(true);
  });

  it("keeps its partitions when the number of workers changes, where they were said", () => {
    const variables = (workers: number) =>
      Object.fromEntries(
        new Sent(aPartitionedWorker({ workers, partitions: 50 })).container.env.map(({ name, value }: Body) => [name, value]),
      );
    expect(variables(7)).toMatchObject({ PARTITIONS: "50", WORKERS: "7" });
  });

  it("is counted without a surge: its pods go before their successors come", () => {
    expect(podGroups(sent.objects)).toEqual([expect.objectContaining({ name: "write-side/orders", pods: 5 })]);
    expect(podGroups(sent.objects)[0]).not.toHaveProperty("surge");
  });

  it.each([
    [
      "workers that would have nothing to do",
      { workers: 5, partitions: 4 },
      "orders.workers: 5 are more than there are partitions (4), so that some have none; use at most 4 workers",
    ],
    ["no workers", { workers: 0, partitions: 4 }, "orders.workers: 0 must be a whole number of workers; use 1 or more"],
    [
      "half a partition at once",
      { parallelism: 0.5, partitions: 5 },
      "orders.parallelism: 0.5 must be a whole number of partitions at once; use 1 or more",
    ],
    [
      "a variable that it sets",
      { env: { WORKER: "0" } },
      'orders.env: "WORKER" is a variable of the platform as well; give one of them another name',
    ],
  ])("refuses %s", (_, props, message) => {
    expect(refused(aPartitionedWorker(props))).toEqual([message]);
  });
});
