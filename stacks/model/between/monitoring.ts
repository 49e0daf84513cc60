import { alertsProblems, type Objective, objectivesProblems } from "../../../constructs/observability";
import type { DraftSystem, Rule } from "../check/drafts";
import type { Finding } from "../check/finding";
import type { Cluster } from "../cluster";
import { clustersOf } from "../derive/clusters";
import { type Monitoring, ownPrometheus } from "../monitoring";
import { uidOf } from "../workloads/domain-monitoring";
import type { ServiceObjective } from "../workloads/service";

/** Rules between the monitoring settings and the rest of an environment. */
export const monitoringRules: readonly Rule[] = [
  hasPrometheus,
  alertsReachSomebody,
  prometheusIsTheOnlyOne,
  oneCollector,
  objectivesCanBeMeasured,
  domainsAreMonitored,
  dashboardsDiffer,
];

/** Settings that require metrics in Prometheus. */
function hasPrometheus({ monitoring }: DraftSystem): Finding[] {
  if (!monitoring || ownPrometheus(monitoring as Monitoring)) return [];
  // A rejected setting is already reported.
  if ("prometheus" in monitoring && monitoring.prometheus === undefined) return [];
  const said = {
    grafana: "shows what Prometheus collects, and there is none",
    alerts: "says where alerts of Prometheus go, and there is none",
    tracing: "needs Prometheus, to which its collectors send metrics",
    elasticStack: "needs Prometheus, to which its collectors send metrics",
  } as const;
  return Object.entries(said).flatMap(([key, rule]) =>
    monitoring[key as keyof typeof said] ? [{ keys: ["monitoring", key], rule, remedy: "turn on prometheus, too" }] : [],
  );
}

/** Alerts and dashboards of domains require Prometheus and Grafana. A Prometheus from elsewhere evaluates alerts, too. */
function domainsAreMonitored({ monitoring, domains }: DraftSystem): Finding[] {
  const { prometheus, grafana } = (monitoring ?? {}) as Monitoring;
  const needs = [
    ["alerts", prometheus, "require Prometheus, which evaluates them", "turn on monitoring.prometheus, too"],
    ["dashboards", grafana, "require Grafana, which shows them", "turn on monitoring.grafana, too"],
  ] as const;
  return domains.flatMap(({ keys, ...domain }) =>
    needs.flatMap(([setting, part, rule, remedy]) =>
      Object.keys(domain[setting] ?? {}).length > 0 && !part ? [{ keys: [...keys, setting], rule, remedy, lacking: true }] : [],
    ),
  );
}

/** Grafana keeps only one of two dashboards with a uid. */
function dashboardsDiffer({ domains }: DraftSystem): Finding[] {
  const all = domains.flatMap(({ keys, dashboards = {} }) =>
    Object.entries(dashboards).map(([name, json]) => ({ keys: [...keys, "dashboards", name], uid: uidOf(json) })),
  );
  return all.flatMap(({ keys, uid }, index) =>
    uid !== undefined && all.slice(0, index).some((other) => other.uid === uid)
      ? [{ keys, value: uid, rule: "is the uid of two dashboards", remedy: "give each its own" }]
      : [],
  );
}

function objectivesCanBeMeasured({ domains }: DraftSystem): Finding[] {
  return domains.flatMap(({ namespace, services }) =>
    services.flatMap(({ name, keys, settings }): Finding[] => {
      const { slo } = settings as { readonly slo?: Partial<ServiceObjective> };
      if (slo?.availability === undefined) return [];
      const problems = objectivesProblems([{ ...slo, availability: slo.availability, service: name, namespace } as Objective], "slo");
      return problems.map(({ path, ...problem }) => ({ keys: [...keys, ...path.replace(/^slo\[0\]/, "slo").split(".")], ...problem }));
    }),
  );
}

/** Workloads send telemetry to one collector. */
function oneCollector({ monitoring }: DraftSystem): Finding[] {
  if (!monitoring?.tracing || !monitoring.telemetry) return [];
  return [
    {
      keys: ["monitoring", "telemetry"],
      rule: "names another collector than tracing, but workloads get the address of one only",
      remedy: "leave out telemetry or tracing",
    },
  ];
}

function alertsReachSomebody({ monitoring, domains }: DraftSystem): Finding[] {
  const { alerts } = (monitoring ?? {}) as Monitoring;
  if (!alerts?.receivers || !alerts.default) return [];
  const unknown = Object.keys(alerts.domains ?? {}).filter((name) => !domains.some((domain) => domain.name === name));
  return [
    ...alertsProblems(alerts).map(({ path, ...problem }) => ({ keys: ["monitoring", "alerts", ...path.split(".")], ...problem })),
    ...unknown.map((name) => ({
      keys: ["monitoring", "alerts", "domains", name],
      rule: "must be a domain of the environment",
      remedy: `use one of ${domains.map((domain) => domain.name).join(", ")}`,
    })),
  ];
}

/** Prometheus Operator acts on objects of the whole cluster, and node-exporter uses a port on every node. */
function prometheusIsTheOnlyOne(system: DraftSystem): Finding[] {
  if (!ownPrometheus(system.monitoring as Monitoring | undefined)) return [];
  const shared = clustersOf(system as { readonly cluster?: Cluster }).filter(([, cluster]) => "shared" in cluster && cluster.shared);
  return shared.map(([key]) => ({
    keys: ["monitoring", "prometheus"],
    rule: `would be one of several on the cluster of ${key}, which other environments share`,
    remedy: 'name the one that the cluster has, as { namespace: "monitoring" }',
  }));
}
