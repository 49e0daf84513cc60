import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { NeededAuthority, NeededSecret } from "../connection";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import { type JobTraffic, migrationPod, type Postgres } from "../postgres";

const PART = "projections";

/** Name of the pods of its job. */
export function projectionTablesPods({ name }: Pick<Postgres, "name">): string {
  return `${name}-${PART}`;
}

export interface ProjectionTablesProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pod and of the migrator's secret. */
  readonly namespace: string;

  /** The read database, after `PostgresRoles`. */
  readonly postgres: Postgres;

  /**
   * Prefix of the roles' names, the same as in `PostgresRoles`.
   * @default - the name of the database
   */
  readonly name?: string;

  /** Resources created before it: the roles. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * Coordination state of projections, stored in the read database with the read models: leases and checkpoints of partitions, and the live
 * slot. A job creates and migrates it; docs/projections.md is the contract for workers and readers.
 */
export class ProjectionTables extends Construct {
  /** Dependencies for workloads that use it. */
  readonly ready: readonly ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** Secrets that its namespace must have. */
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  constructor(scope: Construct, id: string, props: ProjectionTablesProps) {
    super(scope, id);
    const pod = migrationPod(this, { ...props, part: PART, directory: join(__dirname, "sql") });
    this.ready = [pod.job(this).passed];
    this.egress = pod.egress;
    this.secrets = pod.secrets;
    this.authorities = pod.authorities;
  }
}
