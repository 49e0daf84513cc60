import type { TerraformStack } from "cdktf";
import { parse } from "yaml";
import {
  CloudWatchExporter,
  type CloudWatchScope,
  type CloudWatchService,
  cloudWatchConfig,
  cloudWatchStatements,
  dashboards,
} from "../../constructs/observability";
import { rulesAbout } from "../../constructs/observability/rules";
import { aCluster } from "../broker/data-cluster";
import { releasedAs } from "../broker/moves";
import { all, type Body, synth } from "../synth";
import { promql } from "./promql";
import { seriesOf } from "./yace";

const ALL: readonly CloudWatchService[] = ["aurora", "rds", "elasticache", "load-balancers", "nat-gateways", "cloudfront", "aws-backup"];

const scope = (changes: Partial<CloudWatchScope> = {}): CloudWatchScope => ({
  region: "eu-west-1",
  tags: { system: "orders", environment: "production" },
  services: ["nat-gateways"],
  ...changes,
});

const jobs = (changes: Partial<CloudWatchScope>) => parse(cloudWatchConfig(scope(changes))).discovery.jobs as readonly Body[];
const series = (...services: readonly CloudWatchService[]) => seriesOf(cloudWatchConfig(scope({ services })));

describe("the configuration of the CloudWatch exporter", () => {
  it("names the region, the tags, the period and the metrics", () => {
    expect(parse(cloudWatchConfig(scope()))).toEqual({
      apiVersion: "v1alpha1",
      "sts-region": "eu-west-1",
      discovery: {
        jobs: [
          {
            type: "AWS/NATGateway",
            regions: ["eu-west-1"],
            searchTags: [
              { key: "system", value: "^orders$" },
              { key: "environment", value: "^production$" },
            ],
            period: 300,
            length: 600,
            metrics: ["ErrorPortAllocation", "PacketsDropCount", "PacketsInFromDestination", "PacketsInFromSource"].map((name) => ({
              name,
              statistics: ["Sum"],
            })),
          },
        ],
      },
    });
  });

  it("finds no environment whose name is only the beginning of another's", () => {
    const [job] = jobs({ tags: { system: "orders.eu" } });
    expect(job?.searchTags).toEqual([{ key: "system", value: "^orders\\.eu$" }]);
  });

  it("queries CloudFront where AWS has its metrics, and nothing else there", () => {
    const regions = jobs({ services: ["cloudfront", "elasticache"] }).map(({ type, regions: of }) => [type, of]);
    expect(regions).toEqual([
      ["AWS/CloudFront", ["us-east-1"]],
      ["AWS/ElastiCache", ["eu-west-1"]],
    ]);
  });

  it("takes no jobs of AWS Backup for zero failed ones", () => {
    expect(jobs({ services: ["aws-backup", "nat-gateways"] }).map(({ nilToZero }) => nilToZero)).toEqual([true, undefined]);
  });

  it("pays once for what Aurora and RDS have in common", () => {
    const asked = jobs({ services: ["aurora", "rds"] }).map(({ dimensionNameRequirements, metrics }) => [
      dimensionNameRequirements,
      metrics.map(({ name }: Body) => name),
    ]);
    expect(asked).toEqual([
      [
        ["DBInstanceIdentifier"],
        [
          "CPUUtilization",
          "DatabaseConnections",
          "FreeableMemory",
          "MaximumUsedTransactionIDs",
          "OldestReplicationSlotLag",
          "AuroraReplicaLag",
          "FreeLocalStorage",
          "FreeStorageSpace",
          "ReplicaLag",
        ],
      ],
      [undefined, ["VolumeBytesUsed", "AuroraGlobalDBReplicationLag"]],
    ]);
  });

  it("makes the names that CloudWatch's acronyms and digits lead to", () => {
    expect(series(...ALL)).toEqual(
      expect.arrayContaining([
        "aws_rds_cpuutilization_average",
        "aws_rds_maximum_used_transaction_ids_maximum",
        "aws_rds_aurora_global_dbreplication_lag_maximum",
        "aws_elasticache_engine_cpuutilization_average",
        "aws_networkelb_tcp_target_reset_count_sum",
        "aws_networkelb_un_healthy_host_count_maximum",
        "aws_natgateway_error_port_allocation_sum",
        "aws_cloudfront_5xx_error_rate_average",
        "aws_backup_number_of_backup_jobs_failed_sum",
        "aws_rds_info",
      ]),
    );
  });
});

describe("metrics of AWS", () => {
  const RULES = {
    aurora: ["aws-postgres", "aurora"],
    rds: ["aws-postgres", "rds"],
    elasticache: ["elasticache"],
    "load-balancers": ["load-balancers"],
    "nat-gateways": ["nat-gateways"],
    cloudfront: ["cloudfront"],
    "aws-backup": ["aws-backup"],
  } as const satisfies Readonly<Record<CloudWatchService, readonly Parameters<typeof rulesAbout>[0][]>>;

  /** Without what rules record themselves. */
  const usedBy = (service: CloudWatchService) =>
    RULES[service]
      .flatMap((subject) => rulesAbout(subject).flatMap(({ rules }) => rules.flatMap(({ expr }) => promql(expr).metrics)))
      .filter((name) => !name?.includes(":"));

  it.each(ALL)("of %s are exported if a rule uses them", (service) => {
    expect(series(service)).toEqual(expect.arrayContaining([...new Set(usedBy(service))]));
  });

  it("are paid for only if a rule or a panel uses them", () => {
    const sources = ["rds", "elastiCache", "networkLoadBalancer", "natGateways", "cloudFront", "awsBackup"] as const;
    const panels = [...dashboards({ sources }).values()].join();
    const used = (name: string) => ALL.some((service) => usedBy(service).includes(name)) || new RegExp(`\\b${name}\\b`).test(panels);
    expect(series(...ALL).filter((name) => !name.endsWith("_info") && !used(name))).toEqual([]);
  });
});

describe("the CloudWatch exporter", () => {
  const made = (stack: TerraformStack, mirror?: string) =>
    new CloudWatchExporter(stack, "exporter", {
      cluster: aCluster(stack, mirror ? { mirror } : {}),
      namespace: "observability",
      ...scope({ services: ["aurora"] }),
    });
  const json = synth((stack) => void made(stack));
  const values = releasedAs(json, "cloudwatch-exporter");

  it("runs under restricted pod security, without a token of the cluster", () => {
    expect(values).toMatchObject({
      podSecurityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      serviceAccount: { create: true, name: "cloudwatch-exporter", automountServiceAccountToken: false },
    });
  });

  it("is scraped by Prometheus, and reaches its role and AWS only", () => {
    expect(values.serviceMonitor).toEqual({ enabled: true, interval: "60s" });
    const [policy] = all(json, "kubernetes_network_policy_v1");
    expect(policy?.spec.ingress).toEqual([{ from: [{ pod_selector: {} }], ports: [{ port: "5000", protocol: "TCP" }] }]);
    const [names, ...egress] = policy?.spec.egress ?? [];
    expect(JSON.stringify(names)).toContain("kube-dns");
    expect(egress).toEqual([
      { to: [{ ip_block: { cidr: "169.254.170.23/32" } }], ports: [{ port: "80", protocol: "TCP" }] },
      { ports: [{ port: "443", protocol: "TCP" }] },
    ]);
    expect(policy?.spec.pod_selector.match_labels).toEqual({
      "app.kubernetes.io/name": "prometheus-yet-another-cloudwatch-exporter",
      "app.kubernetes.io/instance": "cloudwatch-exporter",
    });
  });

  it("is counted by the capacity ledger with its requests", () => {
    synth((stack) => {
      const cluster = aCluster(stack);
      new CloudWatchExporter(stack, "exporter", { cluster, namespace: "observability", ...scope() });
      expect(cluster.ledger.groups).toMatchObject([
        { name: "observability/cloudwatch-exporter", pods: 1, request: { millicores: 20, memoryBytes: 128 * 2 ** 20 } },
      ]);
    });
    expect(values.resources.requests).toEqual({ cpu: "20m", memory: "128Mi" });
  });

  it("takes its image from the mirror", () => {
    const mirrored = releasedAs(
      synth((stack) => void made(stack, "registry.example.com/mirror")),
      "cloudwatch-exporter",
    );
    expect(mirrored.image).toEqual({ registry: "registry.example.com/mirror" });
  });

  it("may read metrics and tags in its regions, and nothing else", () => {
    expect(cloudWatchStatements(scope({ services: ["aurora", "cloudfront"] }))).toEqual([
      {
        Sid: "ReadMetrics",
        Effect: "Allow",
        Action: ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources"],
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": ["eu-west-1", "us-east-1"] } },
      },
    ]);
    expect(JSON.stringify(cloudWatchStatements(scope()))).not.toContain("us-east-1");
  });
});
