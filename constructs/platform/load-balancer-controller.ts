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
 * The AWS load balancer controller, used only to register pods in target groups that Terraform creates. Its role can't create load
 * balancers, so the features that would are disabled, webhooks included.
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
        // A hop limit of 1 keeps its pods from querying the instance metadata.
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
        // An nginx pod that is created without a readiness gate would be ready before the load balancer knows it. Therefore its creation
        // fails and is retried while the webhook is unavailable. Other pods are not affected.
        podMutatorWebhookConfig: { failurePolicy: "Fail" },
        objectSelector: { matchExpressions: [{ key: GATEWAY_LABEL, operator: "Exists" }] },
        // Would reject every Service of the cluster while the controller is unavailable.
        enableServiceMutatorWebhook: false,
        // Otherwise the chart generates a key, readable in its release, and replaces it at some upgrades.
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
