import { basename, join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { JobV1Spec } from "@cdktf/provider-kubernetes/lib/job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { bytes, known } from "../core/quantities";
import { literalFiles } from "../core/templates";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, PodTraffic, RESTRICTED } from "../kubernetes";
import { OVERLAP_SCRIPT, rotationJobs, rotationLabels } from "../rotation";
import { BY_THE_CLOCK, DISRUPTIONS_IGNORED, fingerprintOf, VerifiedJob } from "../workload";
import { nodeLabels, nodesOf, PORTS } from "./elastic-objects";
import type { ResolvedElastic } from "./elastic-options";
import { ELASTIC_ROLES, type ElasticUsers, PRIVILEGES } from "./elastic-users";

export interface ElasticJobsProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Name of the Elasticsearch object. */
  readonly name: string;
  readonly url: string;
  readonly settings: ResolvedElastic;
  readonly users: ElasticUsers;
  readonly overlapHours: number;
  readonly after: readonly ITerraformDependable[];
}

/** Policies for the deletion of data. Elasticsearch's own `logs@lifecycle` has no delete phase. */
const POLICIES = { logs: "logs-retention", traces: "traces-retention" } as const;

/** Indices that Jaeger creates for each day, with and without a prefix: `jaeger-span-2026-11-28`. Its templates set no policy. */
const DAILY = "*jaeger-*-2*";

const REPOSITORY = "backup";
const SNAPSHOTS = "daily";

/**
 * Timeouts in seconds: until the cluster is ready (three nodes start one after the other, including image pulls), and for the whole job.
 */
const LONGEST = { start: 900, job: 1800 } as const;

/** User `nobody` of most distributions. */
const USER = "65534";

/**
 * Settings that are applied through the API of Elasticsearch, because ECK has no objects for them under the basic licence. A job applies
 * them at deployment. A CronJob applies rotated passwords, attaches the policy to new indices of Jaeger, and restores lost settings (after
 * a restore). An operator starts `<name>-revoke` manually: it disables former users immediately.
 */
export class ElasticJobs extends Construct {
  /** Dependency: all settings are applied. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: ElasticJobsProps) {
    super(scope, id);
    const { cluster, namespace, name, after } = props;
    const jobs = settingsPods(name);
    const files = { ...literalFiles([SCRIPT, OVERLAP_SCRIPT]), ...requestsOf(props.settings) };
    const configMap = `${jobs}-${fingerprintOf(files)}`;
    const source = new ConfigMapV1(this, "files", { metadata: { namespace, name: configMap }, data: files, dependsOn: [...after] });
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name: jobs,
      labels: rotationLabels(jobs),
      ingress: [],
      egress: [{ name: "elasticsearch", peer: { namespace, labels: nodeLabels(name) }, ports: [PORTS.http] }],
      after,
    });
    const jobSpecOf = (...args: readonly string[]) => jobSpec(props, configMap, args);
    const first = new VerifiedJob(this, "first", {
      cluster,
      namespace,
      name: jobs,
      spec: jobSpecOf(),
      waitsFor: nodesOf(name),
      after: [...after, source, policy],
    });
    rotationJobs(this, {
      namespace,
      names: { keep: jobs, revoke: `${name}-revoke` },
      clock: { ...BY_THE_CLOCK, schedule: "*/5 * * * *", failedJobsHistoryLimit: 1 },
      jobSpecOf: (arg = "keep") => jobSpecOf(arg),
      // Created even if the first job failed, because the CronJob makes up for it.
      after: [first.job],
    });
    this.passed = first.passed;
  }
}

/** Name of the jobs, and of their pods in network policies. */
export function settingsPods(name: string): string {
  return `${name}-settings`;
}

function jobSpec(
  { cluster, name, url, users, overlapHours }: ElasticJobsProps,
  configMap: string,
  args: readonly string[],
): JobV1Spec & { readonly activeDeadlineSeconds: number } {
  const variables = {
    CA: "/authority/ca.crt",
    CREDENTIALS: "/credentials",
    INDICES: DAILY,
    OBJECTS: "/scripts",
    OVERLAP: String(overlapHours * 3600),
    RETENTION: POLICIES.traces,
    ROLES: ELASTIC_ROLES.join(" "),
    TMPDIR: "/tmp",
    URL: url,
    WAIT: String(LONGEST.start),
  };
  return {
    ...DISRUPTIONS_IGNORED,
    activeDeadlineSeconds: LONGEST.job,
    backoffLimit: 4,
    template: {
      metadata: { labels: rotationLabels(settingsPods(name)) },
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: USER,
          runAsGroup: USER,
          fsGroup: USER,
          seccompProfile: { type: "RuntimeDefault" },
        },
        container: [
          {
            name: "curl",
            image: imageFrom(cluster, TOOLS.curl),
            imagePullPolicy: "IfNotPresent",
            command: ["sh", `/scripts/${basename(SCRIPT)}`, ...args],
            env: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
            resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "128Mi" } },
            securityContext: { ...RESTRICTED, seccompProfile: { type: "RuntimeDefault" } },
            terminationMessagePolicy: "FallbackToLogsOnError",
            volumeMount: [
              { name: "authority", mountPath: "/authority", readOnly: true },
              { name: "credentials", mountPath: "/credentials", readOnly: true },
              { name: "scripts", mountPath: "/scripts", readOnly: true },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volume: [
          {
            name: "authority",
            secret: { secretName: authorityOf(name), defaultMode: "0440", items: [{ key: "ca.crt", path: "ca.crt" }] },
          },
          { name: "credentials", projected: [{ defaultMode: "0440", sources: credentials(name, users) }] },
          { name: "scripts", configMap: { name: configMap, defaultMode: "0444" } },
          // Holds a password for a moment.
          { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
        ],
      },
    },
  };
}

/** Name of the operator's Secret with the CA of the HTTPS certificates. */
export function authorityOf(name: string): string {
  return `${name}-es-http-certs-public`;
}

/** Volumes with a directory for each role and one for the administrator, `elastic`, whose password the operator manages. */
function credentials(name: string, users: ElasticUsers) {
  const source = (secret: string, key: string, path: string) => ({ secret: [{ name: secret, items: [{ key, path }] }] });
  return [
    source(`${name}-es-elastic-user`, "elastic", "administrator/password"),
    ...ELASTIC_ROLES.flatMap((role) => [
      source(users[role].name, "username", `${role}/user`),
      source(users[role].name, "password", `${role}/password`),
    ]),
  ];
}

const SCRIPT = join(__dirname, "elastic", "settings.sh");

/**
 * Request bodies by file, and two lists of their paths: requests before the users get their passwords, and requests after that. An
 * unreachable bucket must not block logs and traces.
 */
export function requestsOf(settings: ResolvedElastic): Readonly<Record<string, string>> {
  const { backup } = settings;
  const first: Requests = {
    [`_ilm/policy/${POLICIES.logs}`]: logsPolicy(settings),
    [`_ilm/policy/${POLICIES.traces}`]: tracesPolicy(settings),
    // Templates of Elasticsearch include them: the first in `logs-*-*`, both in `logs-*.otel-*`, the second after settings of
    // OpenTelemetry.
    "_component_template/logs@custom": template(),
    "_component_template/logs-otel@custom": template(),
    // Entries that could not be indexed are stored separately, with another lifecycle.
    "_cluster/settings": { persistent: { "data_streams.lifecycle.retention.failures_default": `${settings.logs}d` } },
    ...Object.fromEntries(ELASTIC_ROLES.map((role) => [`_security/role/${role}`, digested(PRIVILEGES[role], "metadata")])),
  };
  const last: Requests = backup ? { [`_snapshot/${REPOSITORY}`]: repository(backup), [`_slm/policy/${SNAPSHOTS}`]: snapshots(backup) } : {};
  return { ...listed("first", first), ...listed("last", last) };
}

type Requests = Readonly<Record<string, object>>;

function listed(list: string, requests: Requests): Readonly<Record<string, string>> {
  const entries = Object.entries(requests).map(([path, body]) => ({ path, file: `${path.replace(/[^\w.-]/g, "-")}.json`, body }));
  return {
    [list]: entries.map(({ path, file }) => `${path} ${file}\n`).join(""),
    ...Object.fromEntries(entries.map(({ file, body }) => [file, JSON.stringify(body)])),
  };
}

/** Adds a digest, by which a job detects that an object must be written again. */
function digested(body: object, under: "_meta" | "metadata"): object {
  return { ...body, [under]: { digest: fingerprintOf(body) } };
}

/** About thirty generations of each data stream, so that there are few shards, none larger than a tenth of a volume. */
function logsPolicy({ logs, storage }: ResolvedElastic): object {
  const rollover = {
    max_age: `${Math.max(1, Math.floor(logs / 30))}d`,
    max_primary_shard_size: `${Math.max(1, Math.min(50 * 1024, Math.floor(known(bytes(storage)) / 2 ** 20 / 10)))}mb`,
  };
  return policy({ hot: { min_age: "0ms", actions: { rollover } }, delete: { min_age: `${logs}d`, actions: { delete: {} } } });
}

function tracesPolicy({ traces }: ResolvedElastic): object {
  return policy({ delete: { min_age: `${traces}d`, actions: { delete: {} } } });
}

function policy(phases: object): object {
  return { policy: digested({ phases }, "_meta") };
}

/** One replica if there is a second node, otherwise none, because a single node would stay yellow. */
function template(): object {
  return digested({ template: { settings: { index: { lifecycle: { name: POLICIES.logs }, auto_expand_replicas: "0-1" } } } }, "_meta");
}

function repository({ bucket, path }: NonNullable<ResolvedElastic["backup"]>): object {
  return { type: "s3", settings: { bucket, base_path: path } };
}

function snapshots({ keep }: NonNullable<ResolvedElastic["backup"]>): object {
  const config = { indices: ["*"], include_global_state: true };
  const policy = {
    // The first field is seconds; times are UTC.
    schedule: "0 30 1 * * ?",
    name: "<daily-{now/d}>",
    repository: REPOSITORY,
    retention: { expire_after: `${keep}d`, min_count: 7 },
  };
  return { ...policy, config: { ...config, metadata: { digest: fingerprintOf([policy, config]) } } };
}
