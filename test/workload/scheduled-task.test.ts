import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { ScheduledTask, type ScheduledTaskProps } from "../../constructs/workload";
import { refused, Sent } from "./workloads";

const aTask =
  (props: Partial<ScheduledTaskProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const image = "registry.example.com/orders/report:1.0.0";
    new ScheduledTask(stack, "report", { cluster, namespace: "write-side", image, schedule: "30 2 * * *", ...props });
  };

describe("a scheduled task", () => {
  const sent = new Sent(aTask());

  it("runs at its times in UTC, one at a time, and neither late nor for ever", () => {
    expect(sent.one("CronJob", "report").spec).toMatchObject({
      schedule: "30 2 * * *",
      timeZone: "Etc/UTC",
      suspend: false,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: { spec: { backoffLimit: 2, activeDeadlineSeconds: 3600 } },
    });
    // A failed job is there until the next run: the alert on it would end with it.
    expect(sent.one("CronJob", "report").spec.jobTemplate.spec).not.toHaveProperty("ttlSecondsAfterFinished");
  });

  it("runs the pod of every workload, once", () => {
    const { template } = sent.one("CronJob", "report").spec.jobTemplate.spec;
    expect(template).toMatchObject({
      metadata: { labels: { "app.kubernetes.io/name": "report", "app.kubernetes.io/component": "task" } },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        containers: [{ securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true } }],
      },
    });
    expect(sent.names("NetworkPolicy")).toEqual(["report"]);
    expect(podGroups(sent.objects).map(({ name, pods, passing }) => [name, pods, passing])).toEqual([["write-side/report", 1, true]]);
  });

  it("does otherwise where it is told", () => {
    const told = new Sent(aTask({ overlap: "replace", timeout: "10m", startingDeadline: "1m", retries: 0, suspended: true }));
    expect(told.one("CronJob", "report").spec).toMatchObject({
      suspend: true,
      concurrencyPolicy: "Replace",
      startingDeadlineSeconds: 60,
      jobTemplate: { spec: { backoffLimit: 0, activeDeadlineSeconds: 600 } },
    });
  });

  it.each([
    "* * * * *",
    "*/15 * * * *",
    "0 8-18/2 * * mon-fri",
    "0,30 0 1 JAN,jul *",
    "5 4 * * 0",
    "0 0 29 2 *",
    "0 0 31 2 1",
    "0 0 31 2/2 *",
    "0 0 1-31 2 *",
  ])("may run at %s", (schedule) => {
    expect(refused(aTask({ schedule }))).toEqual([]);
  });

  it.each([
    ["@daily", '"@daily" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)'],
    [
      "TZ=Europe/Berlin 0 0 * * *",
      '"TZ=Europe/Berlin 0 0 * * *" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ],
    ["60 * * * *", '"60" is not a valid minute; use 0 to 59, *, ranges, lists and steps'],
    ["0 24 * * *", '"24" is not a valid hour; use 0 to 23, *, ranges, lists and steps'],
    ["0 0 0 * *", '"0" is not a valid day of the month; use 1 to 31, *, ranges, lists and steps'],
    ["0 0 1 dec-jan *", '"dec-jan" is not a valid month; use 1 to 12, *, ranges, lists and steps'],
    ["0 0 * * 7", '"7" is not a valid day of the week; use 0 to 6, *, ranges, lists and steps'],
    ["*/0 * * * *", '"*/0" is not a valid minute; use 0 to 59, *, ranges, lists and steps'],
    ["0 0 30 2 *", '"0 0 30 2 *" never occurs: no such month has that day; use a day that the month has'],
    ["0 0 31 2,4,6 *", '"0 0 31 2,4,6 *" never occurs: no such month has that day; use a day that the month has'],
    ["0 0 31 feb-apr/2 *", '"0 0 31 feb-apr/2 *" never occurs: no such month has that day; use a day that the month has'],
  ])("does not run at %s", (schedule, message) => {
    expect(refused(aTask({ schedule }))).toEqual([`report.schedule: ${message}`]);
  });

  it("has times and retries that can be counted", () => {
    expect(refused(aTask({ timeout: "0s" as never, startingDeadline: "5s", retries: 1.5 }))).toEqual([
      'report.timeout: "0s" is nothing at all; write a number and a unit, like "30d"',
      'report.startingDeadline: "5s" is less than its controller takes to look; use 10s or more',
      "report.retries: 1.5 must be a valid number of retries; use 0 or more",
    ]);
  });
});
