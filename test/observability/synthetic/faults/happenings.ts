import { ago, type Part } from "../healthy";
import type { System } from "../system";

/** Who is told: by what is critical, by what waits for the day, by what a domain owns, and nobody by what only informs. */
type Receiver = "oncall" | "team" | "market" | "nobody";

/** What happens to a system, and what people are told of it. */
export interface Fault {
  readonly name: string;
  readonly happens: (system: System) => unknown;

  /** What sees it or suffers from it, in addition to the parts of its concern. */
  readonly also?: readonly Part[];

  /** Alerts, the receiver of each, and within what time after the fault it has arrived. Nothing else may arrive. */
  readonly told: Readonly<Record<string, readonly [Receiver, `${number}m`]>>;

  /** Almost the same, of which nobody is told. */
  readonly almost?: (system: System) => unknown;

  /** Whether it has always been so, as what is judged by its course over hours. */
  readonly always?: true;
}

export const MINUTE = 60;
export const HOUR = 3600;

export const event = { store: "event-store" };
export const node = (index: number) => ({ ...event, pod: `event-store-${index}` });
export const billing = { event_stream_id: "orders", group_name: "billing" };
export const database = { store: "read-database" };
export const server = (number: number) => ({ ...database, pod: `read-database-${number}` });
export const live = { projection: "orders", slot: "blue" };
export const broker = (index: number) => ({ store: "broker", pod: `broker-${index}` });
export const consumer = { consumer_name: "billing", is_consumer_leader: "true" };
export const cache = (index: number) => ({ store: "cache", pod: `cache-${index}` });
export const queue = (index: number) => ({ store: "queue", pod: `queue-${index}` });
const commands = { app_kubernetes_io_name: "command-api" };
export const served = { ...commands, http_response_status_code: "200" };
export const DURATIONS = "http_server_request_duration_seconds";

/** Pods of a StatefulSet that don't run, and nothing is exported of them. */
export function lost(system: System, namespace: string, name: string, pods: readonly number[], of: number): System {
  const left = of - pods.length;
  for (const status of ["kube_statefulset_status_replicas_ready", "kube_statefulset_status_replicas_available"])
    system.set(status, { namespace, statefulset: name }, left);
  for (const index of pods) {
    const pod = `${name}-${index}`;
    notReady(system, namespace, pod);
    system.end(undefined, { store: name, pod });
  }
  return system;
}

export function notReady(system: System, namespace: string, pod: string): System {
  return system.set("kube_pod_status_ready", { namespace, pod, condition: "true" }, 0);
}

/** Pods of a Deployment that don't work. */
export function unavailable(system: System, namespace: string, deployment: string, pods: readonly number[], of: number): System {
  for (const index of pods) notReady(system, namespace, `${deployment}-6d9f-${index}`);
  return system.set("kube_deployment_status_replicas_available", { namespace, deployment }, of - pods.length);
}

/** Requests of a service fail, so many a second, and the commands in them. */
export const failing = (system: System, app_kubernetes_io_name: string, perSecond: number) =>
  system
    .set(`${DURATIONS}_count`, { app_kubernetes_io_name, http_response_status_code: "500" }, (before, since) => before + perSecond * since)
    .set("cqrs_command_total", { app_kubernetes_io_name, status: "error" }, (before, since) => before + perSecond * since);

export const waits = (system: System, pod: string, reason: string) =>
  system.add(
    "kube_pod_container_status_waiting_reason",
    { ...place(system), namespace: "read-side", pod, container: "query-api", reason },
    1,
  );

/** The job of a CronJob that was started so long before has ended. */
export function ended(
  system: System,
  how: "failed" | "complete",
  namespace: string,
  cronjob: string,
  number: string,
  started: number,
): System {
  const labels = { ...place(system), namespace, job_name: `${cronjob}-${number}` };
  return system
    .add("kube_job_status_start_time", labels, ago(started))
    .add(`kube_job_${how}`, { ...labels, condition: "true" }, 1)
    .add("kube_job_owner", { ...labels, owner_kind: "CronJob", owner_name: cronjob }, 1);
}

/** A suspended drill that was created so long before, and never ran. */
export function neverDrilled(system: System, created: number): System {
  const drill = { cronjob: "event-store-drill" };
  for (const series of ["status_last_schedule_time", "status_last_successful_time", "next_schedule_time"])
    system.end(`kube_cronjob_${series}`, drill);
  return system.set("kube_cronjob_created", drill, ago(created)).set("kube_cronjob_spec_suspend", drill, 1);
}

/** The projection of the event store doesn't run, for a time (in seconds). */
export function stopped(system: System, lasts: number): System {
  return system
    .dip("kurrentdb_projection_status", { status: "Running" }, 0, lasts)
    .dip("kurrentdb_projection_status", { status: "Stopped" }, 1, lasts);
}

/** The autoscaler can't read its signal. */
export const blind = (system: System) =>
  system
    .set("kube_horizontalpodautoscaler_status_condition", { status: "false" }, 1)
    .set("kube_horizontalpodautoscaler_status_condition", { status: "true" }, 0);

export function place({ cluster }: System) {
  return { cluster };
}

/** Roles of the servers of the read database change every six minutes. */
export function alternating(system: System): System {
  const second = (since: number) => Math.floor(since / 360) % 2;
  for (const [number, standby] of [
    [1, second],
    [2, (since: number) => 1 - second(since)],
  ] as const)
    system
      .set("cnpg_pg_replication_in_recovery", server(number), (_, since) => standby(since))
      .set("cnpg_pg_replication_is_wal_receiver_up", server(number), (_, since) => standby(since))
      .set("cnpg_pg_replication_streaming_replicas", server(number), (_, since) => 2 * (1 - standby(since)));
  return system;
}

/** Two servers lead a stream in turn, each for so many seconds. */
export function leading(system: System, seconds: number): System {
  const stream = { ...place(system), namespace: "broker", job: "broker", account: "$G", stream_name: "ORDERS" };
  for (const index of [0, 1]) {
    system.end("nats_stream_total_messages", broker(index));
    for (const leads of [true, false])
      system.add("nats_stream_total_messages", { ...stream, ...broker(index), is_stream_leader: String(leads) }, (elapsed) =>
        (Math.floor(elapsed / seconds) % 2 === index) === leads ? elapsed : undefined,
      );
  }
  return system;
}

/** A pod of a service was evicted. */
export const evicted = (system: System, pod: string) =>
  system.add("kube_pod_status_reason", { ...place(system), namespace: "read-side", pod, reason: "Evicted" }, 1);

/** Requests of a service are refused, so many a second. */
export function refusing(system: System, perSecond: number): System {
  const refused = { ...commands, http_response_status_code: "401" };
  for (const name of ["count", "bucket"]) system.set(`${DURATIONS}_${name}`, refused, (before, since) => before + perSecond * since);
  return system;
}
