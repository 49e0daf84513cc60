import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { HTTPS, type KubernetesTarget, PodTraffic, RESTRICTED, Release, ROLE_AGENT } from "../kubernetes";
import { deployed, labels, resources } from "../platform";
import { type CloudWatchScope, cloudWatchConfig, cloudWatchRegions } from "./cloudwatch-jobs";

export interface CloudWatchExporterProps extends CloudWatchScope {
  readonly cluster: KubernetesTarget;

  /** Namespace of its pod, with Prometheus in it. A role for `CLOUDWATCH_EXPORTER` in this namespace must exist first. */
  readonly namespace: string;

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Resources that must exist first: the namespace, the CRDs of the Prometheus operator, the role. */
  readonly after?: readonly ITerraformDependable[];
}

/** Its name, and that of its service account. */
export const CLOUDWATCH_EXPORTER = "cloudwatch-exporter";

const CHART = "prometheus-yet-another-cloudwatch-exporter";

const PORT = 5000;

/** User of the image, `nobody`. */
const USER = 65_534;

/** Our estimate: YACE's chart sets no requests. The exporter keeps the latest response of each metric in memory. */
const ASKED = { cpu: "20m", memory: "128Mi" } as const;

/**
 * Exporter of metrics of AWS services by CloudWatch (YACE): databases, caches, load balancers, NAT gateways, CloudFront and AWS Backup.
 * It queries CloudWatch every five minutes. AWS charges for each metric of each resource. Its role comes from EKS Pod Identity and has
 * `cloudWatchStatements`.
 */
export class CloudWatchExporter extends Construct {
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: CloudWatchExporterProps) {
    super(scope, id);
    const { cluster, namespace, region, priority, after = [] } = props;
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name: CLOUDWATCH_EXPORTER,
      labels: labels(CHART, CLOUDWATCH_EXPORTER),
      ingress: [{ name: "metrics", peer: "namespace", ports: [PORT] }],
      egress: [ROLE_AGENT, HTTPS],
      after,
    });
    const { release } = new Release(this, "chart", {
      cluster,
      chart: CHART,
      name: CLOUDWATCH_EXPORTER,
      namespace,
      after: [...after, policy],
      values: {
        fullnameOverride: CLOUDWATCH_EXPORTER,
        ...(cluster.mirror ? { image: { registry: cluster.mirror } } : {}),
        serviceAccount: { create: true, name: CLOUDWATCH_EXPORTER, automountServiceAccountToken: false },
        podSecurityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
        securityContext: RESTRICTED,
        ...(priority ? { priorityClassName: priority } : {}),
        resources: resources(ASKED),
        containerPort: PORT,
        testConnection: false,
        // The pod can't query instance metadata for the region: the hop limit of 1 blocks it.
        extraEnv: [{ name: "AWS_REGION", value: region }],
        config: cloudWatchConfig(props),
        // A new value is available every five minutes.
        serviceMonitor: { enabled: true, interval: "60s" },
      },
      pods: [
        { ...deployed({ name: CLOUDWATCH_EXPORTER, replicas: 1, asked: [ASKED], spread: [] }), ...cluster.ledger.priorityOf(priority) },
      ],
    });
    this.ready = [release];
  }
}

/** Rights of the exporter's role. CloudWatch and the tagging API support no resources, so its regions are the only limit. */
export function cloudWatchStatements(scope: Pick<CloudWatchScope, "region" | "services">): readonly object[] {
  return [
    {
      Sid: "ReadMetrics",
      Effect: "Allow",
      Action: ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources"],
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": cloudWatchRegions(scope) } },
    },
  ];
}
