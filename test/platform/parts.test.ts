import type { TerraformStack } from "cdktf";
import { CONTROLLERS } from "../../constructs/cluster";
import { bytes, known, millicores } from "../../constructs/core/quantities";
import { gatewayPods } from "../../constructs/platform";
import { all, aStack, type Body } from "../synth";
import { anEksCluster, aPlatform, releaseOf, valuesOf } from "./platform";

const platform = aPlatform();
const alone = aPlatform({ target: (stack) => anEksCluster(stack, { zones: ["eu-west-1a"] }) });
const mirrored = aPlatform({ target: (stack) => anEksCluster(stack, { mirror: "registry.example.com/mirror" }) });

const at = (values: Body, path: string) => path.split(".").reduce((tree, key) => tree?.[key], values);

/** Every Deployment of the platform: its chart, its name in the ledger, and where values say how often and how big. */
const DEPLOYED = [
  ["cert-manager", "cert-manager/cert-manager", "replicaCount", "resources"],
  ["cert-manager", "cert-manager/cert-manager-webhook", "webhook.replicaCount", "webhook.resources"],
  ["cert-manager", "cert-manager/cert-manager-cainjector", "cainjector.replicaCount", "cainjector.resources"],
  ["external-secrets", "external-secrets/external-secrets", "replicaCount", "resources"],
  ["external-secrets", "external-secrets/external-secrets-webhook", "webhook.replicaCount", "webhook.resources"],
  ["external-secrets", "external-secrets/external-secrets-cert-controller", "certController.replicaCount", "certController.resources"],
  ["aws-load-balancer-controller", "kube-system/aws-load-balancer-controller", "replicaCount", "resources"],
  ["metrics-server", "kube-system/metrics-server", "replicas", "resources"],
  ["snapshot-controller", "kube-system/snapshot-controller", "controller.replicaCount", "controller.resources"],
  ["karpenter", "kube-system/karpenter", "replicas", "controller.resources"],
  ["keda", "keda/keda-operator", "operator.replicaCount", "resources.operator"],
  ["keda", "keda/keda-operator-metrics-apiserver", "metricsServer.replicaCount", "resources.metricServer"],
  ["keda", "keda/keda-admission-webhooks", "webhooks.replicaCount", "resources.webhooks"],
  ["cloudnative-pg", "cnpg-system/cloudnative-pg", "replicaCount", "resources"],
  ["plugin-barman-cloud", "cnpg-system/plugin-barman-cloud", "replicaCount", "resources"],
  ["nginx-gateway-fabric", "nginx-gateway/nginx-gateway-fabric", "nginxGateway.replicas", "nginxGateway.resources"],
] as const;

/** Charts that know no number of pods. */
const SINGLE = ["external-dns/external-dns"];

const group = (of: typeof platform, name: string) => of.pods.find((pods) => pods.name === name);

describe("the pods of every part", () => {
  it.each(DEPLOYED)("%s: %s are counted as the chart is told to make them", (chart, name, replicas, resources) => {
    for (const each of [platform, alone]) {
      const { requests } = at(valuesOf(each, chart), resources);
      expect(group(each, name)).toMatchObject({
        pods: at(valuesOf(each, chart), replicas),
        request: { millicores: known(millicores(requests.cpu)), memoryBytes: known(bytes(requests.memory)) },
      });
    }
  });

  it("are all counted, those that come and go as well", () => {
    const passing = platform.pods.filter((pods) => pods.passing).map(({ name }) => name);
    expect(passing.sort()).toEqual(["cert-manager/cert-manager-startupapicheck", "nginx-gateway/nginx-gateway-fabric-cert-generator"]);
    const staying = platform.pods.filter((pods) => !pods.passing).map(({ name }) => name);
    expect(staying.sort()).toEqual([...DEPLOYED.map(([, name]) => name), ...SINGLE].sort());
  });

  it.each(DEPLOYED)("%s: %s have a limit of memory, which is what they ask for, and none of CPU", (chart, _, __, resources) => {
    const { requests, limits } = at(valuesOf(platform, chart), resources);
    expect(limits.memory).toBe(requests.memory);
    expect(limits.cpu ?? undefined).toBeUndefined();
  });

  it("are several on a cluster of several zones, and one elsewhere", () => {
    const once = ["cnpg-system/plugin-barman-cloud", ...SINGLE];
    for (const { name, pods, passing } of platform.pods)
      if (!passing && !once.includes(name)) expect({ name, pods }).not.toEqual({ name, pods: 1 });
    for (const { name, pods } of alone.pods) expect({ name, pods }).toEqual({ name, pods: 1 });
  });

  it("are several where somebody says so, whatever is known of zones", () => {
    const target = (stack: TerraformStack) => anEksCluster(stack, { zones: [] });
    expect(group(aPlatform({ target, highlyAvailable: true }), "keda/keda-operator")?.pods).toBe(2);
    expect(group(aPlatform({ target }), "keda/keda-operator")?.pods).toBe(1);
  });

  it("go before whatever they serve: what they admit, find, route or scale", () => {
    const ordinary = platform.pods.filter(({ priority, passing }) => !priority && !passing).map(({ name }) => name);
    expect(ordinary).toEqual([]);
    const classes = DEPLOYED.map(([chart]) => {
      const { global, controller, nginxGateway, ...values } = valuesOf(platform, chart);
      return [values, global, controller, nginxGateway].map((part) => part?.priorityClassName).find(Boolean);
    });
    expect(new Set(classes)).toEqual(new Set(["system-cluster-critical"]));
  });

  it("keep to zones and nodes as they can, and wait for neither", () => {
    const spreads = (value: unknown): Body[] => {
      if (Array.isArray(value)) return value.flatMap(spreads);
      if (typeof value !== "object" || value === null) return [];
      return "topologyKey" in value ? [value] : Object.values(value).flatMap(spreads);
    };
    const several = DEPLOYED.map(([chart]) => chart).filter((chart) => chart !== "plugin-barman-cloud");
    for (const chart of several) {
      const found = spreads(valuesOf(platform, chart));
      expect({ chart, zones: found.some(({ topologyKey }) => topologyKey === "topology.kubernetes.io/zone") }).toEqual({
        chart,
        zones: true,
      });
      for (const { whenUnsatisfiable } of found) expect(whenUnsatisfiable).toBe("ScheduleAnyway");
    }
  });
});

const budgetsOf = ({ json }: typeof platform) =>
  all(json, "helm_release")
    .filter(({ name }) => name.startsWith("budgets-"))
    .flatMap(({ values }) => JSON.parse(values[0]).objects);

describe("a disruption budget", () => {
  it.each([
    ["cert-manager", "podDisruptionBudget", { enabled: true, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["cert-manager", "webhook.podDisruptionBudget", { enabled: true, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["cert-manager", "cainjector.podDisruptionBudget", { enabled: true, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["external-secrets", "podDisruptionBudget", { enabled: true, minAvailable: 1 }],
    ["external-secrets", "webhook.podDisruptionBudget", { enabled: true, minAvailable: 1 }],
    ["external-secrets", "certController.podDisruptionBudget", { enabled: true, minAvailable: 1 }],
    ["aws-load-balancer-controller", "podDisruptionBudget", { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["metrics-server", "podDisruptionBudget", { enabled: true, minAvailable: 1 }],
    ["snapshot-controller", "controller.pdb", { minAvailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["keda", "podDisruptionBudget.operator", { minAvailable: 1 }],
    ["keda", "podDisruptionBudget.metricServer", { minAvailable: 1 }],
    ["keda", "podDisruptionBudget.webhooks", { minAvailable: 1 }],
  ])("of %s lets go of one pod at a time (%s)", (chart, path, budget) => {
    expect(at(valuesOf(platform, chart), path)).toEqual(budget);
  });

  it("is made where a chart has none, and keeps no node for pods that serve nobody", () => {
    expect(budgetsOf(platform)).toMatchObject([
      {
        metadata: { name: "cloudnative-pg", namespace: "cnpg-system" },
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: { "app.kubernetes.io/name": "cloudnative-pg", "app.kubernetes.io/instance": "cloudnative-pg" } },
          unhealthyPodEvictionPolicy: "AlwaysAllow",
        },
      },
      { metadata: { name: "nginx-gateway-fabric", namespace: "nginx-gateway" } },
    ]);
  });

  it("is none for a single pod: it would block every drain", () => {
    expect(budgetsOf(alone)).toEqual([]);
    expect(at(valuesOf(alone, "cert-manager"), "podDisruptionBudget")).toEqual({ enabled: false });
    expect(at(valuesOf(alone, "external-secrets"), "podDisruptionBudget.enabled")).toBe(false);
    expect(at(valuesOf(alone, "metrics-server"), "podDisruptionBudget")).toEqual({ enabled: false });
    expect(at(valuesOf(alone, "snapshot-controller"), "controller.pdb")).toEqual({});
    expect(at(valuesOf(alone, "keda"), "podDisruptionBudget.operator")).toEqual({});
  });
});

describe("a part that calls AWS", () => {
  it.each([
    ["cert-manager", "certificates", "serviceAccount.name"],
    ["external-secrets", "secrets", "serviceAccount.name"],
    ["external-dns", "dns", "serviceAccount.name"],
    ["aws-load-balancer-controller", "load-balancers", "serviceAccount.name"],
    ["karpenter", "scaling", "serviceAccount.name"],
  ] as const)("%s has the service account that its role is bound to", (chart, controller, path) => {
    expect(at(valuesOf(platform, chart), path)).toBe(CONTROLLERS[controller].serviceAccount);
    expect(releaseOf(platform, chart).namespace).toBe(CONTROLLERS[controller].namespace);
  });

  it("asks no instance where it is", () => {
    expect(valuesOf(platform, "aws-load-balancer-controller")).toMatchObject({
      clusterName: "orders-test-write",
      region: "eu-west-1",
      vpcId: "vpc-1",
    });
    const region = [{ name: "AWS_REGION", value: "eu-west-1" }];
    expect(valuesOf(platform, "external-dns").env).toEqual(region);
    expect(valuesOf(platform, "karpenter").controller.env).toEqual(region);
  });
});

describe("restricted pod security", () => {
  it("is said where a chart's own default falls short of it", () => {
    expect(valuesOf(platform, "aws-load-balancer-controller")).toMatchObject({
      podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      securityContext: { capabilities: { drop: ["ALL"] } },
    });
    expect(valuesOf(platform, "snapshot-controller").controller).toMatchObject({
      podSecurityContext: { seccompProfile: { type: "RuntimeDefault" } },
      securityContext: { allowPrivilegeEscalation: false },
    });
  });
});

describe("the load balancer controller", () => {
  it("stands in the way of no Service, no Ingress and no pod but those of Gateways while it is away", () => {
    expect(valuesOf(platform, "aws-load-balancer-controller")).toMatchObject({
      enableServiceMutatorWebhook: false,
      podMutatorWebhookConfig: { failurePolicy: "Fail" },
      objectSelector: { matchExpressions: [{ key: "gateway.networking.k8s.io/gateway-name", operator: "Exists" }] },
      webhookConfig: { disableIngressValidation: true },
      createIngressClassResource: false,
    });
  });

  it("makes no load balancer, for which it has no right", () => {
    expect(valuesOf(platform, "aws-load-balancer-controller").controllerConfig.featureGates).toEqual({
      ALBGatewayAPI: false,
      EnableServiceController: false,
      NLBGatewayAPI: false,
    });
  });

  it("has its certificate from cert-manager, so that no key is in its release", () => {
    expect(valuesOf(platform, "aws-load-balancer-controller").enableCertManager).toBe(true);
  });
});

describe("a controller that runs twice", () => {
  it("lets one of both lead, where a chart would not", () => {
    expect(valuesOf(platform, "external-secrets").leaderElect).toBe(true);
    expect(valuesOf(alone, "external-secrets").leaderElect).toBe(false);
  });

  it("leads from its own namespace, so that nothing of it stays in another", () => {
    expect(valuesOf(platform, "cert-manager").global.leaderElection).toEqual({ namespace: "cert-manager" });
  });
});

describe("external-dns", () => {
  it("keeps the records of its own cluster, in its own zones", () => {
    expect(valuesOf(platform, "external-dns")).toMatchObject({
      domainFilters: ["orders.internal"],
      policy: "sync",
      registry: "txt",
      txtOwnerId: "orders-test-write",
      sources: ["service"],
    });
  });
});

describe("KEDA", () => {
  it("scales Deployments and StatefulSets, and nothing else that has a scale", () => {
    expect(valuesOf(platform, "keda").rbac.scaledRefKinds).toEqual([
      { apiGroup: "apps", kind: "deployments" },
      { apiGroup: "apps", kind: "statefulsets" },
    ]);
  });
});

describe("NGINX Gateway Fabric", () => {
  it("gives every Gateway two nginx, which keep apart from their own", () => {
    const { nginx } = valuesOf(platform, "nginx-gateway-fabric");
    expect(nginx).toMatchObject({ replicas: 2, service: { type: "ClusterIP" } });
    expect(nginx.pod.topologySpreadConstraints).toContainEqual({
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: { "app.kubernetes.io/managed-by": "nginx-gateway-fabric-nginx" } },
      matchLabelKeys: ["gateway.networking.k8s.io/gateway-name"],
    });
  });

  it("is told what the ledger is told of the nginx of a Gateway", () => {
    const { nginx } = valuesOf(platform, "nginx-gateway-fabric");
    aStack((stack) => {
      expect(gatewayPods({ cluster: anEksCluster(stack) }, "edge/public")).toMatchObject({
        name: "edge/public-nginx",
        pods: nginx.replicas,
        request: {
          millicores: known(millicores(nginx.container.resources.requests.cpu)),
          memoryBytes: known(bytes(nginx.container.resources.requests.memory)),
        },
      });
    });
  });

  it("tells nobody how it is used", () => {
    expect(valuesOf(platform, "nginx-gateway-fabric").nginxGateway.productTelemetry).toEqual({ enable: false });
  });
});

describe("a mirror", () => {
  const WHERE = [
    ["cert-manager", "imageRegistry", "registry.example.com/mirror"],
    ["external-secrets", "global.repository", "registry.example.com/mirror/external-secrets/external-secrets"],
    ["aws-load-balancer-controller", "image.repository", "registry.example.com/mirror/eks/aws-load-balancer-controller"],
    ["external-dns", "image.repository", "registry.example.com/mirror/external-dns/external-dns"],
    ["metrics-server", "image.repository", "registry.example.com/mirror/metrics-server/metrics-server"],
    ["snapshot-controller", "controller.image.repository", "registry.example.com/mirror/sig-storage/snapshot-controller"],
    ["karpenter", "controller.image.repository", "registry.example.com/mirror/karpenter/controller"],
    ["keda", "global.image.registry", "registry.example.com/mirror"],
    ["cloudnative-pg", "image.repository", "registry.example.com/mirror/cloudnative-pg/cloudnative-pg"],
    ["plugin-barman-cloud", "image.registry", "registry.example.com/mirror"],
    ["plugin-barman-cloud", "sidecarImage.registry", "registry.example.com/mirror"],
    ["nginx-gateway-fabric", "nginxGateway.image.repository", "registry.example.com/mirror/nginx/nginx-gateway-fabric"],
    ["nginx-gateway-fabric", "nginx.image.repository", "registry.example.com/mirror/nginx/nginx-gateway-fabric/nginx"],
  ] as const;

  it.each(WHERE)("holds the images of %s (%s)", (chart, path, image) => {
    expect(at(valuesOf(mirrored, chart), path)).toBe(image);
    expect(at(valuesOf(platform, chart), path)).toBeUndefined();
  });

  it("holds the images of every chart that has pods", () => {
    const withPods = new Set([...DEPLOYED.map(([chart]) => chart as string), "external-dns"]);
    expect(new Set<string>(WHERE.map(([chart]) => chart))).toEqual(withPods);
  });
});
