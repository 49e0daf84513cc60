import type { App, ITerraformDependable } from "cdktf";
import { CustomResources } from "../../constructs/kubernetes";
import {
  Dashboards,
  ebsMonitor,
  HealthPage,
  metricsPrefixOf,
  ObservabilityStack,
  type ObservabilityStackProps,
  objectiveRules,
  PlatformRules,
  RECEIVER_AUTHORITY,
} from "../../constructs/observability";
import { describedAt } from "../base/refusals";
import { type AwsOutputs, kubernetesStack, type Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { pathOf } from "../model/check/paths";
import { type ClusterKey, isExistingCluster } from "../model/cluster";
import { cloudWatchOn } from "../model/derive/cloudwatch";
import { dependenciesOn } from "../model/derive/dependencies";
import { hubOf, isSeenAtHub, receivesMetrics, sendsMetrics } from "../model/derive/hub";
import { logSnapshotsOf } from "../model/derive/log-snapshots";
import {
  clusterLabel,
  grafanaOn,
  healthParts,
  objectivesOn,
  ownersOn,
  plannedSeries,
  queriersOn,
  retentionOn,
  ruleSubjects,
  seriesSources,
} from "../model/derive/monitoring";
import { priorityClass } from "../model/derive/priorities";
import { probesOn } from "../model/derive/probes";
import { domainsOn } from "../model/derive/signals";
import { DEFAULT_KEEP } from "../model/derive/store-backups";
import { elasticStackOf, metricsReader, ownPrometheus, tracingOf } from "../model/monitoring";
import type { DomainOf, System } from "../model/system";
import { alertsOf } from "../model/workloads/domain-monitoring";

/** Monitoring of a cluster. None if metrics are not collected. */
export function observabilityStacks(app: App, site: Site, before: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key, foundation } = site;
  const { monitoring } = environment;
  const namespace = metricsReader(monitoring);
  if (namespace === undefined) return [];
  const { stack, cluster } = kubernetesStack(app, site, "observability");
  for (const each of before) stack.addDependency(each);
  // Passwords and published CAs are in Secrets Manager.
  if (foundation?.data) stack.addDependency(foundation.data);
  const { alerts, runbooks } = monitoring ?? {};
  const rules = ruleSubjects(environment, key);
  const moreRules = [
    ...objectiveRules(objectivesOn(environment, key)),
    ...domainsOn(environment, key).flatMap((domain) => alertsOf(domain) ?? []),
  ];
  const own = ownPrometheus(monitoring);
  const monitored = (after: readonly ITerraformDependable[] = []) => {
    if (isExistingCluster(site.cluster)) return;
    new CustomResources(stack, "ebs-monitor", { cluster, namespace, objects: [ebsMonitor(namespace)], after });
  };
  const path = pathOf(environment, ["monitoring"]);
  if (!own) {
    describedAt(
      path,
      new PlatformRules(stack, "rules", {
        cluster,
        namespace,
        rules,
        metricsPrefix: metricsPrefixOf(environment.system),
        moreRules,
        ...(runbooks ? { runbooks } : {}),
      }),
    );
    monitored();
    return [stack];
  }
  const { scrapeInterval, storage } = own;
  const both = foundation ? hubBetween(site, stack, foundation) : {};
  const grafana = grafanaOn(environment, key);
  const aws = awsMetrics(site, stack);
  const priority = priorityClass(environment, "observability");
  const { ready } = describedAt(
    path,
    new ObservabilityStack(stack, "observability", {
      cluster,
      namespace,
      clusterName: clusterLabel(environment, key),
      system: environment.system,
      environment: environment.name,
      series: plannedSeries(environment, key),
      rules,
      moreRules,
      owners: ownersOn(environment, key),
      dependencies: dependenciesOn(environment, key),
      retention: retentionOn(environment, key),
      ...(scrapeInterval ? { scrapeInterval } : {}),
      ...(storage ? { storage } : {}),
      ...(alerts ? { alerts } : {}),
      ...(runbooks ? { runbooks } : {}),
      ...(grafana ? { grafana } : {}),
      ...both,
      ...aws,
      probes: probesOn(environment, key),
      clients: queriersOn(environment, key),
      ...telemetryOn(environment, key),
      ...snapshotsIn(site, stack),
      protect: stack.protect,
      priority,
    }),
  );
  monitored(ready);
  if (key !== hubOf(environment)) return [stack];
  const after = [...ready];
  const seen = environment.domains.filter(({ cluster: of }) => isSeenAtHub(environment, of));
  const domains = seen.map(({ name, namespace: of }) => ({ name, namespace: of }));
  const [traces, logs] = [tracingOf(monitoring) !== undefined, elasticStackOf(monitoring) !== undefined];
  const more = Object.fromEntries(seen.flatMap(dashboardsOf));
  if (grafana) new Dashboards(stack, "dashboards", { namespace, sources: seriesSources(environment), domains, more, traces, logs, after });
  const parts = healthParts(environment);
  if (parts.length > 0)
    new HealthPage(stack, "health", { cluster, namespace, title: `${environment.system} ${environment.name}`, parts, priority, after });
  return [stack];
}

/** The dashboards of a domain. No dashboard of the platform has a dot in its name. */
function dashboardsOf({ name, dashboards = {} }: DomainOf): readonly (readonly [string, string])[] {
  return Object.entries(dashboards).map(([dashboard, json]) => [`${name}.${dashboard}`, json]);
}

/** Connection over which one cluster sends its samples to the other, in their common network. */
function hubBetween(
  { environment, key }: Site,
  stack: PlatformStack,
  { network }: AwsOutputs,
): Pick<ObservabilityStackProps, "hub" | "receiver"> {
  const sends = sendsMetrics(environment, key);
  if (!sends && !receivesMetrics(environment, key)) return {};
  const { privateZoneName, vpcCidr } = stack.read(network);
  const host = `metrics.${privateZoneName}`;
  if (sends) return { hub: { host, authority: RECEIVER_AUTHORITY, networks: [vpcCidr] } };
  const { system, name, aws } = environment;
  return { receiver: { host, networks: [vpcCidr], tags: { ...aws?.tags, system, environment: name, stack: `${name}-data` } } };
}

/** Metrics of what the environment has on AWS. Their exporter starts after it has a role. */
function awsMetrics({ environment, key, foundation }: Site, stack: PlatformStack): Pick<ObservabilityStackProps, "cloudWatch"> {
  const services = cloudWatchOn(environment, key);
  const { system, name, aws } = environment;
  if (!aws || services.length === 0) return {};
  if (foundation?.identities) stack.addDependency(foundation.identities);
  return { cloudWatch: { region: aws.region, tags: { system, environment: name }, services } };
}

/** The bucket and the role of the snapshots of Elasticsearch. */
function snapshotsIn({ environment, key, foundation }: Site, stack: PlatformStack): Pick<ObservabilityStackProps, "snapshots"> {
  if (!foundation?.identities || logSnapshotsOf(environment)?.cluster !== key) return {};
  const { snapshotBucket = "" } = stack.read(foundation.backup);
  const { snapshotRoleArn = "" } = stack.read(foundation.identities);
  const { region } = foundation.context.environment.aws;
  return { snapshots: { bucket: snapshotBucket, region, roleArn: snapshotRoleArn, keep: environment.backup?.keep ?? DEFAULT_KEEP } };
}

/** Collectors of traces and logs of a cluster, for the namespaces of its domains. */
function telemetryOn(environment: System, key: ClusterKey): Partial<ObservabilityStackProps> {
  const { monitoring, encryptedFields = [], size = "medium" } = environment;
  const [tracing, elasticStack] = [tracingOf(monitoring), elasticStackOf(monitoring)];
  const workloads = [...new Set(domainsOn(environment, key).map(({ namespace }) => namespace))].sort();
  return {
    size,
    workloads,
    maskedFields: encryptedFields,
    ...(tracing ? { tracing } : {}),
    ...(elasticStack ? { elasticStack } : {}),
  };
}
