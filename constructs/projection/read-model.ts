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

  /** Where its pods run and find the secret of the migrator. */
  readonly namespace: string;

  /** The read database, which has `ProjectionTables`. */
  readonly postgres: Postgres;

  /** What is projected: `orders`. The live slot is read in the schema of this name. */
  readonly projection: string;

  /** The slots that workers project into, each with its number of partitions, which never changes. */
  readonly slots: ReadModelSlots;

  /** The slot that is read. */
  readonly live: ReadModelSlot;

  /**
   * What the tables follow from: the image of their migration. Another one shows new tables in the live schema.
   * @default - the tables never change
   */
  readonly revision?: string;

  /**
   * Switches without looking whether the slot has caught up, for when the live one is wrong. Take it away again afterwards.
   * @default false
   */
  readonly skipCatchUpCheck?: boolean;

  /** What has to be there before: the tables of projections, the migrations of every slot. */
  readonly after?: readonly ITerraformDependable[];
}

/** How long a switch waits for the slot to catch up. Five pods that try it fit into the time of their job. */
const WITHIN = "60 seconds";

/** PostgreSQL, identifiers: 63 bytes; Kubernetes, labels: 63 characters; the longest that follows is `-read-model-1a2b3c4d-ca`. */
const LONGEST_NAME = 40;

/** What the functions take. */
const MOST_PARTITIONS = 10_000;

/**
 * Which slot of a read model is read. A job registers the slots, refuses another number of partitions for one that is there,
 * and switches to the live one as soon as that has caught up with the one before; what it can't do fails the apply.
 * Two more jobs are there for a person to start:
 *
 * - `kubectl create job --from=cronjob/<projection>-progress …` shows how far each slot is until all have caught up;
 * - `kubectl create job --from=cronjob/<projection>-drop …` deletes the slot that is not live, once it has no workers.
 */
export class ReadModel extends Construct {
  /** What comes after it: whoever reads. */
  readonly ready: readonly ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** What has to be in its namespace. */
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
      // A rebuild takes as long as it takes.
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

/** What the pods of its jobs are called. */
export function readModelPods(projection: string): string {
  return `${nameOf(projection)}-read-model`;
}

function nameOf(projection: string): string {
  return projection.replaceAll("_", "-");
}

function partitionsBySlot(slots: ReadModelSlots): Readonly<Record<string, number>> {
  const entries = Object.entries(slots).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([slot, { partitions }]) => [slot, partitions]));
}

/** Why the schemas of a projection can't be called after it. */
export function projectionNameProblems(projection: string): readonly Omit<Problem, "path">[] {
  const taken = ["public", "projections", "information_schema"].includes(projection);
  return /^(?!pg_)[a-z][a-z0-9_]*(?<!_[ab])(?<!_)$/.test(projection) && projection.length <= LONGEST_NAME && !taken
    ? []
    : [
        {
          value: projection,
          rule: "is no name of a projection",
          remedy: `use up to ${LONGEST_NAME} lower-case letters, digits and _, beginning with a letter and not ending in _, _a or _b`,
        },
      ];
}

function partitionProblems(slots: ReadModelSlots): readonly Omit<Problem, "path">[] {
  return Object.values(slots)
    .filter(({ partitions }) => !Number.isInteger(partitions) || partitions < 1 || partitions > MOST_PARTITIONS)
    .map(({ partitions }) => ({ value: partitions, rule: "is no number of partitions", remedy: `use 1 to ${MOST_PARTITIONS}` }));
}

function liveProblems(live: ReadModelSlot, slots: ReadModelSlots): readonly Omit<Problem, "path">[] {
  return slots[live] ? [] : [{ value: live, rule: "has no workers", remedy: `use one of ${Object.keys(slots).sort().join(", ")}` }];
}
