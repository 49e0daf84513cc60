import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { Release } from "../kubernetes";
import { awsPlace } from "./aws-place";
import { type Asked, CRITICAL, deployed, mirrored, type PartProps, resources } from "./part";

const NAME = "external-dns";

const ASKED = { cpu: "20m", memory: "128Mi" } as const satisfies Asked;

export interface ExternalDnsProps extends PartProps {
  /** Names of the zones whose records it manages: `["orders.internal"]`. It doesn't change other zones. */
  readonly domains: readonly string[];

  /**
   * Kinds of sources for DNS names.
   * @default ["service"]: Terraform manages the names of load balancers; names across clusters belong to services
   */
  readonly sources?: readonly string[];
}

/**
 * external-dns on Route 53. It updates and deletes only the records that it has created for this cluster. It has one replica, which is
 * unavailable during an update: records stay unchanged meanwhile.
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
        // A hop limit of 1 keeps its pods from querying the instance metadata for it.
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
      // The chart replaces its one pod by deleting it first.
      pods: [deployed({ name: NAME, replicas: 1, asked: [ASKED], priority: CRITICAL, surge: 0, spread: [] })],
    });
    this.ready = [release];
  }
}
