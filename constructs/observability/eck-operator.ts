import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { disruptionBudget, Release } from "../kubernetes";
import { type Asked, deployed, labels, mirrored, type PartProps, type Place, replicas, resources } from "../platform";

const NAME = "elastic-operator";

/** The chart's own requests; memory is twice as much, because the operator caches the Secrets and ConfigMaps of its namespaces. */
const ASKED = { cpu: "100m", memory: "300Mi" } as const satisfies Asked;

const PORTS = { webhook: 9443, metrics: 8080 } as const;

export interface EckOperatorProps extends PartProps {
  /**
   * Namespaces whose objects it watches. Its ClusterRole is the same either way: it reads the labels of nodes for zone awareness.
   * @default - all
   */
  readonly namespaces?: readonly string[];

  /**
   * PriorityClass of its pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;
}

/** The operator's namespace, and the traffic that the namespace has to allow. 9200 is every Elasticsearch node. */
export const ECK_OPERATOR: Place = {
  namespace: "elastic-system",
  network: {
    webhookPorts: [PORTS.webhook],
    metricsPorts: [PORTS.metrics],
    within: [],
    fromPods: [],
    egress: { api: true, https: false, pods: [9200] },
  },
};

/**
 * Elastic Cloud on Kubernetes: the operator of Elasticsearch and Kibana, with their definitions, under the basic licence. Clusters run
 * on while the operator is down, but no change, certificate renewal or volume growth takes effect. Its webhook is not required
 * (`failurePolicy: Ignore`). Delete all `ElasticStack`s first: the definitions stay, and objects without an operator stay unmanaged.
 */
export class EckOperator extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: EckOperatorProps) {
    super(scope, id);
    const { cluster, namespace, metrics = false, namespaces, priority, after = [] } = props;
    const replicaCount = replicas(props, 2);
    const matchLabels = labels(NAME, NAME);
    const { requests, limits } = resources(ASKED);
    const { release } = new Release(this, "chart", {
      cluster,
      chart: "eck-operator",
      name: NAME,
      namespace,
      after,
      values: {
        fullnameOverride: NAME,
        installCRDs: true,
        image: mirrored(cluster, "eck/eck-operator"),
        replicaCount,
        ...(priority ? { priorityClassName: priority } : {}),
        // The chart limits CPU unless it is removed.
        resources: { requests, limits: { ...limits, cpu: null } },
        podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        affinity: apart(matchLabels),
        telemetry: { disabled: true },
        ...(namespaces ? { managedNamespaces: [...namespaces] } : {}),
        config: {
          ...(cluster.mirror ? { containerRegistry: cluster.mirror } : {}),
          // Zone awareness: the operator copies this label of a node to the Elasticsearch pods on it.
          exposedNodeLabels: ["topology.kubernetes.io/zone"],
          // Ten years: clients read the CA at their start. Certificates are renewed every year, under the same CA.
          caValidity: "87600h",
          metrics: { port: metrics ? String(PORTS.metrics) : "0" },
        },
        podMonitor: { enabled: metrics, interval: "30s" },
      },
      // A StatefulSet: it replaces a pod before it adds another.
      pods: [{ ...deployed({ name: NAME, replicas: replicaCount, asked: [ASKED], surge: 0 }), ...cluster.ledger.priorityOf(priority) }],
    });
    disruptionBudget(this, { cluster, namespace, name: NAME, most: replicaCount, matchLabels });
    this.ready = [release];
  }
}

/** The chart has no topology spread constraints. */
function apart(matchLabels: Readonly<Record<string, string>>) {
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
        weight: 100,
        podAffinityTerm: { topologyKey, labelSelector: { matchLabels } },
      })),
    },
  };
}
