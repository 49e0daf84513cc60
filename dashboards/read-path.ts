import { BY_STORE, CLUSTER, dashboard, figure, lines, NAMESPACE, RATE, toDashboard, UNIT, variable } from "./kit";
import { errorShare, operations, p95, requestRate } from "./services";

const QUERIES = `kind="query",${NAMESPACE}`;
const STORE = "${__field.labels.store}";

export const readPath = dashboard({
  uid: "cqrs-read-path",
  title: "Read path",
  description: "Queries by type, and what answers them: the cache and the read database.",
  variables: [
    variable("cluster", "Cluster", 'service:requests:rate5m{kind="query"}'),
    variable("namespace", "Namespace", `service:requests:rate5m{kind="query",${CLUSTER}}`),
  ],
  rollouts: NAMESPACE,
  sections: [
    {
      id: 100,
      title: "Queries",
      panels: [
        figure({
          id: 1,
          title: "Queries",
          description: "Queries per second, all types. What a CDN answers from its cache does not arrive here.",
          unit: UNIT.requests,
          width: 8,
          queries: [{ expr: requestRate("cluster", QUERIES), legend: "{{cluster}}" }],
        }),
        figure({
          id: 2,
          title: "HTTP requests that failed",
          description: "Share of requests to these namespaces that were answered with 5xx.",
          unit: UNIT.share,
          width: 8,
          limits: { critical: { at: 0.01, alert: "RequestErrors" } },
          queries: [{ expr: errorShare("cluster", `kind="http",${NAMESPACE}`), legend: "{{cluster}}" }],
        }),
        figure({
          id: 3,
          title: "Slowest type of query",
          description: "The highest 95th percentile of all types.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 1, alert: "RequestsSlow" } },
          queries: [{ expr: p95("cluster", QUERIES), legend: "{{cluster}}" }],
        }),
        ...operations("query", [10, 11, 12]).filter((_, index) => index !== 1),
        lines({
          id: 13,
          title: "Results of a query",
          description: "Mean number of results by type. A type that returns more and more gets slower and slower.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: `sum by (cluster, namespace, query_type) (rate(cqrs_query_result_count_sum{${NAMESPACE}}${RATE})) / sum by (cluster, namespace, query_type) (rate(cqrs_query_result_count_count{${NAMESPACE}}${RATE}))`,
              legend: "{{query_type}}",
            },
          ],
        }),
      ],
    },
    {
      id: 101,
      title: "Cache",
      panels: [
        lines({
          id: 20,
          title: "Reads that hit the cache",
          description: "Share of reads that found their key. When it falls, the read database gets the rest.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          queries: [
            {
              expr: `store:valkey_hits:ratio_rate5m{${CLUSTER}}`,
              legend: "{{store}}",
            },
          ],
          links: [toDashboard("Valkey", "cqrs-valkey", { store: STORE })],
        }),
        lines({
          id: 21,
          title: "Memory of the cache",
          description: "Share of maxmemory. A cache may stay at 1: it evicts.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          queries: [{ expr: `max by (${BY_STORE}) (pod:valkey_memory_used:ratio{${CLUSTER}})`, legend: "{{store}}" }],
          links: [toDashboard("Valkey", "cqrs-valkey", { store: STORE })],
        }),
        lines({
          id: 22,
          title: "Reads that hit the cache at AWS",
          description: "Share of reads that found their key in ElastiCache.",
          unit: UNIT.share,
          max: 1,
          width: 24,
          queries: [
            {
              expr: `sum by (cluster) (aws_elasticache_cache_hits_sum{${CLUSTER}}) / (sum by (cluster) (aws_elasticache_cache_hits_sum{${CLUSTER}}) + sum by (cluster) (aws_elasticache_cache_misses_sum{${CLUSTER}}) > 0)`,
              legend: "{{cluster}}",
            },
          ],
          links: [toDashboard("ElastiCache", "cqrs-elasticache")],
        }),
      ],
    },
    {
      id: 102,
      title: "Read database",
      panels: [
        lines({
          id: 30,
          title: "Connections in use",
          description: "Share of max_connections on the fullest instance. At 1 queries are refused.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.8, alert: "PostgresConnectionsNearMax" } },
          queries: [
            {
              expr: `max by (${BY_STORE}) (pod:postgres_connections:ratio{${CLUSTER}})`,
              legend: "{{store}}",
            },
          ],
          links: [toDashboard("PostgreSQL", "cqrs-postgres", { store: STORE })],
        }),
        lines({
          id: 31,
          title: "Standbys behind",
          description: "Queries on standbys see a state as old as this.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 30, alert: "PostgresReplicationLag" } },
          queries: [{ expr: `max by (${BY_STORE}) (cnpg_pg_replication_lag{${CLUSTER}})`, legend: "{{store}}" }],
          links: [toDashboard("PostgreSQL", "cqrs-postgres", { store: STORE })],
        }),
        lines({
          id: 32,
          title: "Rows returned",
          description: "Rows per second that the database returned, by database.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            {
              expr: `sum by (${BY_STORE}, datname) (rate(cnpg_pg_stat_database_tup_returned{datname!~"template.*|postgres",${CLUSTER}}${RATE}))`,
              legend: "{{datname}}",
            },
          ],
          links: [toDashboard("PostgreSQL", "cqrs-postgres", { store: STORE })],
        }),
        lines({
          id: 33,
          title: "CPU of the database at AWS",
          description: "CPU in use by instance.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: { warning: { at: 0.9, alert: "RdsCpuHigh" } },
          queries: [
            {
              expr: `max by (cluster, dimension_DBInstanceIdentifier) (aws_rds_cpuutilization_average{${CLUSTER}}) / 100`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
          links: [toDashboard("PostgreSQL at AWS", "cqrs-postgres-aws")],
        }),
        lines({
          id: 34,
          title: "Connections at AWS",
          description: "Open connections by instance.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: `max by (cluster, dimension_DBInstanceIdentifier) (aws_rds_database_connections_average{${CLUSTER}})`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
          links: [toDashboard("PostgreSQL at AWS", "cqrs-postgres-aws")],
        }),
        lines({
          id: 35,
          title: "Replicas behind at AWS",
          description: "Queries on replicas see a state as old as this.",
          unit: UNIT.seconds,
          width: 8,
          limits: { warning: { at: 1, alert: "AuroraReplicaLag" } },
          queries: [
            {
              expr: `max by (cluster, dimension_DBInstanceIdentifier) (aws_rds_aurora_replica_lag_maximum{${CLUSTER}}) / 1000`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
          links: [toDashboard("PostgreSQL at AWS", "cqrs-postgres-aws")],
        }),
      ],
    },
  ],
});
