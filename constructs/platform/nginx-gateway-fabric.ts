import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity/contract";
import { GATEWAY_LABEL } from "../gateway/contract";
import { CustomResources, disruptionBudget, Release } from "../kubernetes";
import { type Asked, CRITICAL, deployed, labels, type PartProps, passing, replicas, resources, spread } from "./part";

const NAME = "nginx-gateway-fabric";

const ASKED = { cpu: "100m", memory: "256Mi" } as const satisfies Asked;

/** The job that makes its certificates can't be told what to ask for; a namespace with a quota gives it a default. */
const CERTIFICATES = { cpu: "20m", memory: "64Mi" } as const satisfies Asked;

/** What each nginx of a Gateway asks for, agent included. */
const DATA_PLANE = { cpu: "200m", memory: "256Mi" } as const satisfies Asked;

export interface NginxGatewayFabricProps extends PartProps {
  /**
   * How a Gateway's nginx is reached from outside the cluster.
   * @default "ClusterIP": load balancers are Terraform's and bound to its pods
   */
  readonly service?: "ClusterIP" | "NodePort" | "LoadBalancer";
}

/**
 * NGINX Gateway Fabric: the control plane, and what the nginx of each Gateway of class `nginx` will look like. The
 * Gateway API's definitions have to be there.
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
          // What routes say about a second try has no other way into nginx.
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
 * The nginx of a Gateway, by its namespace and name (`edge/public`), for the ledger: the control plane makes them, so
 * whoever makes the Gateway enters them.
 */
export function gatewayPods(part: Parameters<typeof replicas>[0], gateway: string, pods = replicas(part, 2)): PodGroup {
  return deployed({ name: `${gateway}-nginx`, replicas: pods, asked: [DATA_PLANE] });
}

/** Each Gateway's nginx keeps apart from its own: one constraint serves all Gateways. */
function perGateway() {
  return spread({ "app.kubernetes.io/managed-by": `${NAME}-nginx` }).map((constraint) => ({
    ...constraint,
    matchLabelKeys: [GATEWAY_LABEL],
  }));
}

/** The chart has no monitor of its own. Both planes carry the release's name. */
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
