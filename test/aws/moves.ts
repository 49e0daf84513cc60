/** What holds data, which a replacement would not have, and whether another size is another setting of it. */
const STORES: Readonly<Record<string, { readonly sized: boolean }>> = {
  aws_db_instance: { sized: true },
  aws_elasticache_replication_group: { sized: true },
  aws_rds_cluster: { sized: false }, // its instances are
  aws_rds_cluster_instance: { sized: true },
};

/** A resource that a plan changes, or leaves alone. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  readonly change: { readonly actions: readonly string[] };
}

/** The kinds of stores among types of resources. */
export function storesAmong(types: readonly string[]): readonly string[] {
  return types.filter((type) => type in STORES);
}

/** What is wrong with a plan that takes stores from one size to another. */
export function lostOnTheWay(changes: readonly PlannedChange[], stores: readonly string[]): readonly string[] {
  const found = changes.filter(({ type }) => type in STORES);
  const sized = stores.filter((type) => STORES[type]?.sized);
  return [
    ...found
      .filter(({ change }) => change.actions.some((action) => action === "delete" || action === "create"))
      .map(({ address, change }) => `${address}: ${change.actions.join(", ")}`),
    ...sized
      .filter((type) => !found.some((one) => one.type === type && one.change.actions.includes("update")))
      .map((type) => `${type}: is the same in both sizes`),
  ];
}

/** A plan, as far as a state can be made of it. */
export interface PlannedValues {
  readonly planned_values: {
    readonly root_module: {
      readonly resources: readonly {
        readonly mode: string;
        readonly address: string;
        readonly type: string;
        readonly name: string;
        readonly schema_version: number;
        readonly values: Readonly<Record<string, unknown>>;
      }[];
    };
  };
  readonly resource_changes: readonly { readonly address: string; readonly change: { readonly after_unknown: object } }[];
}

/** A state as Terraform keeps it. */
export interface State {
  readonly resources: readonly { readonly type: string; readonly name: string }[];
}

/** What the id of a resource is taken from, where it is not drawn by AWS. */
const IDS = ["replication_group_id", "user_group_id", "user_id", "identifier", "cluster_identifier", "name"];

/** What AWS would say when asked, as far as anything depends on it. */
const ANSWERS: Readonly<Record<string, unknown>> = { address: "played.example.com", security_group_names: [] };

/** A state in which what was planned, and could not be applied, is there. */
export function playedState<S extends State>(state: S, { planned_values, resource_changes }: PlannedValues): S {
  const there = new Set(state.resources.map(({ type, name }) => `${type}.${name}`));
  const unknown = new Map(resource_changes.map(({ address, change }) => [address, change.after_unknown]));
  const played = planned_values.root_module.resources
    .filter(({ mode, address }) => mode === "managed" && !there.has(address))
    .map(({ mode, address, type, name, schema_version, values }) => {
      const id = IDS.map((key) => values[key]).find(Boolean) ?? name;
      const answers = Object.entries(ANSWERS).filter(([key]) => key in (unknown.get(address) ?? {}));
      const attributes = { ...values, ...Object.fromEntries(answers), id };
      const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
      return { mode, type, name, provider, instances: [{ schema_version, attributes, sensitive_attributes: [] }] };
    });
  return { ...state, resources: [...state.resources, ...played] };
}
