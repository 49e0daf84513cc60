/** What holds data: what it is replaced by is empty. */
export const STORES: readonly string[] = [
  "aws_db_instance",
  "aws_elasticache_replication_group",
  "aws_rds_cluster",
  "aws_rds_cluster_instance",
];

/** A resource of a plan, as it would be. */
export interface PlannedResource {
  readonly mode: string;
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly schema_version: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A state as Terraform keeps it. */
export interface State {
  readonly resources: readonly { readonly type: string; readonly name: string }[];
}

/** What the id of a resource is taken from, where it is not drawn by AWS. */
const IDS = ["replication_group_id", "user_group_id", "user_id", "identifier", "cluster_identifier", "name"];

/** A state in which what was planned, and could not be applied, is there. */
export function playedState<S extends State>(state: S, planned: readonly PlannedResource[]): S {
  const there = new Set(state.resources.map(({ type, name }) => `${type}.${name}`));
  const played = planned
    .filter(({ mode, address }) => mode === "managed" && !there.has(address))
    .map(({ mode, type, name, schema_version, values }) => ({
      mode,
      type,
      name,
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [
        { schema_version, attributes: { id: IDS.map((id) => values[id]).find(Boolean) ?? name, ...values }, sensitive_attributes: [] },
      ],
    }));
  return { ...state, resources: [...state.resources, ...played] };
}
