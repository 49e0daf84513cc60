import type { PodGroup } from "../../constructs/capacity";
import { podGroups } from "../../constructs/capacity/pod-groups";

const MI = 2 ** 20;
const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";

const aContainer = (cpu?: unknown, memory?: unknown, more: object = {}) => ({
  name: "api",
  resources: { requests: { cpu, memory } },
  ...more,
});

const aWorkload = (kind: string, pod: object = {}, spec: object = {}) => ({
  kind,
  metadata: { name: "api", namespace: "orders" },
  spec: { ...spec, template: { metadata: { labels: { app: "api" } }, spec: { containers: [aContainer("500m", "1Gi")], ...pod } } },
});

const only = (...objects: readonly object[]): PodGroup => {
  const [group, ...more] = podGroups(objects);
  if (!group || more.length > 0) throw new Error(`${more.length + 1} groups`);
  return group;
};

const requestOf = (pod: object) => only(aWorkload("Deployment", pod)).request;

describe("a pod asks for", () => {
  it("what its containers ask for together", () => {
    expect(requestOf({ containers: [aContainer("500m", "1Gi"), aContainer(1, "512Mi")] })).toEqual({
      millicores: 1500,
      memoryBytes: 1536 * MI,
    });
  });

  it("its limits where it asks for nothing itself", () => {
    const containers = [{ name: "api", resources: { limits: { cpu: "2", memory: "1Gi" }, requests: { cpu: "100m" } } }];
    expect(requestOf({ containers })).toEqual({ millicores: 100, memoryBytes: 1024 * MI });
  });

  it("what an initial container needs, if that is more: one after the other, each beside the sidecars before it", () => {
    const sidecar = aContainer("200m", "100Mi", { restartPolicy: "Always" });
    const initial = aContainer("1", "50Mi");
    expect(requestOf({ initContainers: [initial, initial] })).toEqual({ millicores: 1000, memoryBytes: 1024 * MI });
    expect(requestOf({ initContainers: [initial, sidecar] })).toEqual({ millicores: 1000, memoryBytes: 1124 * MI });
    expect(requestOf({ initContainers: [sidecar, initial] })).toEqual({ millicores: 1200, memoryBytes: 1124 * MI });
  });

  it("what is asked of it as a whole", () => {
    expect(requestOf({ resources: { requests: { cpu: "3" } } })).toEqual({ millicores: 3000, memoryBytes: 1024 * MI });
  });

  it("nothing, where nothing is said", () => {
    expect(requestOf({ containers: [{ name: "api" }] })).toEqual({ millicores: 0, memoryBytes: 0 });
  });

  it("quantities in every form that Kubernetes reads", () => {
    const request = (cpu: unknown, memory: unknown) => Object.values(requestOf({ containers: [aContainer(cpu, memory)] }));
    expect(request("0.5", "1G")).toEqual([500, 1e9]);
    expect(request("1e-1", "1e3")).toEqual([100, 1000]);
    expect(request("100u", ".5Ki")).toEqual([1, 512]);
  });

  it("volumes: those of its claims, and those that come and go with it", () => {
    const volumes = [{ ephemeral: {} }, { persistentVolumeClaim: { claimName: "data" } }, { emptyDir: {} }];
    expect(requestOf({ volumes }).volumes).toBe(2);
    expect(only(aWorkload("StatefulSet", {}, { volumeClaimTemplates: [{}] })).request.volumes).toBe(1);
  });

  it("only what can be read, or all that can't is told at once", () => {
    const broken = aWorkload("Deployment", { containers: [aContainer("lots", "-5Gi"), aContainer("${var.cpu}", "1Gi")] });
    const remedy = 'write a number with or without a unit, like "500m" or "2Gi"';
    expect(() => podGroups([broken])).toThrow(
      [
        `Deployment orders/api.api.resources.requests.cpu: "lots" must be a Kubernetes quantity; ${remedy}`,
        `Deployment orders/api.api.resources.requests.cpu: "\${var.cpu}" must be a Kubernetes quantity; ${remedy}`,
        `Deployment orders/api.api.resources.requests.memory: "-5Gi" must be a Kubernetes quantity; ${remedy}`,
      ].join("\n"),
    );
  });
});

describe("a workload is", () => {
  it.each([
    ["Deployment", { replicas: 3 }, { pods: 3, surge: 1 }],
    ["Deployment", {}, { pods: 1, surge: 1 }],
    ["StatefulSet", { replicas: 3 }, { pods: 3 }],
    ["DaemonSet", {}, { pods: "each-node" }],
    ["DaemonSet", { updateStrategy: { rollingUpdate: { maxSurge: "10%" } } }, { pods: "each-node", surge: 1 }],
    ["Job", { parallelism: 4, completions: 2 }, { pods: 2, passing: true }],
  ])("of a %s with %j: %j", (kind, spec, expected) => {
    expect(only(aWorkload(kind, {}, spec))).toEqual({
      name: "orders/api",
      request: { millicores: 500, memoryBytes: 1024 * MI },
      ...expected,
    });
  });

  it("a job, of a CronJob", () => {
    const { spec, ...rest } = aWorkload("CronJob");
    expect(only({ ...rest, spec: { jobTemplate: { spec } } })).toMatchObject({ pods: 1, passing: true });
  });

  it.each([
    ["more pods before others go, rounded up", { maxSurge: "25%", maxUnavailable: 0 }, 5, 2],
    ["a number of pods more", { maxSurge: 3, maxUnavailable: "10%" }, 5, 3],
    ["no more where it may take pods away first", { maxSurge: 1, maxUnavailable: 1 }, 5, undefined],
    ["no more where Kubernetes' own default takes one away", undefined, 4, undefined],
  ])("during a rollout %s", (_, rollingUpdate, replicas, surge) => {
    expect(only(aWorkload("Deployment", {}, { replicas, strategy: { rollingUpdate } })).surge).toBe(surge);
  });

  it("replaced at a stroke with Recreate", () => {
    expect(only(aWorkload("Deployment", {}, { strategy: { type: "Recreate" } }))).not.toHaveProperty("surge");
  });

  it.each([
    ["HorizontalPodAutoscaler", { minReplicas: 2, maxReplicas: 8 }, 2, 8],
    ["HorizontalPodAutoscaler", { maxReplicas: 8 }, 1, 8],
    ["ScaledObject", { minReplicaCount: 3, maxReplicaCount: 9 }, 3, 9],
    ["ScaledObject", {}, 0, 100],
  ])("scaled by a %s with %j from %d to %d", (kind, spec, pods, most) => {
    const scaler = {
      kind,
      metadata: { name: "x", namespace: "orders" },
      spec: { ...spec, scaleTargetRef: { kind: "Deployment", name: "api" } },
    };
    expect(only(aWorkload("Deployment"), scaler)).toMatchObject({ pods, most });
    const elsewhere = { ...scaler, metadata: { name: "x", namespace: "other" } };
    expect(only(aWorkload("Deployment"), elsewhere)).toMatchObject({ pods: 1 });
  });

  it("spread as its constraints and its anti-affinity say of its own pods", () => {
    const labelSelector = { matchLabels: { app: "api" } };
    const term = (topologyKey: string) => ({ topologyKey, labelSelector });
    const spread = only(
      aWorkload("Deployment", {
        topologySpreadConstraints: [
          { topologyKey: ZONE, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", labelSelector },
          { topologyKey: HOST, maxSkew: 2, whenUnsatisfiable: "ScheduleAnyway", labelSelector },
          { topologyKey: "rack", maxSkew: 1, labelSelector },
          { topologyKey: ZONE, maxSkew: 1, labelSelector: { matchLabels: { app: "other" } } },
          { topologyKey: ZONE, maxSkew: 1 },
        ],
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [term(HOST)],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term(ZONE) }],
          },
        },
      }),
    ).spread;
    expect(spread).toEqual([
      { over: "zone", how: "even", required: true },
      { over: "node", how: "even", maxSkew: 2, required: false },
      { over: "node", how: "apart", required: true },
      { over: "zone", how: "apart", required: false },
    ]);
  });

  it.each([
    ["In", ["api", "web"], true],
    ["In", ["web"], false],
    ["NotIn", ["web"], true],
    ["NotIn", ["api"], false],
    ["Exists", [], true],
    ["DoesNotExist", [], false],
  ])("meant by a selector with %s %j: %s", (operator, values, meant) => {
    const labelSelector = { matchExpressions: [{ key: "app", operator, values }] };
    const pod = { topologySpreadConstraints: [{ topologyKey: ZONE, maxSkew: 1, labelSelector }] };
    expect(only(aWorkload("Deployment", pod)).spread !== undefined).toBe(meant);
  });
});

describe("a priority", () => {
  const named = (priorityClassName?: string) => aWorkload("Deployment", priorityClassName ? { priorityClassName } : {});

  it("is that of its class, of the list or from before", () => {
    const known = new Map<string, number>();
    podGroups([{ kind: "PriorityClass", metadata: { name: "stores" }, value: 1000 }], known);
    expect(podGroups([named("stores")], known)[0]?.priority).toBe(1000);
  });

  it("is known of the classes that every cluster has", () => {
    expect(only(named("system-cluster-critical")).priority).toBe(2_000_000_000);
    expect(only(named("system-node-critical")).priority).toBe(2_000_001_000);
  });

  it("is the default of the cluster where no class is named, or none", () => {
    expect(only(named())).not.toHaveProperty("priority");
    expect(only({ kind: "PriorityClass", metadata: { name: "usual" }, value: 5, globalDefault: true }, named()).priority).toBe(5);
  });

  it("takes no place of others where its class says so", () => {
    const nonPreempting = { kind: "PriorityClass", metadata: { name: "monitoring" }, value: 5, preemptionPolicy: "Never" };
    expect(only(nonPreempting, named("monitoring"))).toMatchObject({ priority: 5, preempts: false });
    expect(podGroups([named("monitoring")], new Map([["monitoring", 5]]), ["monitoring"])[0]).toMatchObject({ preempts: false });
    expect(only({ ...nonPreempting, preemptionPolicy: "PreemptLowerPriority" }, named("monitoring"))).not.toHaveProperty("preempts");
  });

  it("is refused where nobody knows its class", () => {
    expect(() => podGroups([named("stores")])).toThrow(
      'Deployment orders/api.priorityClassName: "stores" is not a known PriorityClass; enter the PriorityClass before what uses it, or with it',
    );
  });
});

it("objects of other kinds are no pods", () => {
  expect(podGroups([{ kind: "Service", metadata: { name: "api" }, spec: {} }, {}])).toEqual([]);
});
