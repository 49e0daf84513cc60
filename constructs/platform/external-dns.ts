import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { Release } from "../kubernetes";
import { awsPlace } from "./aws-place";
import { type Asked, CRITICAL, deployed, mirrored, type PartProps, resources } from "./part";

const NAME = "external-dns";

const ASKED = { cpu: "20m", memory: "128Mi" } as const satisfies Asked;

export interface ExternalDnsProps extends PartProps {
  /** The zones whose records it keeps, by their names: `["orders.internal"]`. It touches no other. */
  readonly domains: readonly string[];

  /**
   * What it reads names from.
   * @default ["service"]: load balancers and their names are Terraform's, names across clusters are services'
   */
  readonly sources?: readonly string[];
}

/**
 * external-dns on Route 53. It keeps and removes the records that it has made for this cluster and no others. It runs
 * once, and is away while it is replaced: records stay as they are meanwhile.
 */
export class ExternalDns extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: ExternalDnsProps) {
    super(scope, id);
    const { cluster, namespace, domains, sources = ["service"], metrics = false, after = [] } = props;
    const { clusterName, region } = awsPlace(this, cluster);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "external-dns",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        provider: { name: "aws" },
        // Its pods can't ask the instance for it: a hop limit of 1 keeps them from it.
        env: [{ name: "AWS_REGION", value: region }],
        image: mirrored(cluster, "external-dns/external-dns"),
        serviceAccount: { create: true, name: CONTROLLERS.dns.serviceAccount },
        sources,
        domainFilters: domains,
        policy: "sync",
        registry: "txt",
        txtOwnerId: clusterName,
        priorityClassName: CRITICAL,
        resources: resources(ASKED),
        serviceMonitor: { enabled: metrics },
      },
      // The chart replaces its one pod by taking it away first.
      pods: [deployed({ name: NAME, replicas: 1, asked: [ASKED], priority: CRITICAL, surge: 0, spread: [] })],
    });
    this.ready = [release];
  }
}
