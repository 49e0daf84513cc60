import { CHARTS, type ChartName } from "../../constructs/core/versions";
import { all, type Body } from "../synth";
import { chartDefaults, unknownPaths } from "./chart-defaults";
import { anEksCluster, aPlatform, valuesOf } from "./platform";

/** Values that a chart hands on as they are, so that neither its defaults nor its schema name what is in them. */
const FREE: Readonly<Partial<Record<ChartName, Readonly<Record<string, string>>>>> = {
  "cert-manager": {
    resources: "a container's own",
    "webhook.resources": "a container's own",
    "cainjector.resources": "a container's own",
    "startupapicheck.resources": "a container's own",
  },
  "external-secrets": {
    resources: "a container's own",
    "webhook.resources": "a container's own",
    "certController.resources": "a container's own",
  },
  "aws-load-balancer-controller": {
    resources: "a container's own",
    podDisruptionBudget: "the spec of a budget, without its selector",
    podSecurityContext: "a pod's own",
    securityContext: "a container's own",
    "controllerConfig.featureGates": "the controller's own (pkg/config/feature_gates.go)",
  },
  "external-dns": { resources: "a container's own" },
  "metrics-server": { resources: "a container's own" },
  "snapshot-controller": {
    "controller.resources": "a container's own",
    "controller.pdb": "the spec of a budget, without its selector",
    "controller.podSecurityContext": "a pod's own",
    "controller.securityContext": "a container's own",
  },
  karpenter: { "controller.resources": "a container's own" },
  keda: {
    "podDisruptionBudget.operator": "read as minAvailable or maxUnavailable",
    "podDisruptionBudget.metricServer": "read as minAvailable or maxUnavailable",
    "podDisruptionBudget.webhooks": "read as minAvailable or maxUnavailable",
  },
  "cloudnative-pg": { resources: "a container's own" },
  "plugin-barman-cloud": { resources: "a container's own" },
  "nginx-gateway-fabric": {
    "nginxGateway.resources": "a container's own",
    "nginx.container.resources": "a container's own",
    "nginx.pod": "a pod's own, as NginxProxy has it",
  },
};

/** Values that a chart's templates read, though neither its defaults nor its schema name them. */
const HIDDEN: Readonly<Partial<Record<ChartName, readonly string[]>>> = { "nginx-gateway-fabric": ["fullnameOverride"] };

const directory = process.env.CHART_DEFAULTS;

/** Charts of data services and of observability, which a platform has none of. */
const ELSEWHERE: readonly ChartName[] = [
  "eck-operator",
  "jaeger",
  "kube-prometheus-stack",
  "nats",
  "opentelemetry-collector",
  "prometheus-blackbox-exporter",
  "prometheus-elasticsearch-exporter",
  "prometheus-yet-another-cloudwatch-exporter",
  "valkey",
];

const charts = (Object.keys(CHARTS) as ChartName[]).filter((chart) => !ELSEWHERE.includes(chart));
const known = charts.filter((chart) => directory && chartDefaults(directory, chart));

/** Values on every kind of cluster: those of a mirror have more. */
const platforms = [
  aPlatform(),
  aPlatform({ target: (stack) => anEksCluster(stack, { zones: [], mirror: "registry.example.com/mirror" }) }),
];

function unknown(chart: ChartName, change: (values: Body) => Body = (values) => values): readonly string[] {
  const defaults = chartDefaults(directory ?? "", chart);
  if (!defaults) throw new Error(`${directory} has no defaults of ${chart}`);
  return platforms
    .flatMap((platform) => unknownPaths(change(valuesOf(platform, chart)), defaults, Object.keys(FREE[chart] ?? {})))
    .filter((path) => !HIDDEN[chart]?.includes(path));
}

const described = directory ? describe : describe.skip;

described(`what charts are told${directory ? "" : " (skipped: CHART_DEFAULTS names no directory of chart defaults)"}`, () => {
  it.each(known.length > 0 ? known : charts)("is known to %s", (chart) => {
    expect(unknown(chart)).toEqual([]);
  });

  it("is found where it is misspelt, at the top and deep down", () => {
    expect(unknown("keda", (values) => ({ ...values, metricServer: {} }))).toEqual(["metricServer", "metricServer"]);
    const misspelt = (values: Body) => ({ ...values, webhook: { ...values.webhook, replicas: 3 } });
    expect(unknown("cert-manager", misspelt)).toEqual(["webhook.replicas", "webhook.replicas"]);
  });
});

describe("every chart of the platform", () => {
  it("is one of those that the platform pins, from where it is published", () => {
    const released = all(aPlatform().json, "helm_release").filter(({ repository }) => repository);
    expect([...new Set(released.map(({ chart }) => chart))].sort()).toEqual([...charts].sort());
    for (const { chart, repository, version } of released) expect(Object.values(CHARTS)).toContainEqual({ chart, repository, version });
  });
});
