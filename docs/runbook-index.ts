import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { knowledge } from "../test/observability/knowledge";

export const RUNBOOK_INDEX = "docs/runbooks/README.md";

/** Subjects by the file of their rules, in the order of the page. */
const SUBJECTS: Readonly<Record<string, string>> = {
  health: "System health",
  objectives: "Error budgets",
  requests: "Requests",
  "requests-seconds": "Latency",
  "requests-milliseconds": "Latency in milliseconds",
  probes: "Public endpoints",
  workloads: "Workloads",
  jobs: "Jobs",
  drills: "Restore drills",
  "read-models": "Read models and projections",
  kurrentdb: "KurrentDB",
  "stream-backup": "Stream backups",
  "volume-snapshots": "Volume snapshots",
  "cloud-native-pg": "CloudNativePG",
  aws: "Aurora and RDS",
  aurora: "Aurora",
  rds: "RDS",
  valkey: "Valkey",
  elasticache: "ElastiCache",
  nats: "NATS",
  nodes: "Nodes and volumes",
  "ebs-volumes": "EBS volumes",
  controllers: "Controllers",
  certificates: "Certificates",
  secrets: "Secrets",
  gateway: "Gateways",
  "load-balancers": "Load balancers",
  cloudfront: "CloudFront",
  "nat-gateways": "NAT gateways",
  "aws-backup": "AWS Backup",
  audit: "Audit trail",
  support: "Support of Kubernetes",
  pipeline: "Prometheus and Alertmanager",
  hub: "Metrics of all clusters",
};

/** The index of runbooks with all alerts, by subject and severity. @throws Error if a file of rules has no subject */
export function runbookIndex(): string {
  const bySubject = new Map<string, string[]>(Object.values(SUBJECTS).map((subject) => [subject, []]));
  for (const [file, rules] of Object.entries(knowledge().rules)) {
    const subject = SUBJECTS[basename(file, ".yaml")];
    if (!subject) throw new Error(`${file}: has no subject in docs/runbook-index.ts`);
    for (const { alert, labels } of rules) {
      const row = `[${alert}](${alert?.toLowerCase()}.md)${labels?.severity === "critical" ? " **!**" : ""}`;
      if (alert && !bySubject.get(subject)?.includes(row)) bySubject.get(subject)?.push(row);
    }
  }
  const rows = [...bySubject].filter(([, alerts]) => alerts.length > 0).map(([subject, alerts]) => `| ${subject} | ${alerts.join(", ")} |`);
  const table = ["| subject | alerts |", "|---|---|", ...rows].join("\n");
  return readFileSync(RUNBOOK_INDEX, "utf8").replace(
    /(<!-- generated:alerts -->\n)[\s\S]*?(<!-- \/generated -->)/,
    (_, begin: string, end: string) => `${begin}${table}\n${end}`,
  );
}
