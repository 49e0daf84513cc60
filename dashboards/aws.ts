import { CLUSTER, dashboard, figure, lines, RATE, table, UNIT, variable } from "./kit";

// CloudWatch is asked for periods of five minutes.
const perSecond = (metric: string, by: string, of: string) => `sum by (${by}) (${metric}{${of}}) / 300`;

// Names of instances and nodes begin with that of their store.
const INSTANCE = "cluster, dimension_DBInstanceIdentifier";
const NODE = "cluster, dimension_CacheClusterId";
const INSTANCES = `${CLUSTER},dimension_DBInstanceIdentifier=~"$instance"`;
const NODES = `${CLUSTER},dimension_CacheClusterId=~"$node"`;

const CPU = { warning: { at: 0.9, alert: "RdsCpuHigh" } } as const;
const LAG = { warning: { at: 1, alert: "AuroraReplicaLag" } } as const;
const IDS = {
  warning: { at: 500_000_000, alert: "RdsTransactionIdAge" },
  critical: { at: 1_500_000_000, alert: "RdsTransactionIdsNearEnd" },
} as const;
const MEMORY = { warning: { at: 268_435_456, alert: "RdsMemoryLow" }, below: true } as const;
const ENGINE_CPU = { warning: { at: 0.9, alert: "ElastiCacheCpuHigh" } } as const;

const LATE = "CloudWatch is late by some minutes.";

export const postgresAws = dashboard({
  uid: "cqrs-postgres-aws",
  title: "PostgreSQL at AWS",
  description: `Aurora and RDS by CloudWatch: CPU, memory, connections, replicas, storage, transaction ids. ${LATE}`,
  tags: ["cqrs-engine"],
  variables: [
    variable("cluster", "Cluster", "aws_rds_cpuutilization_average"),
    variable("instance", "Instance", `aws_rds_cpuutilization_average{${CLUSTER}}`, "dimension_DBInstanceIdentifier"),
  ],
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "CPU",
          description: `CPU in use. ${LATE}`,
          unit: UNIT.share,
          max: 1,
          width: 6,
          limits: CPU,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_cpuutilization_average{${INSTANCES}}) / 100`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        figure({
          id: 2,
          title: "Replicas behind",
          description: `Reads from it are as old as this. ${LATE}`,
          unit: UNIT.seconds,
          width: 6,
          limits: LAG,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_aurora_replica_lag_maximum{${INSTANCES}}) / 1000`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        figure({
          id: 3,
          title: "Free memory",
          description: "Free memory by instance. When it ends the instance swaps or restarts.",
          unit: UNIT.bytes,
          width: 6,
          limits: MEMORY,
          queries: [
            { expr: `min by (${INSTANCE}) (aws_rds_freeable_memory_average{${INSTANCES}})`, legend: "{{dimension_DBInstanceIdentifier}}" },
          ],
        }),
        figure({
          id: 4,
          title: "Transaction ids used",
          description: "Transactions since the oldest row was frozen. At about 2.1 billion the database refuses writes.",
          unit: UNIT.count,
          width: 6,
          limits: IDS,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_maximum_used_transaction_ids_maximum{${INSTANCES}})`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
      ],
    },
    {
      id: 101,
      title: "Instances",
      panels: [
        lines({
          id: 10,
          title: "CPU",
          description: "CPU in use by instance.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: CPU,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_cpuutilization_average{${INSTANCES}}) / 100`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        lines({
          id: 11,
          title: "Connections",
          description: "Open connections by instance.",
          unit: UNIT.count,
          width: 8,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_database_connections_average{${INSTANCES}})`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        lines({
          id: 12,
          title: "Replicas behind",
          description: "Age of what each replica shows.",
          unit: UNIT.seconds,
          width: 8,
          limits: LAG,
          queries: [
            {
              expr: `max by (${INSTANCE}) (aws_rds_aurora_replica_lag_maximum{${INSTANCES}}) / 1000`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        lines({
          id: 13,
          title: "Free memory",
          description: "Free memory by instance. When it ends the instance swaps or restarts.",
          unit: UNIT.bytes,
          width: 8,
          limits: MEMORY,
          queries: [
            { expr: `min by (${INSTANCE}) (aws_rds_freeable_memory_average{${INSTANCES}})`, legend: "{{dimension_DBInstanceIdentifier}}" },
          ],
        }),
        lines({
          id: 14,
          title: "Free local storage",
          description: "Storage for sorts and temporary files. When it ends queries fail.",
          unit: UNIT.bytes,
          width: 8,
          limits: { warning: { at: 2_147_483_648, alert: "AuroraLocalStorageLow" }, below: true },
          queries: [
            {
              expr: `min by (${INSTANCE}) (aws_rds_free_local_storage_average{${INSTANCES}})`,
              legend: "{{dimension_DBInstanceIdentifier}}",
            },
          ],
        }),
        lines({
          id: 15,
          title: "Size of the cluster volume",
          description: "Bytes that Aurora bills.",
          unit: UNIT.bytes,
          width: 8,
          queries: [
            {
              expr: `max by (cluster, dimension_DBClusterIdentifier) (aws_rds_volume_bytes_used_average{${CLUSTER}})`,
              legend: "{{dimension_DBClusterIdentifier}}",
            },
          ],
        }),
      ],
    },
  ],
});

export const elasticache = dashboard({
  uid: "cqrs-elasticache",
  title: "ElastiCache",
  description: `Caches at AWS by CloudWatch: CPU of the engine, memory, evictions, replicas. ${LATE}`,
  tags: ["cqrs-engine"],
  variables: [
    variable("cluster", "Cluster", "aws_elasticache_engine_cpuutilization_average"),
    variable("node", "Node", `aws_elasticache_engine_cpuutilization_average{${CLUSTER}}`, "dimension_CacheClusterId"),
  ],
  sections: [
    {
      id: 100,
      title: "State",
      panels: [
        figure({
          id: 1,
          title: "CPU of the engine",
          description: "One thread executes all commands; above 90% they wait for each other.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: ENGINE_CPU,
          queries: [
            {
              expr: `max by (${NODE}) (aws_elasticache_engine_cpuutilization_average{${NODES}}) / 100`,
              legend: "{{dimension_CacheClusterId}}",
            },
          ],
        }),
        figure({
          id: 2,
          title: "Memory used",
          description: "Share of the memory for data. A cache may stay at 1 and evict.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [
            {
              expr: `max by (${NODE}) (aws_elasticache_database_memory_usage_percentage_average{${NODES}}) / 100`,
              legend: "{{dimension_CacheClusterId}}",
            },
          ],
        }),
        figure({
          id: 3,
          title: "Reads that hit",
          description: "Share of reads that found their key.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [
            {
              expr: `sum by (${NODE}) (aws_elasticache_cache_hits_sum{${NODES}}) / (sum by (${NODE}) (aws_elasticache_cache_hits_sum{${NODES}}) + sum by (${NODE}) (aws_elasticache_cache_misses_sum{${NODES}}) > 0)`,
              legend: "{{dimension_CacheClusterId}}",
            },
          ],
        }),
      ],
    },
    {
      id: 101,
      title: "Nodes",
      panels: [
        lines({
          id: 10,
          title: "CPU of the engine",
          description: "Processor in use of the one thread that executes commands, by node.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          limits: ENGINE_CPU,
          queries: [
            {
              expr: `max by (${NODE}) (aws_elasticache_engine_cpuutilization_average{${NODES}}) / 100`,
              legend: "{{dimension_CacheClusterId}}",
            },
          ],
        }),
        lines({
          id: 11,
          title: "Memory used",
          description: "Share of the memory for data, by node.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [
            {
              expr: `max by (${NODE}) (aws_elasticache_database_memory_usage_percentage_average{${NODES}}) / 100`,
              legend: "{{dimension_CacheClusterId}}",
            },
          ],
        }),
        lines({
          id: 12,
          title: "Evicted keys",
          description: "Keys per second dropped for room.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [{ expr: `max by (${NODE}) (aws_elasticache_evictions_sum{${NODES}}) / 300`, legend: "{{dimension_CacheClusterId}}" }],
        }),
        lines({
          id: 13,
          title: "Connections",
          description: "Open connections by node, which takes 65,000.",
          unit: UNIT.count,
          width: 12,
          limits: { warning: { at: 58_500, alert: "ElastiCacheConnectionsNearMax" } },
          queries: [
            { expr: `max by (${NODE}) (aws_elasticache_curr_connections_maximum{${NODES}})`, legend: "{{dimension_CacheClusterId}}" },
          ],
        }),
        lines({
          id: 14,
          title: "Replicas behind",
          description: "Age of what each replica shows.",
          unit: UNIT.seconds,
          width: 12,
          limits: { warning: { at: 10, alert: "ElastiCacheReplicationLag" } },
          queries: [
            { expr: `max by (${NODE}) (aws_elasticache_replication_lag_maximum{${NODES}})`, legend: "{{dimension_CacheClusterId}}" },
          ],
        }),
      ],
    },
  ],
});

const VOLUME = "cluster, volume_id";

export const awsPlatform = dashboard({
  uid: "cqrs-aws",
  title: "AWS: volumes, NAT gateways, backups",
  description: "What the clusters stand on at AWS and no engine shows: EBS volumes at their limits, NAT gateways, backup jobs.",
  variables: [variable("cluster", "Cluster", "up")],
  sections: [
    {
      id: 100,
      title: "Volumes (EBS)",
      panels: [
        lines({
          id: 1,
          title: "Volumes at their limit of operations",
          description:
            "Share of time in which a volume was asked for more operations than it may do. Event stores and databases get slow by it.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [
            {
              expr: `max by (${VOLUME}) (rate(aws_ebs_csi_exceeded_iops_seconds_total{${CLUSTER}}${RATE}))`,
              legend: "{{volume_id}}",
            },
          ],
        }),
        lines({
          id: 2,
          title: "Volumes at their limit of throughput",
          description: "Share of time in which a volume was asked for more bytes than it may move.",
          unit: UNIT.share,
          max: 1,
          width: 8,
          queries: [
            {
              expr: `max by (${VOLUME}) (rate(aws_ebs_csi_exceeded_tp_seconds_total{${CLUSTER}}${RATE}))`,
              legend: "{{volume_id}}",
            },
          ],
        }),
        lines({
          id: 3,
          title: "Operations that wait",
          description: "Operations queued at each volume.",
          unit: UNIT.count,
          width: 8,
          queries: [{ expr: `max by (${VOLUME}) (aws_ebs_csi_volume_queue_length{${CLUSTER}})`, legend: "{{volume_id}}" }],
        }),
      ],
    },
    {
      id: 101,
      title: "NAT gateways",
      panels: [
        lines({
          id: 10,
          title: "Failed connections",
          description: "Connections to the outside that failed for want of a port, in a period of 5 minutes.",
          unit: UNIT.count,
          width: 12,
          limits: { critical: { at: 1, alert: "NatPortsExhausted" } },
          queries: [
            {
              expr: `max by (cluster, dimension_NatGatewayId) (aws_natgateway_error_port_allocation_sum{${CLUSTER}})`,
              legend: "{{dimension_NatGatewayId}}",
            },
          ],
        }),
        lines({
          id: 11,
          title: "Dropped packets",
          description: "Packets per second that a NAT gateway dropped.",
          unit: UNIT.perSecond,
          width: 12,
          queries: [
            {
              expr: perSecond("aws_natgateway_packets_drop_count_sum", "cluster, dimension_NatGatewayId", CLUSTER),
              legend: "{{dimension_NatGatewayId}}",
            },
          ],
        }),
      ],
    },
    {
      id: 102,
      title: "Backups (AWS Backup)",
      panels: [
        table({
          id: 20,
          title: "Backup, copy and restore jobs",
          description: "Jobs completed and failed in the last day by vault. A vault that is missing here has no job.",
          width: 24,
          columns: [
            { label: "dimension_BackupVaultName", title: "Vault" },
            ...(["backup", "copy", "restore"] as const).flatMap((kind) => [
              {
                expr: `sum by (dimension_BackupVaultName) (sum_over_time(aws_backup_number_of_${kind}_jobs_completed_sum{${CLUSTER}}[1d:5m]))`,
                title: `${kind[0]?.toUpperCase()}${kind.slice(1)} jobs completed`,
                unit: UNIT.count,
              },
              {
                expr: `sum by (dimension_BackupVaultName) (sum_over_time(aws_backup_number_of_${kind}_jobs_failed_sum{${CLUSTER}}[1d:5m]))`,
                title: `${kind[0]?.toUpperCase()}${kind.slice(1)} jobs failed`,
                unit: UNIT.count,
              },
            ]),
          ],
        }),
      ],
    },
  ],
});
