import { join } from "node:path";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { NeededAuthority, NeededSecret } from "../connection";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import { type JobTraffic, migrationPod, type Postgres } from "../postgres";

const PART = "projections";

/** What the pods of its job are called. */
export function projectionTablesPods({ name }: Pick<Postgres, "name">): string {
  return `${name}-${PART}`;
}

export interface ProjectionTablesProps extends JobTraffic {
  readonly cluster: KubernetesTarget;

  /** Where its pod runs and finds the secret of the migrator. */
  readonly namespace: string;

  /** The read database, on which `PostgresRoles` has been. */
  readonly postgres: Postgres;

  /**
   * The beginning of the roles' names, as `PostgresRoles` was told.
   * @default - the name of the database
   */
  readonly name?: string;

  /** What has to be there before: the roles. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * What projections keep in the read database beside their read models: who may write a partition, how far it is, and which
 * read model is live. Made and moved on by a job; docs/projections.md is the contract for those who use it.
 */
export class ProjectionTables extends Construct {
  /** What a workload that uses it comes after. */
  readonly ready: readonly ITerraformDependable[];
  readonly egress: readonly TrafficRule[];

  /** What has to be in its namespace. */
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
