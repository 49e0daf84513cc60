import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { exemptionsOf } from "../../constructs/policy";
import { MigrationJob } from "../../constructs/workload";
import { aSpec } from "../secrets/specs";
import { aStack, type Body, one } from "../synth";
import { aPartitionedWorker, aService, aWorker, refused, Sent } from "./workloads";

const GI = 2 ** 30;

describe("memory that a pod requests", () => {
  it("can be less than its limit, and is what the capacity check counts", () => {
    const sent = new Sent(aWorker({ memory: "4Gi", memoryRequest: "1Gi" }));
    expect(sent.container.resources).toEqual({ requests: { cpu: "250m", memory: "1Gi" }, limits: { memory: "4Gi" } });
    expect(podGroups(sent.objects)).toMatchObject([{ request: { memoryBytes: GI } }]);
  });

  it("can't exceed it, whether the limit is said or not", () => {
    expect(refused(aWorker({ memoryRequest: "1Gi" }))).toEqual([
      'orders.memoryRequest: "1Gi" exceeds memory (512Mi), its limit; lower it, or raise memory',
    ]);
    expect(refused(aWorker({ memoryRequest: "lots" as "1Gi" }))).toEqual([
      'orders.memoryRequest: "lots" is not a size; write a number and a unit, like "16Gi"',
    ]);
  });
});

describe("nodes that a pod may run on", () => {
  const pool = { "example.com/pool": "memory" };
  const sent = new Sent(
    aWorker({
      nodeSelector: pool,
      tolerations: [
        { key: "example.com/pool", value: "memory", effect: "NoSchedule" },
        { key: "down", effect: "NoExecute", within: "5m" },
      ],
    }),
  );

  it("are chosen by their labels, and by taints that don't keep it away", () => {
    expect(sent.pod.nodeSelector).toEqual(pool);
    expect(sent.pod.tolerations).toEqual([
      { key: "down", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
      { key: "example.com/pool", operator: "Equal", value: "memory", effect: "NoSchedule" },
    ]);
  });

  it("are known to the capacity check", () => {
    expect(podGroups(sent.objects)).toMatchObject([{ nodeSelector: pool }]);
  });

  it("are any, and none of it is in the pod, unless it is said", () => {
    const { pod } = new Sent(aWorker());
    for (const field of ["nodeSelector", "tolerations", "imagePullSecrets"]) expect(pod).not.toHaveProperty(field);
  });

  it.each([
    [{ labels: { "a/b/c": "d" } }, 'orders.labels: "a/b/c" can\'t be the key of a label or a taint; write one like example.com/pool'],
    [{ labels: { "a..b/c": "d" } }, 'orders.labels: "a..b/c" can\'t be the key of a label or a taint; write one like example.com/pool'],
    [
      { labels: { team: "a b" } },
      'orders.labels.team: "a b" can\'t be the value of a label or a taint; use up to 63 letters, digits, -, _ and .',
    ],
    [
      { labels: { "app.kubernetes.io/name": "mine" } },
      'orders.labels: "app.kubernetes.io/name" is a label of the platform, which selects pods by it; use another key',
    ],
    ...["gateway.networking.k8s.io/gateway-name", "cnpg.io/cluster", "topology.kubernetes.io/zone", "pod-template-hash"].map(
      (label): [object, string] => [
        { labels: { [label]: "mine" } },
        `orders.labels: "${label}" is a label that only Kubernetes and operators set; use another key`,
      ],
    ),
    [
      { nodeSelector: { "a b": "c" } },
      'orders.nodeSelector: "a b" can\'t be the key of a label or a taint; write one like example.com/pool',
    ],
    [
      { nodeSelector: { pool: "a b" } },
      'orders.nodeSelector.pool: "a b" can\'t be the value of a label or a taint; use up to 63 letters, digits, -, _ and .',
    ],
    [
      { tolerations: [{ key: "down", within: "5m" }] },
      'orders.tolerations[0].within: "5m" has no meaning with every effect; set effect to NoExecute, or leave within out',
    ],
  ])("can't be chosen by %j", (props, message) => {
    expect(refused(aWorker(props as object))).toEqual([message]);
  });
});

describe("images of a private registry", () => {
  it("are pulled with Secrets of the namespace, in any order", () => {
    expect(new Sent(aWorker({ pullSecrets: ["vendor", "own"] })).pod.imagePullSecrets).toEqual([{ name: "own" }, { name: "vendor" }]);
  });

  it("can't be pulled with what isn't the name of a Secret, or one named twice", () => {
    expect(refused(aWorker({ pullSecrets: ["Own", "a", "a"] }))).toEqual([
      'orders.pullSecrets[0]: "Own" can\'t be the name of a Secret; use lower-case letters, digits, - and .',
      'orders.pullSecrets[2]: "a" is named twice; keep one',
    ]);
  });
});

describe("secrets as files", () => {
  const at = (home: string) => ({ secret: aSpec({ name: "signing" }), home, key: "password" });
  const sent = new Sent(
    aWorker({
      secretFiles: {
        "/run/secrets/signing-key": at("write-side"),
        "/app/licence.txt": { ...at("vendor"), secret: aSpec({ name: "licence" }) },
      },
      sidecars: [{ name: "proxy" }, { name: "agent", connected: true }],
    }),
  );
  const mounts = (container: Body) => container.volumeMounts.filter(({ name }: Body) => name === "secret-files");

  it("are mounted each at its path, read-only", () => {
    expect(mounts(sent.container)).toEqual(
      [
        { name: "secret-files", mountPath: "/app/licence.txt", subPath: "app_licence.txt", readOnly: true },
        { name: "secret-files", mountPath: "/run/secrets/signing-key", subPath: "run_secrets_signing-key", readOnly: true },
      ].map((mount) => expect.objectContaining(mount)),
    );
    const { projected } = sent.pod.volumes.find(({ name }: Body) => name === "secret-files");
    expect(projected).toMatchObject({
      defaultMode: 0o440,
      sources: [
        { secret: { name: "licence", items: [{ key: "password", path: "app_licence.txt" }] } },
        { secret: { name: "signing", items: [{ key: "password", path: "run_secrets_signing-key" }] } },
      ],
    });
  });

  it("are in containers beside it only if they are connected", () => {
    expect(sent.pod.containers.map((container: Body) => mounts(container).length)).toEqual([2, 0, 2]);
  });

  it("come into the namespace from the one in which they are at home", () => {
    expect(sent.names("ExternalSecret")).toEqual(["licence"]);
  });

  it("can't have a path that something else has", () => {
    const path = "/app/key";
    expect(refused(aWorker({ files: { [path]: "" }, secretFiles: { [path]: at("write-side"), key: at("write-side") } }))).toEqual([
      'orders.secretFiles: "key" must be a path; write an absolute one, like /app/settings.json',
      'orders.secretFiles: "/app/key" is a path of files too; use another path for one of them',
    ]);
  });
});

describe("a directory that keeps its data", () => {
  const volumes = { "/var/lib/orders": { size: "10Gi" } } as const;
  const sent = new Sent(aWorker({ replicas: 1, volumes }));
  const claim = (json: Body) => one(json, "kubernetes_persistent_volume_claim_v1");

  it("is a claim of the one instance, which no plan deletes", () => {
    expect(sent.one("PersistentVolumeClaim", "orders-var-lib-orders").spec).toEqual({
      accessModes: ["ReadWriteOnce"],
      storageClassName: "standard",
      resources: { requests: { storage: "10Gi" } },
    });
    expect(claim(sent.json)).toMatchObject({ wait_until_bound: false, lifecycle: { prevent_destroy: true } });
    expect(sent.container.volumeMounts).toContainEqual(
      expect.objectContaining({ name: "volume-var-lib-orders", mountPath: "/var/lib/orders" }),
    );
    expect(sent.pod.volumes).toContainEqual({
      name: "volume-var-lib-orders",
      persistentVolumeClaim: { claimName: "orders-var-lib-orders" },
    });
    expect(one(sent.json, "kubernetes_deployment_v1").depends_on).toContain(
      `kubernetes_persistent_volume_claim_v1.${claim(sent.json)["//"].metadata.uniqueId}`,
    );
  });

  it("is of a class of its own, and can be deleted, if that is said", () => {
    const { json } = new Sent(aWorker({ replicas: 1, volumes: { "/data": { size: "1Gi", storageClass: "fast", protect: false } } }));
    expect(claim(json)).toMatchObject({ spec: { storage_class_name: "fast" }, lifecycle: { prevent_destroy: false } });
  });

  it("lives with its workload, which policies know", () => {
    const exemptions = aStack(aWorker({ replicas: 1, volumes }))
      .node.findAll()
      .flatMap(exemptionsOf);
    expect(exemptions).toEqual([{ rule: "data-lives-apart", reason: "the volume of one workload, which is deployed with it" }]);
  });

  it("has one pod at a time, which stays where it is and counts its volume", () => {
    const { spec } = sent.one("Deployment");
    expect(spec.strategy).toEqual({ type: "Recreate" });
    expect(spec.template.metadata.annotations).toMatchObject({ "karpenter.sh/do-not-disrupt": "true" });
    expect(sent.pod.securityContext.fsGroupChangePolicy).toBe("OnRootMismatch");
    expect(podGroups(sent.objects)).toMatchObject([{ pods: 1, request: { volumes: 1 } }]);
    expect(podGroups(sent.objects)[0]).not.toHaveProperty("surge");
  });

  it("can be a service's too", () => {
    expect(new Sent(aService({ replicas: 1, volumes })).names("PersistentVolumeClaim")).toEqual(["orders-var-lib-orders"]);
  });

  const alone = (path = "/var/lib/orders") =>
    `orders.volumes: "${path}" can be written by one instance only, and this workload can have several pods; ` +
    "use a Worker or an HttpService with replicas: 1 and without slots, or keep the data in a store";

  it("can't be that of several pods", () => {
    const slots = { blue: { image: "registry.example.com/orders/api:1.0.0" } };
    expect(refused(aWorker({ volumes }))).toEqual([alone()]);
    expect(refused(aWorker({ volumes, replicas: { min: 1, max: 2 } }))).toEqual([alone()]);
    expect(refused(aService({ volumes, replicas: 1, slots }))).toEqual([alone()]);
    expect(refused(aPartitionedWorker({ volumes, workers: 1 }))).toEqual([alone()]);
    expect(
      refused((stack) => {
        const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
        new MigrationJob(stack, "orders", { cluster, namespace: "write-side", image: "orders/api:1.0.0", volumes });
      }),
    ).toEqual([alone()]);
  });

  it("can't be refused one error at a time", () => {
    const size = "lots" as "1Gi";
    expect(refused(aWorker({ replicas: 1, volumes: { "/tmp": { size: "1Gi" }, "/a.b": { size }, "/a-b": { size: "1Gi" } } }))).toEqual([
      'orders.volumes: "/tmp" is a path of scratch too; use another path for one of them',
      'orders.volumes./a.b.size: "lots" is not a size; write a number and a unit, like "16Gi"',
      'orders.volumes: "/a-b" differs from another path in punctuation or case alone; rename one of the two',
    ]);
    const path = `/${"d".repeat(57)}`;
    expect(refused(aWorker({ replicas: 1, volumes: { [path]: { size: "1Gi" } } }))).toEqual([
      `orders.volumes: "${path}" is too long for the name of a volume; use a path of up to 57 characters`,
    ]);
  });
});
