import { join } from "node:path";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { NeededAuthority, NeededSecret } from "../connection";
import { type Problem, refuse } from "../core/errors";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import { type JobTraffic, type Postgres, PsqlPod } from "../postgres";
import { BY_HAND } from "../workload";
import type { ReadModelSlot, ReadModelSlots } from "./contract";

export interface ReadModelProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods and of the migrator's secret. */
  readonly namespace: string;

  /** The read database, which has `ProjectionTables`. */
  readonly postgres: Postgres;

  /** Name of the projection: `orders`. The live slot is read in the schema of this name. */
  readonly projection: string;

  /** The slots that workers write, each with its number of partitions, which can't be changed. */
  readonly slots: ReadModelSlots;

  /** The slot that readers see. */
  readonly live: ReadModelSlot;

  /**
   * Version of the tables: the image of their migration. A change adds views of new tables to the live schema.
   * @default - the tables never change
   */
  readonly revision?: string;

  /**
   * Switches without checking that the slot has caught up, if the live one is wrong. Remove it afterwards.
   * @default false
   */
  readonly skipCatchUpCheck?: boolean;

  /** Resources created before it: the tables of projections, the migrations of every slot. */
  readonly after?: readonly ITerraformDependable[];
}

/** Timeout for the slot to catch up before a switch. Five attempts fit into the deadline of the job. */
const WITHIN = "60 seconds";

/** PostgreSQL, identifiers: 63 bytes; Kubernetes, labels: 63 characters; the longest suffix is `-read-model-1a2b3c4d-ca`. */
const LONGEST_NAME = 40;

/** Limit of the SQL functions. */
const MOST_PARTITIONS = 10_000;

/**
 * Switch of a read model's live slot. A job registers the slots, rejects a different number of partitions for an existing slot, and
 * switches to the live one once that has caught up with the one before. If the job fails, the apply fails. Two more jobs are started by a
 * person:
 *
 * - `kubectl create job --from=cronjob/<projection>-progress …` reports the progress of each slot until all have caught up;
 * - `kubectl create job --from=cronjob/<projection>-drop …` deletes the slot that is not live, once it has no workers.
 */
export class ReadModel extends Construct {
  /** Dependencies for readers. */
  readonly ready: readonly ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** Secrets that its namespace must have. */
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  constructor(scope: Construct, id: string, props: ReadModelProps) {
    super(scope, id);
    const { cluster, namespace, postgres, projection, slots, live, revision = "", skipCatchUpCheck: forced = false, after = [] } = props;
    refuse(this, projectionNameProblems(projection), "projection");
    refuse(this, partitionProblems(slots), "slots");
    refuse(this, liveProblems(live, slots), "live");
    const name = nameOf(projection);
    const pod = new PsqlPod(this, "pod", {
      cluster,
      namespace,
      postgres,
      name: readModelPods(projection),
      files: [join(__dirname, "slots/slots.sh"), ...["live", "progress", "drop"].map((file) => join(__dirname, `slots/${file}.sql`))],
      settings: {
        PGDATABASE: postgres.database,
        PROJECTION: projection,
        SLOTS: JSON.stringify(partitionsBySlot(slots)),
        LIVE: live,
        FORCED: String(forced),
        WITHIN,
        REVISION: revision,
      },
      credentials: { ".": postgres.users.migrator },
      ...(props.traffic ? { traffic: props.traffic } : {}),
      after,
    });
    const switched = pod.job(this, "live");
    const { activeDeadlineSeconds: _, ...endless } = pod.jobSpecOf("progress");
    const operations = {
      // A rebuild has no deadline.
      progress: { ...endless, ttlSecondsAfterFinished: "86400" },
      drop: { ...pod.jobSpecOf("drop"), backoffLimit: 0, ttlSecondsAfterFinished: "86400" },
    };
    for (const [operation, jobSpec] of Object.entries(operations)) {
      new CronJobV1(this, operation, {
        metadata: { name: `${name}-${operation}`, namespace },
        spec: {
          ...BY_HAND,
          jobTemplate: { metadata: {}, spec: jobSpec },
        },
        dependsOn: [switched.job],
      });
    }
    this.ready = [switched.passed];
    this.egress = pod.egress;
    this.secrets = pod.secrets;
    this.authorities = pod.authorities;
  }
}

/** Name of the pods of its jobs. */
export function readModelPods(projection: string): string {
  return `${nameOf(projection)}-read-model`;
}

/** Name of the job that reports the progress of a read model until all its slots have caught up. Started by hand. */
export function readModelProgress(projection: string): string {
  return `${nameOf(projection)}-progress`;
}

function nameOf(projection: string): string {
  return projection.replaceAll("_", "-");
}

function partitionsBySlot(slots: ReadModelSlots): Readonly<Record<string, number>> {
  const entries = Object.entries(slots).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([slot, { partitions }]) => [slot, partitions]));
}

/** Problems of a projection's name as the name of schemas. */
export function projectionNameProblems(projection: string): readonly Omit<Problem, "path">[] {
  const taken = ["public", "projections", "information_schema"].includes(projection);
  return /^(?!pg_)[a-z][a-z0-9_]*(?<!_[ab])(?<!_)$/.test(projection) && projection.length <= LONGEST_NAME && !taken
    ? []
    : [
        {
          value: projection,
          rule: "is not a valid projection name",
          remedy: `use up to ${LONGEST_NAME} lower-case letters, digits and _, beginning with a letter and not ending in _, _a or _b`,
        },
      ];
}

function partitionProblems(slots: ReadModelSlots): readonly Omit<Problem, "path">[] {
  return Object.values(slots)
    .filter(({ partitions }) => !Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS)
    .map(({ partitions }) => ({ value: partitions, rule: "must be a valid number of partitions", remedy: `use 1 to ${MOST_PARTITIONS}` }));
}

function liveProblems(live: ReadModelSlot, slots: ReadModelSlots): readonly Omit<Problem, "path">[] {
  return slots[live] ? [] : [{ value: live, rule: "has no workers", remedy: `use one of ${Object.keys(slots).sort().join(", ")}` }];
}
