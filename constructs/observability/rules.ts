import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** A rule group in the format of Prometheus. */
export interface RuleGroup {
  readonly name: string;

  /** @default - the interval of the Prometheus that evaluates it */
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

/** A recording rule or an alert. */
export type Rule = RecordingRule | AlertingRule;

/** Recording rule in the format of Prometheus. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Alerting rule in the format of Prometheus. */
export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Rule files by subject, each in the directory of its construct. */
const FILES = {
  kurrentdb: "event-store/rules/kurrentdb.yaml",
  "stream-backup": "event-store/rules/stream-backup.yaml",
  "volume-snapshots": "event-store/rules/volume-snapshots.yaml",
  "cloud-native-pg": "postgres/rules/cloud-native-pg.yaml",
  "aws-postgres": "postgres/rules/aws.yaml",
  rds: "postgres/rules/rds.yaml",
  aurora: "postgres/rules/aurora.yaml",
  valkey: "redis/rules/valkey.yaml",
  elasticache: "redis/rules/elasticache.yaml",
  nats: "broker/rules/nats.yaml",
  "read-models": "projection/rules/read-models.yaml",
  workloads: "workload/rules/workloads.yaml",
  jobs: "workload/rules/jobs.yaml",
  drills: "drill/rules/drills.yaml",
  requests: "workload/rules/requests.yaml",
  "requests-seconds": "workload/rules/requests-seconds.yaml",
  "requests-milliseconds": "workload/rules/requests-milliseconds.yaml",
  gateway: "gateway/rules/gateway.yaml",
  certificates: "platform/rules/certificates.yaml",
  secrets: "platform/rules/secrets.yaml",
  controllers: "platform/rules/controllers.yaml",
  nodes: "cluster/rules/nodes.yaml",
  "ebs-volumes": "cluster/rules/ebs-volumes.yaml",
  support: "cluster/rules/support.yaml",
  "nat-gateways": "network/rules/nat-gateways.yaml",
  "load-balancers": "entry/rules/load-balancers.yaml",
  cloudfront: "edge/rules/cloudfront.yaml",
  audit: "audit/rules/audit.yaml",
  "aws-backup": "backup/rules/aws-backup.yaml",
  probes: "observability/rules/probes.yaml",
  pipeline: "observability/rules/pipeline.yaml",
  health: "observability/rules/health.yaml",
  hub: "observability/rules/hub.yaml",
  objectives: "observability/rules/objectives.yaml",
} as const;

/** Subject of a file of rules: `kurrentdb`, `read-models`. */
export type RuleSubject = keyof typeof FILES;

/** Prefix of application metrics in the files, as in `orchestrix_commands_total`. */
const PREFIX = /\borchestrix_/g;

// Parsing YAML takes longer than all other work on rules.
const parsed = new Map<string, readonly RuleGroup[]>();

/** The rules of a subject, with the prefix of the application's metrics. */
export function rulesAbout(subject: RuleSubject, prefix = "orchestrix"): readonly RuleGroup[] {
  const key = `${prefix} ${subject}`;
  const found = parsed.get(key) ?? readRules(subject, prefix);
  parsed.set(key, found);
  return found;
}

function readRules(subject: RuleSubject, prefix: string): readonly RuleGroup[] {
  const text = readFileSync(join(__dirname, "..", FILES[subject]), "utf8").replace(PREFIX, `${prefix}_`);
  return (parse(text) as { readonly groups: readonly RuleGroup[] }).groups;
}

/** A system's name as a prefix of metrics. */
export function metricsPrefixOf(system: string): string {
  return system.replace(/[^a-zA-Z0-9_]/g, "_");
}

/** Default location of runbooks: in the repository of the platform. */
export const RUNBOOKS = "docs/runbooks";

/** Adds `runbook_url` to alerts that have none: `<base>/<alert in lower case>.md`. */
export function withRunbooks(groups: readonly RuleGroup[], base: string = RUNBOOKS): readonly RuleGroup[] {
  return groups.map((group) => ({ ...group, rules: group.rules.map((rule) => ("alert" in rule ? withRunbook(rule, base) : rule)) }));
}

function withRunbook(rule: AlertingRule, base: string): AlertingRule {
  const page = `${base.replace(/\/$/, "")}/${rule.alert.toLowerCase()}.md`;
  return { ...rule, annotations: { ...rule.annotations, runbook_url: rule.annotations?.runbook_url ?? page } };
}
