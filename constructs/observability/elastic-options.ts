import type { Problem } from "../core/errors";
import { type Bytes, bytes, type Cores, type Duration, known, millicores, type Reading, seconds } from "../core/quantities";

/** Size, retention and backups of an Elasticsearch cluster. */
export interface ElasticSettings {
  /**
   * Elasticsearch nodes, each with all roles: 1, or 3 and more. With 3 the cluster works on with one node or zone down.
   * @default 3 on a cluster of several zones, otherwise 1
   */
  readonly nodes: number;

  /**
   * Volume of each node. Estimate: bytes of logs and spans a day × days kept × 1.1 (index) × 2 (one replica; 1 on one node) ÷ nodes
   * ÷ 0.85, the share of a disk that Elasticsearch fills before it stops allocating shards to it (low watermark). A larger value grows
   * the volumes in place, if the storage class allows it.
   * @default "100Gi"
   */
  readonly storage: Bytes;

  /**
   * Memory of each node: request and limit. Elasticsearch takes half of it for its heap; the rest is page cache.
   * Changing it restarts the nodes one by one.
   * @default "4Gi"
   */
  readonly memory: Bytes;

  /**
   * CPU request of each node. There is no limit.
   * @default "500m"
   */
  readonly cpu: Cores;

  /**
   * Memory-maps index files (`node.store.allow_mmap`), which makes searches faster. Elasticsearch then refuses to start unless
   * `vm.max_map_count` of the node is 1048576 or more (Elasticsearch, virtual memory). Raising it takes a privileged container, which a
   * restricted namespace rejects, or a setting of the node image: set it there before this.
   * @default false
   */
  readonly memoryMapping: boolean;

  /** Age at which data is deleted, in whole days. */
  readonly retention: {
    /**
     * Log entries, and entries that Elasticsearch could not index.
     * @default "30d"
     */
    readonly logs?: Duration;

    /**
     * Spans.
     * @default "7d", the default of Jaeger's own index cleaner
     */
    readonly traces?: Duration;
  };

  /**
   * Daily snapshots of all indices and of the security settings.
   * @default - none: data is lost with the volumes
   */
  readonly backup?: ElasticBackup;
}

/** A bucket for snapshots, and the role that lets Elasticsearch read and write it. */
export interface ElasticBackup {
  /**
   * The bucket. Without object lock: Elasticsearch replaces and deletes objects of its repository (Elasticsearch, S3 repository).
   * Versioning and a lifecycle rule for noncurrent versions protect it against deletion.
   */
  readonly bucket: string;

  readonly region: string;

  /**
   * The role, by ARN. It must trust the cluster's OIDC provider for the service account of the nodes (`serviceAccount`): up to
   * Elasticsearch 9.5 the S3 repository can't use EKS Pod Identity (elastic/elasticsearch #151614). Its rights are
   * `elasticBackupStatements`.
   */
  readonly roleArn: string;

  /**
   * Prefix of the objects, without leading or trailing slashes.
   * @default - the name of the cluster
   */
  readonly path?: string;

  /**
   * Age at which a snapshot is deleted, in whole days. The newest 7 stay in any case.
   * @default "30d"
   */
  readonly keep?: Duration;
}

/** Settings with every default filled in. Durations are days. */
export interface ResolvedElastic {
  readonly nodes: number;
  readonly storage: Bytes;
  readonly memory: Bytes;
  readonly cpu: Cores;
  readonly memoryMapping: boolean;
  readonly logs: number;
  readonly traces: number;
  readonly backup?: Required<Omit<ElasticBackup, "keep">> & { readonly keep: number };
}

const DEFAULTS = { storage: "100Gi", memory: "4Gi", cpu: "500m", logs: "30d", traces: "7d", keep: "30d" } as const;

const DAY = 86_400;

/** With less, the JVM's heap is too small to start with all modules (ECK defaults to 2Gi). */
const LEAST_MEMORY = "1Gi";

/** Maximum length (ECK, names of Elasticsearch resources): names of pods and Secrets are derived from it. */
const LONGEST_NAME = 36;

type Given = Partial<ElasticSettings> & { readonly name: string };

/** Problems by setting. */
export function elasticProblems(given: Given): Readonly<Record<string, readonly Omit<Problem, "path">[]>> {
  const { name, nodes = 3, retention = {}, backup } = given;
  const { storage = DEFAULTS.storage, memory = DEFAULTS.memory, cpu = DEFAULTS.cpu } = given;
  return {
    name: nameProblems(name),
    nodes:
      Number.isInteger(nodes) && nodes >= 1 && nodes !== 2
        ? []
        : [
            {
              value: nodes,
              rule: "can't be the number of nodes: two of them elect no master while one is down",
              remedy: "use 1, or 3 and more",
            },
          ],
    storage: unreadable(storage, bytes(storage)),
    memory: memoryProblems(memory),
    cpu: unreadable(cpu, millicores(cpu)),
    "retention.logs": dayProblems(retention.logs ?? DEFAULTS.logs),
    "retention.traces": dayProblems(retention.traces ?? DEFAULTS.traces),
    "backup.keep": dayProblems(backup?.keep ?? DEFAULTS.keep),
    "backup.path":
      backup?.path === undefined || /^[\w.-]+(\/[\w.-]+)*$/.test(backup.path)
        ? []
        : [{ value: backup.path, rule: "can't be the prefix of a repository", remedy: "write one like logs/elasticsearch" }],
  };
}

/** Settings with defaults in place of those that are missing or have problems. */
export function resolveElastic(given: Given & { readonly zoned: boolean }): ResolvedElastic {
  const problems = elasticProblems(given);
  const sound = <T>(setting: string, value: T | undefined, fallback: T): T =>
    value === undefined || problems[setting]?.length ? fallback : value;
  const days = (setting: string, value: Duration | undefined, fallback: Duration) =>
    known(seconds(sound<Duration>(setting, value, fallback))) / DAY;
  const { backup, retention = {} } = given;
  return {
    nodes: sound("nodes", given.nodes, given.zoned ? 3 : 1),
    storage: sound<Bytes>("storage", given.storage, DEFAULTS.storage),
    memory: sound<Bytes>("memory", given.memory, DEFAULTS.memory),
    cpu: sound<Cores>("cpu", given.cpu, DEFAULTS.cpu),
    memoryMapping: given.memoryMapping ?? false,
    logs: days("retention.logs", retention.logs, DEFAULTS.logs),
    traces: days("retention.traces", retention.traces, DEFAULTS.traces),
    ...(backup ? { backup: { path: given.name, ...backup, keep: days("backup.keep", backup.keep, DEFAULTS.keep) } } : {}),
  };
}

function nameProblems(name: string) {
  return /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= LONGEST_NAME
    ? []
    : [
        {
          value: name,
          rule: "can't name an Elasticsearch cluster",
          remedy: `use up to ${LONGEST_NAME} lower-case letters, digits and hyphens, beginning with a letter`,
        },
      ];
}

function memoryProblems(memory: Bytes) {
  const reading = bytes(memory);
  if (typeof reading !== "number" || reading >= known(bytes(LEAST_MEMORY))) return unreadable(memory, reading);
  return [{ value: memory, rule: "is too little for the heap of Elasticsearch", remedy: `use ${LEAST_MEMORY} or more` }];
}

function dayProblems(value: Duration) {
  const reading = seconds(value);
  if (typeof reading !== "number" || reading % DAY === 0) return unreadable(value, reading);
  return [{ value, rule: "must be whole days, because indices are deleted by the day", remedy: 'write days, like "30d"' }];
}

function unreadable(value: unknown, reading: Reading): readonly Omit<Problem, "path">[] {
  return typeof reading === "number" ? [] : [{ value, ...reading }];
}
