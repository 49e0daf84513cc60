/** A resource in the synthesized configuration. */
interface Written {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A rule for values that the provider reads back in another form: every plan would show a change. */
export interface ReadBackRule {
  readonly id: string;
  readonly rule: string;
  readonly remedy: string;

  /** Checks if a resource violates the rule, given the resources of its stack. */
  readonly breaks: (resource: Written, all: readonly Written[]) => boolean;
}

type Block = Readonly<Record<string, unknown>>;

const PROJECTIONS = ["secret", "config_map", "downward_api", "service_account_token"];
const AFFINITIES = ["affinity", "node_affinity", "pod_affinity", "pod_anti_affinity", "dns_config"];
const PROBES = ["liveness_probe", "readiness_probe", "startup_probe"];
const COUNTS = ["period_seconds", "timeout_seconds", "success_threshold", "failure_threshold"];
const LIMITS = ["default", "default_request", "max", "max_limit_request_ratio", "min"];
const GENERATED = ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];
const NETWORKS = ["cidr_block", "cidr_blocks", "cidr_ipv4", "destination_cidr_block", "public_access_cidrs"];

/** Arguments with identifiers that an AWS API stores in lower case (RDS, ElastiCache, API references). */
const LOWER_CASE: Readonly<Record<string, string>> = {
  aws_db_instance: "identifier",
  aws_db_parameter_group: "name",
  aws_db_subnet_group: "name",
  aws_elasticache_parameter_group: "name",
  aws_elasticache_replication_group: "replication_group_id",
  aws_elasticache_subnet_group: "name",
  aws_elasticache_user_group: "user_group_id",
  aws_rds_cluster: "cluster_identifier",
  aws_rds_cluster_instance: "identifier",
  aws_rds_cluster_parameter_group: "name",
};

/** Resources of the newer plugin framework, which distinguishes an empty string from null. */
const TELLS_EMPTY_FROM_NONE =
  /^(cloudflare_|kurrentcloud_|aws_(cloudfront_vpc_origin|cloudwatch_log_delivery|eks_pod_identity_association|vpc_security_group_(in|e)gress_rule))/;

/** Rules derived from the providers' read functions: kubernetes 2.38 and 3, helm 3, aws 5.100. */
export const READ_BACK: readonly ReadBackRule[] = [
  {
    id: "projections-one-by-one",
    rule: "has several projections in one element of sources, which the API returns as separate elements",
    remedy: "write an element of sources for each Secret, ConfigMap and token",
    breaks: ({ body }) => at(body, "sources").some((source) => PROJECTIONS.flatMap((kind) => blocksOf(source[kind])).length !== 1),
  },
  {
    id: "projected-config-maps",
    rule: "has a projected ConfigMap with optional, which the provider never reads back",
    remedy: "leave out optional, or mount the ConfigMap as a separate volume",
    breaks: ({ body }) => at(body, "sources").some((source) => blocksOf(source.config_map).some(({ optional }) => optional === true)),
  },
  {
    id: "canonical-quantities",
    rule: "has a quantity in a form that the API normalizes, so every plan shows a change",
    remedy: "write it as kubectl shows it: 1 for 1000m, 1Gi for 1024Mi, 500m for 0.5, 1k for 1000",
    breaks: ({ type, body }) => {
      const limits =
        type === "kubernetes_limit_range_v1" ? at(body, "limit").flatMap((limit) => LIMITS.flatMap((key) => values(limit[key]))) : [];
      const targets =
        type === "kubernetes_horizontal_pod_autoscaler_v2"
          ? at(body, "target").flatMap(({ average_value, value }) => [average_value ?? [], value ?? []].flat())
          : [];
      return [...limits, ...targets].some((quantity) => !isCanonical(String(quantity)));
    },
  },
  {
    id: "no-empty-blocks",
    rule: "has an empty block, which the API removes or fills",
    remedy: "leave the block out, or write its content; a volume without a source is an emptyDir",
    breaks: ({ body }) =>
      AFFINITIES.some((key) => at(body, key).some(isEmpty)) ||
      at(body, "spec").some(({ security_context: context, container }) => container !== undefined && blocksOf(context).some(isEmpty)) ||
      at(body, "volume").some((volume) => Object.keys(volume).every((key) => key === "name")),
  },
  {
    id: "probes-in-full",
    rule: "has an HTTP probe without a path, or a probe with a count of 0, which the API fills",
    remedy: "write the path, and counts of 1 or more",
    breaks: ({ body }) =>
      at(body, "http_get").some(({ path }) => path === undefined || path === "") ||
      PROBES.flatMap((probe) => at(body, probe)).some((probe) => COUNTS.some((count) => probe[count] === 0)),
  },
  {
    id: "octal-modes",
    rule: "has a file mode in a form that the API normalizes, so every plan shows a change",
    remedy: 'write it in octal with one leading zero: "0440"',
    breaks: ({ type, body }) =>
      type.startsWith("kubernetes_") &&
      blocksIn(body).some((block) => [block.default_mode, block.mode].some((mode) => mode !== undefined && !isMode(mode))),
  },
  {
    id: "jobs-stay",
    rule: "is a Job that the cluster deletes after it has ended, so every apply runs it again",
    remedy: "leave out ttl_seconds_after_finished",
    breaks: ({ type, body }) =>
      type === "kubernetes_job_v1" && at(body, "spec").some(({ ttl_seconds_after_finished: ttl }) => ttl !== undefined),
  },
  {
    id: "labels-of-jobs",
    rule: "sets labels on pods of a job that the cluster sets, and that the provider doesn't read back",
    remedy: `leave out ${GENERATED.join(", ")}`,
    breaks: ({ type, body }) =>
      /^kubernetes_(cron_)?job_v1$/.test(type) &&
      at(body, "metadata").some(({ labels }) => Object.keys((labels ?? {}) as object).some((label) => GENERATED.includes(label))),
  },
  {
    id: "counts-of-autoscalers",
    rule: "has a replica count that an autoscaler also changes, so every apply would reset it",
    remedy: "leave out replicas",
    breaks: ({ type, body }, all) => {
      const scales = /^kubernetes_(deployment|stateful_set)_v1$/.test(type);
      if (!scales || !at(body, "spec").some(({ replicas, template }) => template !== undefined && replicas !== undefined)) return false;
      const names = at(body, "metadata").map(({ name }) => name);
      return all.some(
        (other) =>
          other.type === "kubernetes_horizontal_pod_autoscaler_v2" &&
          at(other.body, "scale_target_ref").some(({ name }) => names.includes(name)),
      );
    },
  },
  {
    id: "balancers-settings",
    rule: "has load balancer settings on a Service of another type, which the provider doesn't read back",
    remedy: "leave out allocate_load_balancer_node_ports and load_balancer_class, or use the type LoadBalancer",
    breaks: ({ type, body }) =>
      type === "kubernetes_service_v1" &&
      at(body, "spec").some(
        (spec) =>
          spec.type !== "LoadBalancer" && (spec.allocate_load_balancer_node_ports === false || spec.load_balancer_class !== undefined),
      ),
  },
  {
    id: "defaults-of-limits",
    rule: "has a maximum for containers without a default, which the API sets to the maximum",
    remedy: "write a default for each resource that has a max",
    breaks: ({ type, body }) =>
      type === "kubernetes_limit_range_v1" &&
      at(body, "limit").some(
        (limit) =>
          limit.type === "Container" &&
          Object.keys((limit.max ?? {}) as object).some((resource) => !(resource in ((limit.default ?? {}) as object))),
      ),
  },
  {
    id: "exact-charts",
    rule: "has a version range for its chart, but the provider reads back the exact version",
    remedy: "write the exact version of the chart: 1.2.3",
    breaks: ({ type, body }) =>
      type === "helm_release" && body.version !== undefined && !/^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(String(body.version)),
  },
  {
    id: "networks-without-host-bits",
    rule: "has a CIDR with host bits set, which AWS clears",
    remedy: "write the first address of the network: 10.0.0.0/16",
    breaks: ({ type, body }) =>
      type.startsWith("aws_") &&
      blocksIn(body).some((block) => NETWORKS.flatMap((key) => values(block[key])).some((network) => hasHostBits(String(network)))),
  },
  {
    id: "all-protocols-all-ports",
    rule: "has ports although it allows all protocols, and AWS drops the ports",
    remedy: "leave out from_port and to_port, or name the protocol",
    breaks: ({ type, body }) =>
      /^aws_vpc_security_group_(in|e)gress_rule$/.test(type) &&
      body.ip_protocol === "-1" &&
      (body.from_port !== undefined || body.to_port !== undefined),
  },
  {
    id: "lower-case-identifiers",
    rule: "has capitals in an identifier that AWS keeps in lower case",
    remedy: "write it in lower case",
    breaks: ({ type, body }) => /[A-Z]/.test(withoutReferences(String(body[LOWER_CASE[type] ?? ""] ?? ""))),
  },
  {
    id: "policies-without-repetition",
    rule: "has a policy document with an empty list or a repeated element, which AWS normalizes",
    remedy: "name each action, resource and principal once, and leave out what is empty",
    breaks: ({ type, body }) =>
      type.startsWith("aws_") &&
      ["policy", "assume_role_policy"].some(
        (key) => typeof body[key] === "string" && body[key].startsWith("{") && repeats(JSON.parse(body[key])),
      ),
  },
  {
    id: "none-instead-of-empty",
    rule: "has an empty string, which the provider reads back as null",
    remedy: "leave the argument out",
    breaks: ({ type, body }) =>
      TELLS_EMPTY_FROM_NONE.test(type) && blocksIn(body).some((block) => Object.values(block).some((value) => value === "")),
  },
];

interface Index {
  /** The blocks of a resource, including the resource itself as the first. */
  readonly all: readonly Block[];

  /** The same blocks by the argument that contains them. */
  readonly byKey: ReadonlyMap<string, readonly Block[]>;
}

const indexes = new WeakMap<object, Index>();

function indexOf(body: Block): Index {
  const known = indexes.get(body);
  if (known) return known;
  const all: Block[] = [];
  const byKey = new Map<string, Block[]>();
  const visit = (key: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const one of value) visit(key, one);
      return;
    }
    all.push(value as Block);
    const found = byKey.get(key);
    if (found) found.push(value as Block);
    else byKey.set(key, [value as Block]);
    for (const inner in value) if (inner !== "//") visit(inner, (value as Block)[inner]);
  };
  visit("", body);
  const index = { all, byKey };
  indexes.set(body, index);
  return index;
}

function blocksIn(body: Block): readonly Block[] {
  return indexOf(body).all;
}

function at(body: Block, key: string): readonly Block[] {
  return indexOf(body).byKey.get(key) ?? [];
}

function blocksOf(value: unknown): readonly Block[] {
  return [value ?? []].flat().filter((one): one is Block => typeof one === "object" && one !== null);
}

function values(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return typeof value === "object" ? Object.values(value) : [value];
}

function isEmpty(block: Block): boolean {
  return Object.keys(block).length === 0;
}

/** Checks if a quantity is in Kubernetes' canonical form: an integer in the largest unit that allows one. */
function isCanonical(quantity: string): boolean {
  const [, digits = "", unit = ""] = /^(0|[1-9]\d*)([KMGTPE]i|[numkMGTPE])?$/.exec(quantity) ?? [];
  if (digits === "") return false;
  if (digits === "0") return unit === "";
  return unit.startsWith("E") || Number(digits) % (unit.endsWith("i") ? 1024 : 1000) !== 0;
}

function isMode(mode: unknown): boolean {
  return typeof mode === "string" && /^0[1-7][0-7]{0,3}$/.test(mode);
}

function hasHostBits(network: string): boolean {
  const [, address = "", prefix = ""] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(network) ?? [];
  const bits = address.split(".").reduce((all, part) => all * 256 + Number(part), 0);
  return address !== "" && bits % 2 ** (32 - Number(prefix)) !== 0;
}

function withoutReferences(text: string): string {
  return text.replace(/\$\{[^}]*\}/g, "");
}

function repeats(value: unknown): boolean {
  if (Array.isArray(value))
    return value.length === 0 || new Set(value.map((one) => JSON.stringify(one))).size < value.length || value.some(repeats);
  return typeof value === "object" && value !== null && Object.values(value).some(repeats);
}
