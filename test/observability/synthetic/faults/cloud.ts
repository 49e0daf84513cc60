import { GIB } from "../healthy";
import { type Fault, MINUTE } from "./happenings";

export const CLOUD: readonly Fault[] = [
  {
    name: "a database of RDS reports nothing",
    happens: (system) => system.set("aws_rds_cpuutilization_average", {}, Number.NaN),
    told: { RdsNotReporting: ["oncall", "17m"] },
    almost: (system) => system.dip("aws_rds_cpuutilization_average", {}, Number.NaN, 10 * MINUTE),
  },
  {
    name: "a database of RDS has no storage left",
    happens: (system) => system.set("aws_rds_free_storage_space_average", {}, 3 * GIB),
    told: { RdsStorageLow: ["oncall", "17m"] },
    almost: (system) => system.set("aws_rds_free_storage_space_average", {}, 8 * GIB),
    always: true,
  },
  {
    name: "a shard of ElastiCache has no primary",
    happens: (system) => system.set("aws_elasticache_is_master_maximum", {}, 0),
    told: { ElastiCacheNoPrimary: ["oncall", "12m"] },
    almost: (system) => system.dip("aws_elasticache_is_master_maximum", {}, 0, 6 * MINUTE),
  },
  {
    name: "AWS refuses to tell metrics",
    happens: (system) =>
      system
        .end("aws_rds_cpuutilization_average")
        .end("aws_elasticache_engine_cpuutilization_average")
        .set("yace_cloudwatch_request_errors", {}, (before, since) => before + 6 * Math.floor(since / 300)),
    told: { CloudWatchExporterFails: ["team", "20m"] },
    almost: (system) => system.set("yace_cloudwatch_request_errors", {}, (before, since) => before + Math.floor(since / 600)),
  },
  {
    name: "AWS refuses to tell what there is",
    happens: (system) => {
      for (const of of ["rds_info", "rds_cpuutilization_average", "elasticache_info", "elasticache_engine_cpuutilization_average"])
        system.end(`aws_${of}`);
      system.set("yace_cloudwatch_requests_total", {}, 1024);
    },
    told: { CloudWatchExporterFails: ["team", "27m"] },
  },
  {
    name: "the exporter of CloudWatch hangs",
    happens: (system) =>
      system.set("yace_cloudwatch_requests_total", {}, 1024).set("yace_cloudwatch_resourcegrouptaggingapi_requests_total", {}, 1016),
    told: { CloudWatchExporterFails: ["team", "27m"] },
  },
  {
    name: "a target of the load balancer is unhealthy",
    happens: (system) => system.set("aws_networkelb_un_healthy_host_count_maximum", {}, 1),
    told: { LoadBalancerTargetsUnhealthy: ["team", "12m"] },
  },
  {
    name: "the NAT gateway has no ports left",
    happens: (system) => system.set("aws_natgateway_error_port_allocation_sum", {}, 40),
    told: { NatPortsExhausted: ["oncall", "12m"] },
    almost: (system) => system.dip("aws_natgateway_error_port_allocation_sum", {}, 40, 5 * MINUTE),
  },
  {
    name: "CloudFront answers with errors",
    happens: (system) => system.set("aws_cloudfront_5xx_error_rate_average", {}, 20),
    told: { CdnErrors: ["oncall", "12m"] },
    almost: (system) => system.set("aws_cloudfront_5xx_error_rate_average", {}, 4),
  },
  {
    name: "the load balancer has no healthy target",
    happens: (system) =>
      system.set("aws_networkelb_healthy_host_count_maximum", {}, 0).set("aws_networkelb_un_healthy_host_count_maximum", {}, 3),
    told: { LoadBalancerWithoutHealthyTargets: ["oncall", "5m"] },
    almost: (system) => system.dip("aws_networkelb_un_healthy_host_count_maximum", {}, 1, 6 * MINUTE),
  },
  {
    name: "a backup at AWS has failed",
    happens: (system) => system.dip("aws_backup_number_of_copy_jobs_failed_sum", {}, 1, 5 * MINUTE),
    told: { AwsBackupFailed: ["team", "5m"] },
  },
];
