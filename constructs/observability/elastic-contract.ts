import type { Authority, SecretReference } from "../connection";
import type { Peer } from "../kubernetes";

/**
 * Roles of Elasticsearch, each with the least privileges: `collector` appends to data streams `logs-*`, `jaeger` reads and writes
 * indices `*jaeger-*` and their templates, `grafana` reads `logs-*`, `metrics` reads states and statistics.
 */
export type ElasticRole = "collector" | "jaeger" | "grafana" | "metrics";

/** An Elasticsearch cluster as its clients use it. Plain data: a value may be an output of another stack. */
export interface Elasticsearch {
  /** Its name, and the value of the label `store` on its metrics. */
  readonly name: string;

  /** `https://elasticsearch-es-http.observability.svc:9200`. */
  readonly url: string;

  /** The CA of its HTTPS certificates, which the operator renews every year. `EckOperator` keeps the CA for ten years. */
  readonly authority: Extract<Authority, { readonly secretName: string }>;

  /** Its pods, for network policies. */
  readonly peers: readonly Exclude<Peer, "anywhere">[];

  /** Name and password of the user of each role. */
  readonly users: Readonly<Record<ElasticRole, { readonly user: SecretReference; readonly password: SecretReference }>>;

  /** Copies of each shard in addition to the primary: 0 on one node, otherwise 1. */
  readonly replicas: 0 | 1;
}
