import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { ObservabilityStack, type ObservabilityStackProps } from "../../constructs/observability";
import { aCluster } from "../broker/data-cluster";
import { releasedAs } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<ObservabilityStackProps> & { readonly zones?: readonly string[]; readonly mirror?: string };

function watched(stack: TerraformStack, { zones, mirror, cluster, ...changes }: Changes = {}): ObservabilityStack {
  return new ObservabilityStack(stack, "observability", {
    cluster: cluster ?? aCluster(stack, { ...(zones ? { zones } : {}), ...(mirror ? { mirror } : {}) }),
    clusterName: "write",
    system: "orders",
    environment: "production",
    series: 100_000,
    rules: ["workloads"],
    ...changes,
  });
}

const json = (changes: Changes = {}) => synth((stack) => void watched(stack, changes));
const values = (changes: Changes = {}) => releasedAs(json(changes), "metrics");
const spec = (changes: Changes = {}) => (values(changes).prometheus as Body).prometheusSpec;
const refusals = (changes: Changes) => refusalsOf((stack) => void watched(stack, changes));

const alerts = { receivers: { team: { kind: "slack", channel: "#orders" } }, default: "team" } as const;

const oidc = {
  clientId: "grafana",
  authUrl: "https://login.example.com/authorize",
  tokenUrl: "https://login.example.com/token",
  apiUrl: "https://login.example.com/userinfo",
  role: "contains(groups, 'platform') && 'Admin' || 'Viewer'",
} as const;

describe("Prometheus", () => {
  it("reads monitors and rules of all namespaces, whoever made them", () => {
    expect(spec()).toMatchObject({
      ruleSelectorNilUsesHelmValues: false,
      serviceMonitorSelectorNilUsesHelmValues: false,
      podMonitorSelectorNilUsesHelmValues: false,
      probeSelectorNilUsesHelmValues: false,
      scrapeConfigSelectorNilUsesHelmValues: false,
    });
  });

  it("says of every series which cluster it is from, and of every alert which domain it belongs to", () => {
    const { scrapeClasses, externalLabels, additionalAlertRelabelConfigs } = spec({ owners: { "orders-market": "marketplace" } });
    expect(scrapeClasses).toEqual([{ name: "cluster", default: true, relabelings: [{ targetLabel: "cluster", replacement: "write" }] }]);
    expect(externalLabels).toEqual({ cluster: "write", environment: "production", system: "orders" });
    expect(additionalAlertRelabelConfigs).toEqual([
      { source_labels: ["namespace"], regex: "orders-market", target_label: "domain", replacement: "marketplace" },
    ]);
  });

  it("has a volume for what it keeps, and gives up the oldest before it is full", () => {
    const kept = spec({ series: 300_000, retention: "30d" });
    expect(kept).toMatchObject({ retention: "30d", retentionSize: "36GiB" });
    expect(kept.storageSpec.volumeClaimTemplate.spec.resources.requests.storage).toBe("46Gi");
    expect(spec({ storage: "100Gi" })).toMatchObject({ retentionSize: "81920MiB" });
    // Half the interval, twice the samples.
    const often = spec({ series: 300_000, retention: "30d", scrapeInterval: "15s" });
    expect(often).toMatchObject({ scrapeInterval: "15s", evaluationInterval: "30s" });
    expect(often.storageSpec.volumeClaimTemplate.spec.resources.requests.storage).toBe("91Gi");
  });

  it("runs twice where a zone can be lost, and its keeper of alerts three times", () => {
    const counts = (changes: Changes) => {
      const { prometheus, alertmanager } = values(changes) as Body;
      return [prometheus.prometheusSpec.replicas, alertmanager.alertmanagerSpec.replicas];
    };
    expect(counts({})).toEqual([2, 3]);
    expect(counts({ zones: ["dc-1"] })).toEqual([1, 1]);
    expect(counts({ replicas: 1 })).toEqual([1, 3]);
  });

  it("is told when it holds more than it was planned for", () => {
    const { objects } = releasedAs(json(), "platform-rules") as Body;
    const planned = objects.flatMap(({ spec: { groups } }: Body) => groups).flatMap(({ rules }: Body) => rules);
    expect(planned.find(({ alert }: Body) => alert === "PrometheusSeriesAbovePlan")).toMatchObject({
      expr: 'max by (cluster, pod) (prometheus_tsdb_head_series{job="metrics-prometheus"}) > 100000',
      annotations: { runbook_url: "docs/runbooks/prometheusseriesaboveplan.md" },
    });
  });
});

describe("Grafana", () => {
  const grafana = (changes: object = {}) => values({ grafana: changes }).grafana as Body;

  it("is there where it is asked for", () => {
    expect(values().grafana).toEqual({ enabled: false });
    expect(grafana()).toMatchObject({ enabled: true, admin: { existingSecret: "grafana-admin" } });
  });

  it("has a read-only root, and keeps the plugins of its image", () => {
    expect(grafana()).toMatchObject({
      containerSecurityContext: { readOnlyRootFilesystem: true },
      "grafana.ini": { plugins: { preinstall_auto_update: false } },
    });
  });

  it("reads dashboards of its own namespace, and no Secret", () => {
    expect(grafana()).toMatchObject({
      rbac: { namespaced: true },
      sidecar: {
        dashboards: { resource: "configmap", searchNamespace: null },
        datasources: { resource: "configmap", searchNamespace: null },
      },
    });
  });

  it("lets people in by their provider, and nobody without a role", () => {
    const told = grafana({ url: "https://grafana.example.com", oidc });
    expect(told["grafana.ini"]).toMatchObject({
      server: { root_url: "https://grafana.example.com" },
      auth: { disable_login_form: true },
      security: { cookie_secure: true },
      "auth.generic_oauth": { client_id: "grafana", role_attribute_strict: true, use_pkce: true },
    });
    expect(JSON.stringify(told["grafana.ini"])).not.toContain("client_secret");
    expect(told.envValueFrom).toEqual({
      GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET: { secretKeyRef: { name: "grafana-oidc", key: "client-secret" } },
    });
  });
});

describe("two clusters", () => {
  const aws = (stack: TerraformStack) =>
    KubernetesTarget.eks(stack, {
      clusterName: "orders-production-read",
      region: "eu-west-1",
      endpoint: "https://api.example.com",
      certificateAuthority: "Y2E=",
      vpcId: "vpc-1",
      zones: ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
    });
  const sender = { hub: { host: "metrics.orders.internal", authority: "metrics-receiver-authority", networks: ["10.0.0.0/16"] } };
  const receiver = { receiver: { host: "metrics.orders.internal", networks: ["10.0.0.0/16"], tags: { system: "orders" } } };
  const onAws = (changes: Changes) => synth((stack) => void watched(stack, { ...changes, cluster: aws(stack) }));
  const told = (changes: Changes) => (releasedAs(onAws(changes), "metrics").prometheus as Body).prometheusSpec;

  it("have one hub, to which samples come encrypted and with a password", () => {
    const [write] = told(sender).remoteWrite;
    expect(write).toMatchObject({
      url: "https://metrics.orders.internal/api/v1/write",
      basicAuth: { username: { name: "metrics-sender", key: "username" }, password: { name: "metrics-sender", key: "password" } },
      tlsConfig: { ca: { secret: { name: "metrics-receiver-authority", key: "ca.crt" } }, serverName: "metrics.orders.internal" },
    });
  });

  it("send what was read, and the hub makes of it what rules make of it", () => {
    const [{ writeRelabelConfigs }] = told(sender).remoteWrite;
    const [{ regex, action }] = writeRelabelConfigs;
    expect(action).toBe("drop");
    const sent = (series: string) => !new RegExp(`^(?:${regex})$`).test(series);
    expect(["up", "kurrentdb_statuses", "cqrs:health", "ALERTS"].map(sent)).toEqual([true, true, false, false]);
  });

  it("tell each of what happens on it, and the hub of the whole system too", () => {
    const [{ source_labels: labels, separator, regex, action }] = told({ ...receiver, clusterName: "read" }).additionalAlertRelabelConfigs;
    expect({ labels, action }).toEqual({ labels: ["cluster", "scope"], action: "keep" });
    const tells = (cluster: string, scope = "") => new RegExp(`^(?:${regex})$`).test([cluster, scope].join(separator));
    expect([tells("read"), tells("write"), tells("write", "system")]).toEqual([true, false, true]);
    expect(told(sender).additionalAlertRelabelConfigs).toEqual([]);
  });

  it("have one Prometheus each, and the hub takes what comes late", () => {
    expect(told(sender)).toMatchObject({ replicas: 1 });
    expect(told(receiver)).toMatchObject({ replicas: 1, enableRemoteWriteReceiver: true, tsdb: { outOfOrderTimeWindow: "2h" } });
    expect(told({})).not.toHaveProperty("enableRemoteWriteReceiver");
  });

  it("let in nothing but writes, from their networks, for who has the password", () => {
    const json = onAws(receiver);
    const routes = releasedAs(json, "metrics-receiver-routes").objects as readonly Body[];
    const [route] = routes.filter(({ kind }) => kind === "HTTPRoute");
    expect(route?.spec).toMatchObject({
      hostnames: ["metrics.orders.internal"],
      rules: [{ matches: [{ path: { value: "/api/v1/write" } }] }],
    });
    expect(route?.spec.rules[0].filters).toContainEqual({
      type: "ExtensionRef",
      extensionRef: { group: "gateway.nginx.org", kind: "AuthenticationFilter", name: "metrics-receiver" },
    });
    expect(routes.find(({ kind }) => kind === "AuthenticationFilter")?.spec).toEqual({
      type: "Basic",
      basic: { realm: "metrics-receiver", secretRef: { name: "metrics-receiver-users" } },
    });
    const policy = all(json, "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === "metrics-receiver-nginx");
    expect(JSON.stringify(policy?.spec.ingress)).toContain("10.0.0.0/16");
  });

  it("know each other by names that external-dns keeps", () => {
    const service = all(onAws(receiver), "kubernetes_service_v1").find(({ metadata }) => metadata.name === "metrics-receiver-names");
    expect(service).toMatchObject({
      metadata: { annotations: { "external-dns.alpha.kubernetes.io/hostname": "metrics.orders.internal" } },
      spec: { cluster_ip: "None", selector: { "gateway.networking.k8s.io/gateway-name": "metrics-receiver" } },
    });
  });
});

describe("what watches a cluster", () => {
  const policies = (changes: Changes = {}) => all(json(changes), "kubernetes_network_policy_v1");
  const egressPorts = (changes: Changes, name: string) =>
    policies(changes)
      .find(({ metadata }) => metadata.name === name)
      ?.spec.egress.flatMap(({ ports = [] }: Body) => ports.map(({ port }: Body) => port));

  it("lives in a restricted namespace, and looks at nodes from a privileged one", () => {
    const namespaces = all(json(), "kubernetes_namespace_v1").map(({ metadata }) => [
      metadata.name,
      metadata.labels["pod-security.kubernetes.io/enforce"],
    ]);
    expect(Object.fromEntries(namespaces)).toEqual({ observability: "restricted", "observability-nodes": "privileged" });
    expect(values()["prometheus-node-exporter"]).toMatchObject({ namespaceOverride: "observability-nodes" });
  });

  it("goes out to the internet only to tell somebody, or to ask who signs in", () => {
    expect(egressPorts({}, "alertmanager")).not.toContain("443");
    expect(egressPorts({ alerts }, "alertmanager")).toContain("443");
  });

  it("lets others query Prometheus where it is told to", () => {
    const ingress = (changes: Changes) =>
      JSON.stringify(policies(changes).find(({ metadata }) => metadata.name === "prometheus")?.spec.ingress);
    expect(ingress({})).not.toContain("keda");
    expect(ingress({ clients: [{ namespace: "keda" }] })).toContain("keda");
  });

  it("asks for what the ledger counts", () => {
    const entered = (changes: Changes) => {
      let groups: readonly string[] = [];
      synth((stack) => {
        const cluster = aCluster(stack);
        watched(stack, { ...changes, cluster });
        groups = cluster.ledger.groups.map(({ name, pods }) => `${pods} ${name}`);
      });
      return groups;
    };
    expect(entered({ grafana: {} })).toEqual([
      "each-node observability-nodes/node-exporter",
      "2 observability/prometheus",
      "3 observability/alertmanager",
      "1 observability/operator",
      "1 observability/kube-state-metrics",
      "1 observability/grafana",
    ]);
  });

  it("is refused with receivers, series or a volume that can't be", () => {
    expect(refusals({ series: 0.5, storage: "lots" as never, alerts: { ...alerts, default: "taem" } })).toEqual([
      'test/observability.alerts.default: "taem" must be one of the receivers; use team, or describe it in receivers',
      expect.stringMatching(/^test\/observability\.storage: "lots" /),
      "test/observability.series: 0.5 must be a whole number above 0; use the number of series that are active, as 100000",
    ]);
  });

  const known = process.env.CHART_DEFAULTS;
  (known ? it : it.skip)("tells the chart nothing that it does not know", () => {
    const chart = chartDefaults(String(known), "kube-prometheus-stack");
    if (!chart) throw new Error("the chart's default values are missing");
    const free = [
      "defaultRules.disabled",
      "alertmanager.config",
      "alertmanager.alertmanagerSpec.resources",
      "alertmanager.alertmanagerSpec.storage",
      "prometheus.prometheusSpec.externalLabels",
      "prometheus.prometheusSpec.resources",
      "prometheus.prometheusSpec.storageSpec",
      "prometheusOperator.prometheusConfigReloader.resources",
      "prometheusOperator.resources",
      "grafana",
      "kube-state-metrics",
      "prometheus-node-exporter",
    ];
    for (const changes of [{}, { alerts, grafana: { oidc }, owners: { a: "b" }, mirror: "registry.example.com/mirror" }])
      expect(unknownPaths(values(changes), chart, free)).toEqual([]);
  });

  it("takes its images from the mirror", () => {
    expect(values({ mirror: "registry.example.com/mirror" })).toMatchObject({ global: { imageRegistry: "registry.example.com/mirror" } });
    expect(one(json({ mirror: "registry.example.com/mirror" }), "helm_release", "metrics/release").repository).toBe(
      "oci://registry.example.com/mirror",
    );
  });
});
