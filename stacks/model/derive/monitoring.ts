import type { Duration } from "../../../constructs/core/quantities";
import type { Peer } from "../../../constructs/kubernetes";
import {
  type Alerts,
  DEFAULT_RETENTION,
  type GrafanaSettings,
  type HealthPart,
  type Objective,
  prometheusSize,
  type Recipients,
  type RuleSubject,
  SCRAPE_INTERVAL,
  type SeriesSource,
} from "../../../constructs/observability";
import { SIGNAL_READER } from "../../../constructs/workload";
import { type ClusterKey, isExistingCluster } from "../cluster";
import { maxReplicas } from "../common";
import { metricsReader, ownPrometheus } from "../monitoring";
import { engineOf } from "../stores";
import type { DomainOf, System } from "../system";
import { auditClusterOf } from "./audit";
import { cloudWatchOn, cloudWatchRules } from "./cloudwatch";
import { CLUSTER_NAMES, clusterOf, clustersOf } from "./clusters";
import { serverDrills } from "./drills";
import { hubOf, isSeenAtHub, receivesMetrics, sendsMetrics } from "./hub";
import { runsAt, serversOf } from "./members";
import { NAMESPACES } from "./namespaces";
import { partsOf } from "./platform-parts";
import { probesOn } from "./probes";
import { domainsOn, followed } from "./signals";
import { resolvedStores } from "./sizes";
import { streamBackupsOf } from "./stream-backups";
import { volumeSnapshotsOf } from "./volume-snapshots";

/** Grafana settings of a cluster. Grafana runs on the cluster that serves queries. */
export function grafanaOn(system: System, key: ClusterKey): GrafanaSettings | undefined {
  const grafana = system.monitoring?.grafana ?? false;
  if (grafana === false || key !== hubOf(system)) return undefined;
  return grafana === true ? {} : grafana;
}

/** Value of the label `cluster` in the series of a cluster. */
export function clusterLabel({ name }: Pick<System, "name">, key: ClusterKey): string {
  return key === "cluster" ? name : key.replace("Cluster", "");
}

/** Alert subjects of every cluster. */
const EVERYWHERE: readonly RuleSubject[] = ["workloads", "jobs", "nodes", "secrets", "controllers", "pipeline"];

/** Alert subjects of a cluster: only for what runs on it. */
export function ruleSubjects(system: System, key: ClusterKey): readonly RuleSubject[] {
  const cluster = clusterOf(system, key);
  const parts = cluster ? partsOf({ environment: system, key, cluster }) : new Set<string>();
  const domains = domainsOn(system, key);
  const stores = system.stores.filter((store) => store.cluster === key);
  const engines = stores.flatMap((store) => engineOf(store)?.rules ?? []);
  const found: readonly (readonly [RuleSubject, boolean])[] = [
    ["cloud-native-pg", serversOf({ stores }).some((server) => runsAt(server) === "cluster")],
    ["stream-backup", streamBackupsOf(system).some(({ store, place }) => place && store.cluster === key)],
    ["drills", isDrilledOn(system, key)],
    ["volume-snapshots", volumeSnapshotsOf(system).some(({ store }) => store.cluster === key)],
    ["audit", auditClusterOf(system) === key],
    ["requests", domains.some(({ services }) => services.length > 0)],
    ["read-models", domains.some(({ projections }) => projections.length > 0)],
    ["gateway", parts.has("nginx-gateway-fabric")],
    [
      system.monitoring?.durationUnit === "ms" ? "requests-milliseconds" : "requests-seconds",
      domains.some(({ services }) => services.length > 0),
    ],
    ["objectives", objectivesOn(system, key).length > 0],
    // The overall health is computed where the metrics of all clusters are.
    ["health", !sendsMetrics(system, key)],
    ["hub", receivesMetrics(system, key)],
    ["certificates", parts.has("cert-manager")],
    ["probes", probesOn(system, key).length > 0],
    // Ends of support are those of EKS, and the EBS driver is its add-on.
    ["support", cluster !== undefined && !isExistingCluster(cluster)],
    ["ebs-volumes", cluster !== undefined && !isExistingCluster(cluster)],
  ];
  const there = found.flatMap(([subject, present]) => (present ? [subject] : []));
  return [...new Set([...engines, ...there, ...cloudWatchRules(system, key), ...EVERYWHERE])];
}

/** Checks if jobs on a cluster restore backups. */
function isDrilledOn(system: System, key: ClusterKey): boolean {
  const streams = streamBackupsOf(system).some(({ store, place, drill }) => drill && place && store.cluster === key);
  const volumes = volumeSnapshotsOf(system).some(({ store, drill }) => drill && store.cluster === key);
  return streams || volumes || serverDrills(system).some(({ server }) => server.cluster === key);
}

/** Sources of the series on dashboards, by exporter, on the clusters whose metrics the hub has. */
export function seriesSources(system: System): readonly SeriesSource[] {
  const clusters = clustersOf(system).filter(([key]) => isSeenAtHub(system, key));
  const domains = clusters.flatMap(([key]) => domainsOn(system, key));
  const subjects = new Set(clusters.flatMap(([key]) => ruleSubjects(system, key)));
  const services = new Set(clusters.flatMap(([key]) => cloudWatchOn(system, key)));
  const found: Readonly<Partial<Record<SeriesSource, boolean>>> = {
    health: healthParts(system).length > 0,
    commands: domains.some(({ services }) => services.length > 0),
    queries: domains.some(({ services }) => services.length > 0),
    aggregates: domains.some(({ services }) => services.length > 0),
    readModels: subjects.has("read-models"),
    kurrentdb: subjects.has("kurrentdb"),
    cloudNativePg: subjects.has("cloud-native-pg"),
    valkey: subjects.has("valkey"),
    nats: subjects.has("nats"),
    objectives: subjects.has("objectives"),
    gateway: subjects.has("gateway"),
    certificates: subjects.has("certificates"),
    drills: subjects.has("drills"),
    probes: subjects.has("probes"),
    ebs: subjects.has("ebs-volumes"),
    rds: services.has("aurora") || services.has("rds"),
    elastiCache: services.has("elasticache"),
    networkLoadBalancer: services.has("load-balancers"),
    natGateways: services.has("nat-gateways"),
    cloudFront: services.has("cloudfront"),
  };
  return Object.entries(found).flatMap(([source, there]) => (there ? [source as SeriesSource] : []));
}

/** Parts of the system whose health the hub shows: by the names of the roles, and by the engines that export metrics. */
export function healthParts(system: System): readonly HealthPart[] {
  const names = system.domains.filter(({ cluster }) => isSeenAtHub(system, cluster)).map(({ name }) => name);
  const exports = system.stores.some(
    (store) => isSeenAtHub(system, store.cluster) && store.name === "event-store" && engineOf(store)?.rules !== undefined,
  );
  const found: Readonly<Record<HealthPart, boolean>> = {
    write_side: names.includes("write-side"),
    read_side: names.includes("read-side"),
    event_store: exports,
    projections: names.includes("projections"),
  };
  return Object.entries(found).flatMap(([part, there]) => (there ? [part as HealthPart] : []));
}

/** Clients of a cluster's Prometheus: KEDA, if a workload there scales by a Prometheus query. */
export function queriersOn(system: System, key: ClusterKey): readonly Exclude<Peer, "anywhere">[] {
  const queried = followed({ domains: domainsOn(system, key) }).some(
    ({ prometheus }) => prometheus?.namespace === NAMESPACES.observability,
  );
  return queried ? [SIGNAL_READER] : [];
}

/** Service level objectives of the services on a cluster. */
export function objectivesOn(system: System, key: ClusterKey): readonly Objective[] {
  return domainsOn(system, key).flatMap(({ namespace, services }) =>
    services.flatMap(({ name, settings: { slo } }) => (slo ? [{ ...slo, service: name, namespace }] : [])),
  );
}

/** Domains by their namespaces, which determine the owner of an alert. The hub probes the endpoints of all domains. */
export function ownersOn(system: System, key: ClusterKey): Readonly<Record<string, string>> {
  const domains = key === hubOf(system) ? system.domains : domainsOn(system, key);
  return Object.fromEntries(domains.flatMap(({ name, namespace, ownsNamespace }) => (ownsNamespace ? [[namespace, name]] : [])));
}

/**
 * Estimated number of series: of the platform on any cluster (API server, controllers, kube-state-metrics), of kubelet
 * and node-exporter per node, and of pods. High estimates, from typical exporter output; an alert compares them with the
 * actual number.
 */
const SERIES = { cluster: 40_000, node: 4_000, store: 2_000, workload: 400 } as const;

/** Assumed number of nodes of a cluster without `allocatable`. */
const UNKNOWN_NODES = 3;

/** Maximum number of active series in a cluster's Prometheus. For a hub, including those that it receives. */
export function plannedSeries(system: System, key: ClusterKey): number {
  const others = receivesMetrics(system, key) ? seriesOf(system, "writeCluster") : 0;
  return seriesOf(system, key) + others;
}

/** Retention of metrics on a cluster. A cluster that sends to the hub keeps enough for an interruption of the connection. */
export function retentionOn(system: System, key: ClusterKey): Duration {
  return sendsMetrics(system, key) ? SENDER_RETENTION : (ownPrometheus(system.monitoring)?.retention ?? DEFAULT_RETENTION);
}

const SENDER_RETENTION: Duration = "2d";

function seriesOf(system: System, key: ClusterKey): number {
  const said = ownPrometheus(system.monitoring)?.series;
  if (said !== undefined) return said;
  const stores = resolvedStores(system).filter(({ store }) => store.cluster === key);
  const pods = domainsOn(system, key).reduce((sum, domain) => sum + podsOf(domain), 0);
  const servers = stores.reduce((sum, { pods: found }) => sum + (found?.count ?? 0), 0);
  const reckoned = SERIES.cluster + nodesOf(system, key) * SERIES.node + servers * SERIES.store + pods * SERIES.workload;
  // Rounded up in large steps, so that one more workload doesn't resize, and restart, Prometheus.
  return Math.ceil(reckoned / 50_000) * 50_000;
}

/** Maximum number of pods of a domain, with both slots of a workload that has slots: a release must not resize Prometheus. */
function podsOf({ services, workers, projections }: DomainOf): number {
  const counts = [
    ...services.map(({ settings: { replicas, release } }) => maxReplicas(replicas) * (release === "blue-green" ? 2 : 1)),
    ...workers.map(({ settings: { replicas } }) => maxReplicas(replicas)),
    ...projections.map(({ settings }) => settings.workers * 2),
  ];
  return counts.reduce((sum, count) => sum + count, 0);
}

function nodesOf(system: System, key: ClusterKey): number {
  const cluster = clusterOf(system, key);
  if (!cluster) return 0;
  if (!isExistingCluster(cluster)) return maxReplicas(cluster.nodes);
  const zones = Object.values(cluster.allocatable?.zones ?? {});
  return zones.length > 0 ? zones.reduce((sum, nodes) => sum + nodes, 0) : UNKNOWN_NODES;
}

/** Monitoring of an environment, for the summary. */
export interface MonitoringOverview {
  /** Key of a cluster, `alerts` or `grafana`. */
  readonly what: string;
  readonly how: string;
}

/** Monitoring of each cluster, and the receivers of alerts. Empty if metrics aren't collected. */
export function monitoringOf(system: System): readonly MonitoringOverview[] {
  const { monitoring } = system;
  const reader = metricsReader(monitoring);
  if (reader === undefined) return [];
  const own = ownPrometheus(monitoring);
  if (!own) return clustersOf(system).map(([key]) => ({ what: CLUSTER_NAMES[key], how: `by the Prometheus of namespace ${reader}` }));
  const { storage } = own;
  const hub = hubOf(system);
  const grafana = monitoring?.grafana && hub ? [{ what: "grafana", how: `on ${CLUSTER_NAMES[hub]}, in namespace ${reader}` }] : [];
  return [
    ...clustersOf(system).map(([key]) => {
      const series = plannedSeries(system, key);
      const retention = retentionOn(system, key);
      const size = prometheusSize({ series, interval: own.scrapeInterval ?? SCRAPE_INTERVAL, retention });
      const way = sendsMetrics(system, key) ? `, and sent to ${CLUSTER_NAMES.readCluster}` : "";
      return {
        what: CLUSTER_NAMES[key],
        how: `up to ${series.toLocaleString("en")} series, kept ${retention} on ${storage ?? size.storage}${way}`,
      };
    }),
    ...grafana,
    { what: "alerts", how: recipientsIn(monitoring?.alerts) },
  ];
}

function recipientsIn(alerts: Alerts | undefined): string {
  if (!alerts) return "have no receiver: describe monitoring.alerts";
  const { default: everyone, domains = {}, heartbeat } = alerts;
  const shown = (of: Recipients) => (typeof of === "string" ? of : `${of.critical} at once, ${of.warning} by day`);
  const owners = Object.entries(domains).map(([domain, of]) => `${domain}: ${shown(of)}`);
  const beats = heartbeat ? `heartbeat to ${heartbeat}` : "without a heartbeat: no alert if Prometheus is down";
  return [`to ${shown(everyone)}`, ...owners, beats].join("; ");
}
