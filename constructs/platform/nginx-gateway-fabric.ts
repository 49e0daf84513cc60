import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity/contract";
import { GATEWAY_LABEL } from "../gateway/contract";
import { CustomResources, disruptionBudget, Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, type PartProps, passing, replicas, resources, spread } from "./part";

const NAME = "nginx-gateway-fabric";

const ASKED = { cpu: "100m", memory: "256Mi" } as const satisfies Asked;

/** Requests of the job that creates its certificates. The chart can't set them; a namespace with a quota sets them as defaults. */
const CERTIFICATES = { cpu: "20m", memory: "64Mi" } as const satisfies Asked;

/** Requests of each nginx of a Gateway, agent included. */
const DATA_PLANE = { cpu: "200m", memory: "256Mi" } as const satisfies Asked;

export interface NginxGatewayFabricProps extends PartProps {
  /**
   * Service type of a Gateway's nginx.
   * @default "ClusterIP": Terraform creates load balancers and binds them to its pods
   */
  readonly service?: "ClusterIP" | "NodePort" | "LoadBalancer";
}

/**
 * NGINX Gateway Fabric: the control plane, and the settings of the nginx of each Gateway of class `nginx`. Requires the CRDs of the Gateway
 * API.
 */
export class NginxGatewayFabric extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NginxGatewayFabricProps) {
    super(scope, id);
    const { cluster, namespace, service = "ClusterIP", metrics = false, after = [] } = props;
    const pods = replicas(props, 2);
    const matchLabels = labels(NAME, NAME);
    const image = (path: string) => (cluster.mirror ? { repository: `${cluster.mirror}/${path}` } : undefined);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "nginx-gateway-fabric",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        nginxGateway: {
          replicas: pods,
          priorityClassName: CRITICAL,
          image: image("nginx/nginx-gateway-fabric"),
          resources: resources(ASKED),
          topologySpreadConstraints: spread(matchLabels),
          productTelemetry: { enable: false },
          // Retry settings of routes can reach nginx only as snippets.
          snippets: { enable: true },
        },
        nginx: {
          replicas: pods,
          image: image("nginx/nginx-gateway-fabric/nginx"),
          container: { resources: resources(DATA_PLANE) },
          pod: { topologySpreadConstraints: perGateway() },
          service: { type: service },
        },
      },
      pods: [
        deployed({ name: NAME, replicas: pods, asked: [ASKED], priority: CRITICAL }),
        passing(`${NAME}-cert-generator`, [CERTIFICATES]),
      ],
    });
    disruptionBudget(this, { cluster, namespace, name: NAME, most: pods, matchLabels });
    if (metrics)
      new CustomResources(this, "monitors", {
        cluster,
        namespace,
        name: `${NAME}-monitors`,
        objects: [monitor(namespace)],
        after: [release],
      });
    this.ready = [release];
  }
}

/**
 * The nginx pods of a Gateway, by namespace and name (`edge/public`), for the ledger. The control plane creates them, so the code that
 * creates the Gateway must add them.
 */
export function gatewayPods(part: Parameters<typeof replicas>[0], gateway: string, pods = replicas(part, 2)): PodGroup {
  return deployed({ name: `${gateway}-nginx`, replicas: pods, asked: [DATA_PLANE] });
}

/** Spreads the nginx pods of each Gateway separately: one constraint serves all Gateways. */
function perGateway() {
  return spread({ "app.kubernetes.io/managed-by": `${NAME}-nginx` }).map((constraint) => ({
    ...constraint,
    matchLabelKeys: [GATEWAY_LABEL],
  }));
}

/** A PodMonitor, which the chart lacks. Pods of both planes have the release's name as a label. */
function monitor(namespace: string) {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: NAME, namespace },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/instance": NAME } },
      namespaceSelector: { any: true },
      podMetricsEndpoints: [{ port: "metrics" }],
    },
  };
}
