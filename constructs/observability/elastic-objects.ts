import { ELASTIC } from "../core/versions";
import { type ApiObject, imageFrom, type KubernetesTarget, STAYS } from "../kubernetes";
import { spread } from "../platform";
import type { ResolvedElastic } from "./elastic-options";

type Spec = ApiObject & { readonly spec: object };

/** Ports of Elasticsearch, Kibana and the exporter. */
export const PORTS = { http: 9200, transport: 9300, kibana: 5601, metrics: 9108 } as const;

/** The only set of nodes, each with all roles. */
const NODE_SET = "default";

const ZONE = "topology.kubernetes.io/zone";

/** Path at which the S3 repository reads the token of its role; it can read no other file (Elasticsearch, S3 repository). */
const TOKEN = { folder: "/usr/share/elasticsearch/config/repository-s3", file: "aws-web-identity-token-file" } as const;

interface Placed {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;
  readonly name: string;
  readonly priority?: string;
}

/** Labels that the operator puts on the pods. */
export const nodeLabels = (name: string) => ({ "elasticsearch.k8s.elastic.co/cluster-name": name });
export const kibanaLabels = (name: string) => ({ "kibana.k8s.elastic.co/name": name });

/** Name of the StatefulSet that the operator creates, and of its pods. */
export function nodesOf(name: string) {
  const set = `${name}-es-${NODE_SET}`;
  return { name: set, labels: { "elasticsearch.k8s.elastic.co/statefulset-name": set } };
}

/**
 * The Elasticsearch object. The operator adds the rest: TLS, its own users, the restricted security context, anti-affinity of nodes, and a
 * PodDisruptionBudget that allows one node to be evicted while the cluster is green.
 */
export function elasticsearchObject({ cluster, namespace, name, priority }: Placed, settings: ResolvedElastic): Spec {
  const { nodes, storage, cpu, memory, memoryMapping, backup } = settings;
  const container = {
    name: "elasticsearch",
    resources: { requests: { cpu: String(cpu), memory }, limits: { memory } },
    ...(backup ? { env: identity(backup, name), volumeMounts: [{ name: "identity", mountPath: TOKEN.folder, readOnly: true }] } : {}),
  };
  return {
    apiVersion: "elasticsearch.k8s.elastic.co/v1",
    kind: "Elasticsearch",
    metadata: { name, namespace },
    spec: {
      version: ELASTIC.version,
      image: imageFrom(cluster, ELASTIC.elasticsearch),
      // Volumes remain after the object is deleted: a cluster that is recreated under the same name finds its data.
      volumeClaimDeletePolicy: "DeleteOnScaledownOnly",
      nodeSets: [
        {
          name: NODE_SET,
          count: nodes,
          config: {
            "node.store.allow_mmap": memoryMapping,
            ...(backup ? { "s3.client.default.region": backup.region } : {}),
          },
          // The operator spreads the nodes over the zones, and Elasticsearch the copies of each shard.
          ...(cluster.zones.length > 1 ? { zoneAwareness: { topologyKey: ZONE } } : {}),
          podTemplate: {
            ...(nodes === 1 ? { metadata: { annotations: STAYS } } : {}),
            spec: {
              serviceAccountName: name,
              ...(priority ? { priorityClassName: priority } : {}),
              containers: [container],
              ...(backup ? { volumes: [{ name: "identity", projected: { sources: [{ serviceAccountToken: token() }] } }] } : {}),
            },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: "elasticsearch-data" },
              spec: {
                accessModes: ["ReadWriteOnce"],
                storageClassName: cluster.storageClass,
                resources: { requests: { storage } },
              },
            },
          ],
        },
      ],
    },
  };
}

/** Service account token, valid for a day, the maximum of EKS; the kubelet renews it before it expires. */
function token() {
  return { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: TOKEN.file };
}

function identity({ region, roleArn }: NonNullable<ResolvedElastic["backup"]>, name: string) {
  const variables = {
    AWS_REGION: region,
    AWS_ROLE_ARN: roleArn,
    AWS_ROLE_SESSION_NAME: name,
    AWS_WEB_IDENTITY_TOKEN_FILE: `${TOKEN.folder}/${TOKEN.file}`,
  };
  return Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
}

export interface KibanaObject extends Placed {
  readonly elasticsearch: string;
  readonly replicas: number;
  readonly cpu: string;
  readonly memory: string;
  readonly url?: string;
}

/** Kibana. The operator connects it, and keeps its encryption keys in a Secret. */
export function kibanaObject({ cluster, namespace, name, elasticsearch, replicas, cpu, memory, url, priority }: KibanaObject): Spec {
  return {
    apiVersion: "kibana.k8s.elastic.co/v1",
    kind: "Kibana",
    metadata: { name, namespace },
    spec: {
      version: ELASTIC.version,
      image: imageFrom(cluster, ELASTIC.kibana),
      count: replicas,
      elasticsearchRef: { name: elasticsearch },
      config: {
        ...(url ? { "server.publicBaseUrl": url } : {}),
        // It connects to Elasticsearch only.
        "telemetry.optIn": false,
        "newsfeed.enabled": false,
        "xpack.fleet.isAirGapped": true,
      },
      podTemplate: {
        spec: {
          ...(priority ? { priorityClassName: priority } : {}),
          // Replaces the operator's own context, which lacks runAsNonRoot, so the restricted standard would reject its pods.
          securityContext: { runAsNonRoot: true, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
          topologySpreadConstraints: spread(kibanaLabels(name)),
          containers: [{ name: "kibana", resources: { requests: { cpu, memory }, limits: { memory } } }],
        },
      },
    },
  };
}

/** The exporter reports the name of its cluster as `cluster`, which is the label of the Kubernetes cluster. */
export function exporterMonitor(namespace: string, exporter: string, store: string): Spec {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: exporter, namespace },
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/instance": exporter } },
      podMetricsEndpoints: [
        {
          port: "http",
          interval: "30s",
          scrapeTimeout: "20s",
          honorLabels: false,
          relabelings: [{ targetLabel: "store", replacement: store }],
          metricRelabelings: [{ action: "labeldrop", regex: "exported_cluster" }],
        },
      ],
    },
  };
}
