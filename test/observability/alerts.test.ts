import { describe as text } from "../../constructs/core/errors";
import { type Alerts, alertsProblems } from "../../constructs/observability";
import { alertmanagerConfig } from "../../constructs/observability/alerts";
import { type Dependencies, inhibitions } from "../../constructs/observability/inhibitions";
import { knowledge } from "./knowledge";

const alerts: Alerts = {
  receivers: {
    oncall: { kind: "pagerduty" },
    team: { kind: "slack", channel: "#orders" },
    market: { kind: "opsgenie" },
    heartbeat: { kind: "webhook" },
  },
  default: { critical: "oncall", warning: "team" },
  domains: { marketplace: "market" },
  heartbeat: "heartbeat",
};

interface Route {
  readonly receiver: string;
  readonly matchers?: readonly string[];
  readonly routes?: readonly Route[];
  readonly repeat_interval?: string;
}

const routeOf = (of: Alerts | undefined) => (alertmanagerConfig(of) as { readonly route: Route }).route;

/** Whom Alertmanager tells of an alert with these labels: the first route that matches, as Alertmanager looks for it. */
function told(of: Alerts | undefined, labels: Readonly<Record<string, string>>): string {
  const { routes = [], receiver } = routeOf(of);
  return routes.find(({ matchers = [] }) => matchers.every((matcher) => matches(matcher, labels)))?.receiver ?? receiver;
}

function matches(matcher: string, labels: Readonly<Record<string, string>>): boolean {
  const [, label = "", operator, pattern = ""] = /^(\w+)(=~|!~|!=|=)"(.*)"$/.exec(matcher) ?? [];
  const found = labels[label] ?? "";
  if (operator === "=") return found === pattern;
  if (operator === "!=") return found !== pattern;
  return new RegExp(`^(?:${pattern})$`).test(found) === (operator === "=~");
}

type Labels = Readonly<Record<string, string>>;

/** Whether an alert holds back another, as Alertmanager decides it: one that is on both sides is held back by none that is, too. */
function holdsBack(source: Labels, target: Labels, dependencies?: Dependencies): boolean {
  return inhibitions(dependencies).some(({ source: from, target: to, equal }) => {
    const all = (matchers: readonly string[], labels: Labels) => matchers.every((matcher) => matches(matcher, labels));
    const both = (labels: Labels) => all(from, labels) && all(to, labels);
    return (
      all(from, source) &&
      all(to, target) &&
      equal.every((label) => (source[label] ?? "") === (target[label] ?? "")) &&
      !(both(source) && both(target))
    );
  });
}

/** An alert of the cluster `read`, `<severity> <name> <label>=<value>…`. */
function alert(text: string): Labels {
  const [severity = "", alertname = "", ...labels] = text.split(" ");
  return { cluster: "read", severity, alertname, ...Object.fromEntries(labels.map((label) => label.split("="))) };
}

describe("an alert", () => {
  const event = "namespace=event-store store=event-store";
  const read = "namespace=read-store store=read-database";

  it.each([
    [`critical KurrentDbDown ${event}`, `critical KurrentDbProjectionFaulted ${event}`],
    [`critical KurrentDbNoLeader ${event}`, `warning KurrentDbCallsFail ${event}`],
    [`critical KurrentDbNoLeader ${event}`, "critical RequestErrors namespace=write-side"],
    [`critical KurrentDbNoLeader ${event}`, "critical RequestErrors namespace=write-side domain=write-side"],
    [`critical KurrentDbNoLeader ${event} domain=orders`, "critical RequestErrors namespace=orders domain=orders"],
    [`critical KurrentDbDown ${event}`, `warning ReadModelNotSeen ${read}`],
    [`critical KurrentDbDown ${event} workload=event-store`, "warning WorkloadCrashLooping namespace=event-store workload=event-store"],
    [
      `critical KurrentDbDiskFull ${event} persistentvolumeclaim=data-event-store-0`,
      "critical VolumeNearlyFull namespace=event-store persistentvolumeclaim=data-event-store-0",
    ],
    [`critical PostgresDown ${read}`, `critical PostgresArchivingFails ${read}`],
    [`critical PostgresDown ${read}`, `critical ReadModelNotAdvancing ${read}`],
    [`critical PostgresNoSynchronousStandby ${read}`, `warning PostgresStandbyNotStreaming ${read}`],
    [
      `critical PostgresWalVolumeFull ${read} persistentvolumeclaim=read-database-1-wal`,
      "critical VolumeNearlyFull namespace=read-store persistentvolumeclaim=read-database-1-wal",
    ],
    ["critical NatsDown namespace=broker store=broker", "critical NatsStreamNoLeader namespace=broker store=broker"],
    ["critical NatsNoMetaLeader namespace=broker store=broker", "warning NatsConsumerStuck namespace=broker store=broker"],
    [
      "critical NatsStorageFull namespace=broker store=broker persistentvolumeclaim=broker-js-broker-0",
      "critical VolumeNearlyFull namespace=broker persistentvolumeclaim=broker-js-broker-0",
    ],
    ["critical ValkeyDown namespace=read-store store=cache", "warning ValkeyReplicaDisconnected namespace=read-store store=cache"],
    [`warning ReadModelsUnknown ${read}`, `warning ReadModelNotSeen ${read}`],
    ["warning NodeNotReady node=node-1", `warning PostgresInstanceDown ${read}`],
    ["critical NodesNotReady", "warning WorkloadReplicasUnavailable namespace=write-side workload=command-api"],
    ["critical WorkloadDown namespace=write-side workload=command-api", "critical RequestErrors namespace=write-side"],
    [
      "critical WorkloadDown namespace=write-side workload=command-api",
      "warning WorkloadRolloutStuck namespace=write-side workload=command-api",
    ],
    [
      "critical RequestErrors namespace=write-side app_kubernetes_io_name=command-api",
      "critical ErrorBudgetBurnsFast namespace=write-side app_kubernetes_io_name=command-api",
    ],
    ["critical LoadBalancerWithoutHealthyTargets", "critical EndpointDown namespace=gateway"],
    [
      "critical GatewayDown namespace=gateway workload=gateway-nginx",
      "critical EndpointDown namespace=gateway instance=https://example.com",
    ],
    ["critical GatewayDown namespace=gateway workload=gateway-nginx", "critical WorkloadDown namespace=gateway workload=gateway-nginx"],
    ["critical NatsDown namespace=broker store=broker", "critical WorkloadDown namespace=write-side workload=command-api"],
    ["critical ValkeyDown namespace=read-store store=cache", "warning WorkloadAutoscalerFailing namespace=read-side workload=query-api"],
    [`warning KurrentDbFlushSlow ${event}`, `warning KurrentDbAppendsSlow ${event}`],
    [
      `warning KurrentDbFlushSlow ${event} persistentvolumeclaim=data-event-store-0`,
      "warning VolumeThrottled namespace=event-store persistentvolumeclaim=data-event-store-0",
    ],
    [`critical PostgresPoolerDown ${read} workload=read-database-pool-rw`, "critical RequestErrors namespace=read-side"],
    [
      `critical PostgresPoolerDown ${read} workload=read-database-pool-rw`,
      "critical WorkloadDown namespace=read-store workload=read-database-pool-rw",
    ],
    ["critical ClusterDnsDown namespace=kube-system workload=coredns", "critical RequestErrors namespace=write-side"],
    ["warning ControllerDown namespace=keda workload=keda-operator", "warning WorkloadAutoscalerFailing namespace=shop workload=orders"],
    ["warning ControllerDown namespace=kube-system workload=karpenter", "warning WorkloadPodsUnschedulable namespace=shop workload=orders"],
    ["critical WorkloadDown namespace=write-side workload=command-api", "critical SystemUnhealthy"],
  ])("%s holds back %s", (source, target) => {
    expect(holdsBack(alert(source), alert(target))).toBe(true);
  });

  it.each([
    [`critical KurrentDbDown ${event} cluster=write`, `critical KurrentDbProjectionFaulted ${event}`],
    [`critical KurrentDbDown ${event}`, `critical KurrentDbProjectionFaulted namespace=event-store store=archive`],
    [`critical KurrentDbDown ${event} domain=orders`, "critical RequestErrors namespace=shop domain=traffic"],
    [`critical KurrentDbDown ${event}`, `critical PostgresDown ${read}`],
    [`critical KurrentDbDiskFull ${event}`, "critical VolumeNearlyFull namespace=event-store persistentvolumeclaim=reports"],
    [
      `critical PostgresDiskFull ${read} persistentvolumeclaim=read-database-1`,
      "critical VolumeNearlyFull namespace=read-store persistentvolumeclaim=other",
    ],
    ["critical CertificateExpiring namespace=gateway", "warning CertificateNotReady namespace=gateway"],
    ["warning ValkeyExporterFails namespace=read-store store=cache", "critical ValkeyStoreFull namespace=read-store store=cache"],
    [`warning ReadModelsUnknown ${read}`, `critical ReadModelNotAdvancing ${read}`],
    ["warning NodeNotReady node=node-1", "critical WorkloadDown namespace=write-side workload=command-api"],
    ["critical WorkloadDown namespace=write-side workload=command-api", "critical WorkloadDown namespace=write-side workload=other"],
    ["critical SystemUnhealthy", "critical SystemUnhealthy"],
    ["warning NodeNotReady node=node-1", "warning WorkloadCrashLooping namespace=write-side workload=command-api"],
    ["critical ValkeyDown namespace=read-store store=cache", "critical WorkloadDown namespace=read-side workload=query-api"],
    ["critical GatewayDown namespace=gateway workload=gateway-nginx", "critical EndpointDown instance=https://events.event-store.svc:3000"],
    ["critical ValkeyDown namespace=market store=queue domain=market", "critical WorkloadDown namespace=write-side workload=command-api"],
    ["critical ClusterDnsDown namespace=kube-system workload=coredns", `critical PostgresDown ${read}`],
    [
      "warning ControllerDown namespace=external-dns workload=external-dns",
      "warning WorkloadAutoscalerFailing namespace=shop workload=orders",
    ],
    ["warning WorkloadCrashLooping namespace=write-side workload=command-api", "critical SystemUnhealthy"],
    // Another cause in the same store, node, workload or namespace.
    [`critical KurrentDbProjectionFaulted ${event}`, `warning KurrentDbNodeDown ${event}`],
    [`critical KurrentDbNoLeader ${event}`, `critical KurrentDbDiskFull ${event} persistentvolumeclaim=data-event-store-0`],
    [`critical KurrentDbDown ${event}`, `critical StreamBackupVerificationFailed ${event} cronjob=event-store-verify`],
    [
      `critical KurrentDbDiskFull ${event} persistentvolumeclaim=data-event-store-0`,
      "critical VolumeNearlyFull namespace=event-store persistentvolumeclaim=data-archive-0",
    ],
    [
      "critical ValkeyDown namespace=read-store store=cache workload=cache",
      "warning WorkloadContainerWaiting namespace=read-store workload=exporter reason=ImagePullBackOff",
    ],
    [`critical PostgresNoBackup ${read}`, `warning PostgresReplicationLag ${read}`],
    [`critical ReadModelAhead ${read}`, `warning PostgresReplicationLag ${read}`],
    ["warning ValkeyExporterFails namespace=read-store store=cache", "warning ValkeyReplicaDown namespace=read-store store=cache"],
    [
      "critical RequestErrors namespace=shop app_kubernetes_io_name=carts",
      "critical ErrorBudgetBurnsFast namespace=shop app_kubernetes_io_name=orders",
    ],
    ["critical GatewayDown namespace=market workload=gateway-nginx", "critical EndpointDown namespace=shop instance=https://example.com"],
    ["warning NodeNotReady node=node-1", "warning WorkloadContainerWaiting namespace=shop workload=carts reason=ImagePullBackOff"],
    ["critical NodeFilesystemFilesFillingUp instance=10.0.0.1", "warning NodeFilesystemFilesFillingUp instance=10.0.0.2"],
  ])("%s doesn't hold back %s", (source, target) => {
    expect(holdsBack(alert(source), alert(target))).toBe(false);
  });

  describe("of a system whose dependencies are known", () => {
    const known: Dependencies = { stores: [{ store: "event-store", namespace: "event-store", dependents: ["write-side"] }], gateways: 2 };

    it.each([
      ["critical RequestErrors namespace=write-side", true],
      ["critical WorkloadDown namespace=write-side workload=command-api", true],
      ["critical RequestErrors namespace=read-side", false],
      ["critical WorkloadDown namespace=read-side workload=query-api", false],
    ])("is held back only where the store is used: %s", (target, expected) => {
      expect(holdsBack(alert(`critical KurrentDbDown ${event}`), alert(target), known)).toBe(expected);
    });

    it("about a load balancer is sent beside that about one of several gateways", () => {
      const gateway = alert("critical GatewayDown namespace=market workload=gateway-nginx");
      expect(holdsBack(gateway, alert("critical LoadBalancerWithoutHealthyTargets dimension_TargetGroup=shop"), known)).toBe(false);
      expect(holdsBack(gateway, alert("critical LoadBalancerWithoutHealthyTargets dimension_TargetGroup=shop"))).toBe(true);
    });
  });
});

/** Seconds of `2m` or `0s`. */
const secondsOf = (duration = "0s") => Number.parseInt(duration, 10) * { s: 1, m: 60, h: 3600 }[duration.slice(-1) as "s" | "m" | "h"];

describe("a page about what is down", () => {
  const rules = Object.values(knowledge().rules).flat();
  const waits = (name: string) => secondsOf(rules.find(({ alert }) => alert === name)?.for);
  const isNamed = (matchers: readonly string[], alertname: string) =>
    matchers.some((matcher) => matcher.startsWith("alertname=~") && matches(matcher, { alertname }));
  const pages = rules.flatMap(({ alert = "", labels }) => (labels?.severity === "critical" ? [alert] : []));
  const causes = pages.filter((page) =>
    inhibitions().some(({ source, target }) => isNamed(source, page) && isNamed(target, "RequestErrors")),
  );

  it("comes a minute before that about requests that fail for it, so that it holds it back", () => {
    expect(causes).toEqual(expect.arrayContaining(["KurrentDbDown", "PostgresDown", "NatsDown", "ValkeyDown", "ClusterDnsDown"]));
    // A workload of which nothing runs counts no errors, and names that can't be found for five minutes are a few at first.
    expect(causes.filter((cause) => waits(cause) + 60 > waits("RequestErrors"))).toEqual(["ClusterDnsErrors", "WorkloadDown"]);
  });
});

describe("alerts", () => {
  it.each([
    ["what wakes somebody", { severity: "critical" }, "oncall"],
    ["what waits for the day", { severity: "warning" }, "team"],
    ["what a domain owns", { severity: "warning", domain: "marketplace" }, "market"],
    ["what a domain owns and is critical", { severity: "critical", domain: "marketplace" }, "market"],
    ["what nobody asked to be told", { severity: "info", domain: "marketplace" }, "nobody"],
    ["that everything works", { severity: "none", alertname: "Watchdog" }, "heartbeat"],
  ])("tell %s to its receiver", (_, labels, receiver) => {
    expect(told(alerts, labels)).toBe(receiver);
  });

  it("reach nobody where no receiver is described", () => {
    expect(told(undefined, { severity: "critical" })).toBe("nobody");
  });

  it("repeat what is critical every hour, and the heartbeat at each interval", () => {
    const repeats = routeOf(alerts).routes?.map(({ receiver, repeat_interval: interval }) => [receiver, interval]);
    expect(repeats).toEqual(
      expect.arrayContaining([
        ["oncall", "1h"],
        ["market", "1h"],
        ["heartbeat", "50s"],
      ]),
    );
  });

  it("find what it takes to reach somebody in files, and nothing of it is in the configuration", () => {
    const { receivers } = alertmanagerConfig(alerts) as { readonly receivers: readonly object[] };
    expect(JSON.stringify(receivers).match(/"(\w+_file)":"([^"]+)"/g)).toEqual([
      '"routing_key_file":"/etc/alertmanager/secrets/alert-receivers/oncall"',
      '"api_url_file":"/etc/alertmanager/secrets/alert-receivers/team"',
      '"api_key_file":"/etc/alertmanager/secrets/alert-receivers/market"',
      '"url_file":"/etc/alertmanager/secrets/alert-receivers/heartbeat"',
    ]);
  });

  it.each<[string, Alerts, string]>([
    [
      "an unknown receiver",
      { receivers: { team: { kind: "webhook" } }, default: "taem" },
      'default: "taem" must be one of the receivers; use team, or describe it in receivers',
    ],
    [
      "an unknown receiver of a domain",
      { receivers: { team: { kind: "webhook" } }, default: "team", domains: { edge: { critical: "team", warning: "day" } } },
      'domains.edge: "day" must be one of the receivers; use team, or describe it in receivers',
    ],
    ["no receiver at all", { receivers: {}, default: "team" }, 'default: "team" must be one of the receivers; describe it in receivers'],
    [
      "a heartbeat to people",
      { ...alerts, heartbeat: "oncall" },
      'heartbeat: "oncall" must be a webhook: other receivers would get a message every minute; name a webhook',
    ],
    [
      "a name that no file can have",
      { receivers: { "On call": { kind: "webhook" } }, default: "On call" },
      "receivers.On call: must have a name of lower-case letters, digits and hyphens other than nobody; rename it",
    ],
  ])("are refused with %s", (_, wrong, message) => {
    expect(alertsProblems(wrong).map(text)).toEqual([message]);
  });
});
