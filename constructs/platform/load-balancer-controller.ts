import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { CONTROLLERS } from "../cluster";
import { GATEWAY_LABEL } from "../gateway/contract";
import { Release } from "../kubernetes";
import { awsPlace } from "./aws-place";
import { type Asked, CRITICAL, deployed, labels, mirrored, type PartProps, replicas, resources, spread } from "./part";

const NAME = "aws-load-balancer-controller";

const ASKED = { cpu: "50m", memory: "256Mi" } as const satisfies Asked;

/**
 * The AWS load balancer controller, as that which binds pods to target groups of Terraform's and does nothing else: it
 * has no right to make a load balancer, so whatever would ask it for one is turned off, webhooks included.
 */
export class LoadBalancerController extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PartProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, after = [] } = props;
    const { clusterName, region, vpcId } = awsPlace(this, cluster);
    const replicaCount = replicas(props, 2);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "aws-load-balancer-controller",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        clusterName,
        // Its pods can't ask the instance: a hop limit of 1 keeps them from it.
        region,
        vpcId,
        image: mirrored(cluster, "eks/aws-load-balancer-controller"),
        serviceAccount: { create: true, name: CONTROLLERS["load-balancers"].serviceAccount },
        replicaCount,
        resources: resources(ASKED),
        priorityClassName: CRITICAL,
        podDisruptionBudget: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" },
        topologySpreadConstraints: spread(labels(NAME, NAME)),
        podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        securityContext: { capabilities: { drop: ["ALL"] } },
        defaultTargetType: "ip",
        createIngressClassResource: false,
        ingressClassParams: { create: false },
        webhookConfig: { disableIngressValidation: true },
        // A pod of nginx that came while nobody gives it its gate would count as ready unknown to the load balancer: it comes
        // again when somebody does. No other pod waits for the controller.
        podMutatorWebhookConfig: { failurePolicy: "Fail" },
        objectSelector: { matchExpressions: [{ key: GATEWAY_LABEL, operator: "Exists" }] },
        // Would refuse every Service of the cluster while the controller is away.
        enableServiceMutatorWebhook: false,
        // The chart would draw a key into its release, for everyone to read, and another at some upgrades.
        enableCertManager: true,
        enableBackendSecurityGroup: false,
        enableShield: false,
        enableWaf: false,
        enableWafv2: false,
        controllerConfig: { featureGates: { ALBGatewayAPI: false, EnableServiceController: false, NLBGatewayAPI: false } },
        serviceMonitor: { enabled: metrics },
      },
      pods: [deployed({ name: NAME, replicas: replicaCount, asked: [ASKED], priority: CRITICAL })],
    });
    this.ready = [release];
  }
}
