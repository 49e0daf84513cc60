export type { Alerts, Receiver, Recipients } from "./alerts";
export { alertsProblems, RECEIVERS_SECRET } from "./alerts";
export { CLOUDWATCH_EXPORTER, CloudWatchExporter, type CloudWatchExporterProps, cloudWatchStatements } from "./cloudwatch-exporter";
export { type CloudWatchScope, type CloudWatchService, cloudWatchConfig, cloudWatchRegions } from "./cloudwatch-jobs";
export {
  AGENTS,
  COLLECTOR_SIZES,
  type CollectorProps,
  type CollectorSettings,
  collectorMoveProblems,
  NodeAgents,
  type NodeAgentsProps,
  type TailSampling,
  type TelemetryEndpoints,
  TelemetryGateway,
  type TelemetryGatewayProps,
  telemetryEndpoints,
} from "./collector";
export {
  type DashboardDomain,
  type DashboardSelection,
  Dashboards,
  type DashboardsProps,
  dashboards,
  type SeriesSource,
} from "./dashboards";
export { ebsMonitor } from "./ebs-monitor";
export { ECK_OPERATOR, EckOperator, type EckOperatorProps } from "./eck-operator";
export {
  ElasticStack,
  type ElasticStackProps,
  type ElasticsearchProps,
  elasticBackupStatements,
  elasticsearchOf,
  type KibanaSettings,
} from "./elastic";
export type { ElasticRole, Elasticsearch } from "./elastic-contract";
export type { ElasticBackup, ElasticSettings } from "./elastic-options";
export { ELASTIC_ROLES, type ElasticUsers, elasticUsers } from "./elastic-users";
export { GRAFANA_ADMIN, type GrafanaOidc, type GrafanaSettings } from "./grafana";
export { HealthPage, type HealthPageProps, type HealthPart } from "./health-page";
export type { Dependencies } from "./inhibitions";
export { JAEGER_PORTS, Jaeger, type JaegerBadger, type JaegerElasticsearch, type JaegerProps, type JaegerStorage } from "./jaeger";
export { type MaskRules, PERSONAL_FIELDS, PERSONAL_PATTERNS } from "./masking";
export { METRICS_SENDER, MetricsReceiver, type MetricsReceiverProps, RECEIVER_AUTHORITY } from "./metrics-receiver";
export { type Latency, type Objective, objectiveRules, objectivesProblems, type RequestMetrics } from "./objectives";
export { ObservabilityStack, type ObservabilityStackProps } from "./observability-stack";
export { PlatformRules, type PlatformRulesProps } from "./platform-rules";
export { Probes, type ProbesProps, type ProbeTarget, probesPeer } from "./probes";
export { DEFAULT_RETENTION, SCRAPE_INTERVAL, scrapeSeconds } from "./prometheus";
export { type PrometheusLoad, type PrometheusSize, prometheusSize } from "./prometheus-size";
export { type AlertingRule, metricsPrefixOf, type RecordingRule, RUNBOOKS, type Rule, type RuleGroup, type RuleSubject } from "./rules";
export type { ElasticStackSettings, TracingSettings } from "./telemetry";
export type {
  AuthorityFile,
  BasicCredentials,
  DestinationAddress,
  ElasticsearchDestination,
  OtlpDestination,
  TelemetryDestination,
} from "./telemetry-destinations";
