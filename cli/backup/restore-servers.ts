import { isDeepStrictEqual } from "node:util";
import { eventVerificationName } from "../../constructs/event-store";
import { serverIdentifier } from "../../constructs/postgres";
import type { EventRecord, System } from "../../stacks";
import { targetOf } from "../../stacks/model/stores/restore";
import { Refused } from "../refused";
import { inNamespace } from "./clusters";
import { type Command, jsonOf, written } from "./machine";
import type { BackupRecord } from "./record";
import type { ServerRestoration } from "./restoration";
import { ifPresent, present, type Restoring, type Step } from "./steps";
import { until } from "./waiting";

/** Seconds until a server has replayed its log. */
const RECOVERY = 24 * 3600;

/** State of a restored server: it doesn't exist, is being restored, or is ready. */
type ServerState = "absent" | "recovering" | "ready";

type Look = (one: ServerRestoration, record: BackupRecord, into: System, restoring: Restoring) => Promise<ServerState>;

/** Looks at a server, by the way of its backup. @throws Refused if the server has other data */
const LOOKS: Readonly<Record<string, Look>> = {
  "base-backup": lookAtCluster,
  "cluster-snapshot": lookAtAws,
  "instance-snapshot": lookAtAws,
};

/** State of a server that a record restores. Servers that start empty only have to exist. */
export async function stateOf(one: ServerRestoration, record: BackupRecord, into: System, restoring: Restoring): Promise<ServerState> {
  return await (LOOKS[one.backup.way] as Look)(one, record, into, restoring);
}

/** Step that waits until a server has replayed its log. */
export function recovered(one: ServerRestoration, record: BackupRecord, into: System, restoring: Restoring): Step {
  const { server, restore } = one;
  return {
    title: `${server.name}: ${restore ? `restored to ${targetOf(restore)?.value}` : "starts empty"}`,
    commands: [lookCommand(one, into, restoring)],
    run: async () => {
      const ready = await until(restoring.machine, RECOVERY, async () =>
        (await stateOf(one, record, into, restoring)) === "ready" ? true : undefined,
      );
      if (!ready) throw new Refused(`${server.name}: is not ready; ${lookCommand(one, into, restoring)}`);
      return { done: "ready" };
    },
  };
}

interface ClusterObject {
  readonly metadata: { readonly creationTimestamp: string };
  readonly spec?: { readonly bootstrap?: { readonly recovery?: { readonly recoveryTarget?: object } } };
  readonly status?: { readonly phase?: string };
}

function clusterRequest({ server }: ServerRestoration) {
  return inNamespace(server, "get", "clusters.postgresql.cnpg.io", server.name);
}

async function lookAtCluster(one: ServerRestoration, record: BackupRecord, { name }: System, restoring: Restoring): Promise<ServerState> {
  const { id } = record;
  const { server, restore } = one;
  const found = await present<ClusterObject>(restoring, clusterRequest(one));
  if (!found) return "absent";
  refuseOlder(one, record, name, found.metadata.creationTimestamp);
  const target = restore && targetOf(restore);
  const expected = target && { [target.kind === "lsn" ? "targetLSN" : "targetTime"]: target.value };
  const { recoveryTarget } = found.spec?.bootstrap?.recovery ?? {};
  if (!isDeepStrictEqual(recoveryTarget, expected)) {
    const was = recoveryTarget ? `restored to ${Object.values(recoveryTarget)[0]}` : "created empty";
    throw new Refused(`${name}: the server ${server.name} exists, and was ${was}; use an environment without data for the backup ${id}`);
  }
  return found.status?.phase === "Cluster in healthy state" ? "ready" : "recovering";
}

interface Described {
  readonly Status: string;
  readonly Created: string;
}

/** AWS doesn't report from which snapshot a database was created. */
async function lookAtAws(one: ServerRestoration, record: BackupRecord, into: System, restoring: Restoring): Promise<ServerState> {
  const found = await ifPresent(() => jsonOf<Described>(restoring.machine, describeCommand(one, into)));
  if (!found) return "absent";
  refuseOlder(one, record, into.name, found.Created);
  return found.Status === "available" ? "ready" : "recovering";
}

/** A server that is older than the backup has other data. */
function refuseOlder({ server }: ServerRestoration, { id, completed }: BackupRecord, environment: string, created: string): void {
  if (Date.parse(created) >= Date.parse(completed)) return;
  throw new Refused(
    `${environment}: the server ${server.name} was created at ${created}, before the backup; use an environment without data for the backup ${id}`,
  );
}

function describeCommand({ backup, server }: ServerRestoration, { system, name, aws }: System): Command {
  const identifier = serverIdentifier([system, name], server.name);
  const [action, option, query] =
    backup.way === "cluster-snapshot"
      ? (["describe-db-clusters", "--db-cluster-identifier", "DBClusters[0].{Status:Status,Created:ClusterCreateTime}"] as const)
      : ([
          "describe-db-instances",
          "--db-instance-identifier",
          "DBInstances[0].{Status:DBInstanceStatus,Created:InstanceCreateTime}",
        ] as const);
  return ["aws", "rds", action, "--region", aws?.region ?? "", "--output", "json", option, identifier, "--query", query];
}

function lookCommand(one: ServerRestoration, into: System, { clusters }: Restoring): string {
  return one.backup.way === "base-backup" ? clusters.shown(clusterRequest(one)) : written(describeCommand(one, into));
}

interface JobObject {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env?: readonly { readonly name: string; readonly value?: string }[] }[] };
    };
  };
  readonly status?: { readonly succeeded?: number };
}

/** Step that reads the result of the job that compares the events of a server with the record. The apply runs it. */
export function verified({ server, restore }: ServerRestoration, apply: string, restoring: Restoring): Step {
  const { clusters } = restoring;
  const jobs = inNamespace(server, "get", "jobs");
  const name = eventVerificationName(server.name);
  const record = restore?.record;
  return {
    title: `${server.name}: events compared with their record`,
    commands: [clusters.shown(inNamespace(server, "logs", "-l", `app.kubernetes.io/name=${name}`))],
    run: async () => {
      const { items = [] } = (await present<{ readonly items?: readonly JobObject[] }>(restoring, jobs)) ?? {};
      const found = items.filter((job) => job.metadata.name.startsWith(`${name}-`) && job.status?.succeeded && isOf(job, record));
      if (found.length === 0) return { waits: [apply] };
      if (!record) return { done: "all events were read; the backup has no record to compare them with" };
      const { count, position, hash } = record;
      return { done: `${count} events up to position ${position} have the hash ${hash}` };
    },
  };
}

/** Checks that a job compared with a record. */
function isOf({ spec }: JobObject, record: EventRecord | undefined): boolean {
  const given = spec.template.spec.containers.flatMap(({ env = [] }) => env).find(({ name }) => name === "RECORD")?.value;
  return record ? given !== undefined && given !== "" && (JSON.parse(given) as EventRecord).id === record.id : given === "";
}
