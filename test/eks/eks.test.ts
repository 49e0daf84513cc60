import { ReadCluster, SharedCluster, WriteCluster } from "../../constructs/cluster";
import { ADDONS, KUBERNETES } from "../../constructs/core/versions";
import { all, type Body, one, synth } from "../synth";
import { aCluster, PROPS } from "./cluster";

/** Everything that a resource waits for, directly or not, by path; what it refers to as well as what it names. */
function waitsFor(json: Body, path: string): readonly string[] {
  const bodies = new Map<string, Body>();
  for (const [type, named] of Object.entries(json.resource as Body)) {
    for (const [name, body] of Object.entries(named as Body)) bodies.set(`${type}.${name}`, body);
  }
  const pathOf = (address: string) => bodies.get(address)?.["//"].metadata.path as string;
  const start = [...bodies.keys()].find((address) => pathOf(address) === path);
  const seen = new Set<string>();
  const visit = (address: string) => {
    for (const [other] of JSON.stringify({ ...bodies.get(address), "//": undefined }).matchAll(/aws_\w+\.[\w-]+/g)) {
      if (!bodies.has(other) || seen.has(other)) continue;
      seen.add(other);
      visit(other);
    }
  };
  if (!start) throw new Error(`there is no ${path}`);
  visit(start);
  return [...seen].map(pathOf).map((found) => found.replace("test/cluster/", ""));
}

const NODES = ["nodes-a/group", "nodes-b/group", "nodes-c/group"];
const BEFORE_NODES = [
  "network-addons/vpc-cni",
  "network-addons/eks-pod-identity-agent",
  "network-addons/kube-proxy",
  "node-role/AmazonEKSWorkerNodePolicy",
];
const AFTER_NODES = ["coredns", "aws-ebs-csi-driver", "metrics-server", "snapshot-controller", "eks-node-monitoring-agent"];

describe("a cluster comes up, and goes in reverse,", () => {
  const json = aCluster({ nodes: { min: 3, max: 9 } });

  it.each(NODES)(
    "with network, identities and rights before %s, so that nodes get ready, and drain while the network still works",
    (group) => {
      expect(waitsFor(json, `test/cluster/${group}`)).toEqual(
        expect.arrayContaining([...BEFORE_NODES, "identity-network/association", "identity-network/rights"]),
      );
    },
  );

  it("with the network's identity before the network's pods", () => {
    expect(waitsFor(json, "test/cluster/network-addons/vpc-cni")).toEqual(
      expect.arrayContaining([
        "network-addons/eks-pod-identity-agent",
        "identity-network/association",
        "identity-network/rights",
        "control-plane/cluster",
      ]),
    );
  });

  it.each(AFTER_NODES)("with %s after the nodes that it runs on", (addon) => {
    expect(waitsFor(json, `test/cluster/node-addons/${addon}`)).toEqual(expect.arrayContaining(NODES));
  });

  it("with the identity of volumes before what makes volumes", () => {
    expect(waitsFor(json, "test/cluster/node-addons/aws-ebs-csi-driver")).toEqual(
      expect.arrayContaining([
        "identity-volumes/association",
        "identity-volumes/rights",
        "identity-volumes/AmazonEBSCSIDriverEKSClusterScopedPolicy",
      ]),
    );
  });

  it("with the network left on nodes that are still there, so that no interface blocks its subnet", () => {
    expect(one(json, "aws_eks_addon", "/vpc-cni").preserve).toBe(true);
  });

  it("with logs and rights before the control plane, which would otherwise make its own or fail", () => {
    expect(waitsFor(json, "test/cluster/control-plane/cluster")).toEqual(
      expect.arrayContaining(["control-plane/logs", "control-plane/rights", "control-plane/secrets", "control-plane/role"]),
    );
  });

  it("without anything that waits for itself", () => {
    for (const path of [...NODES, "network-addons/vpc-cni", "control-plane/cluster"])
      expect(waitsFor(json, `test/cluster/${path}`)).not.toContain(path);
  });
});

describe("the add-ons of a cluster", () => {
  const addon = (name: string, changes = {}) => one(aCluster(changes), "aws_eks_addon", `/${name}`);
  const values = (name: string) => JSON.parse(addon(name).configuration_values);
  const resources = (cpu: string, memory: string, limit: string) => ({ requests: { cpu, memory }, limits: { memory: limit } });

  it("are of versions that stand in the code, those of the control plane's minor where there are such", () => {
    for (const version of ["1.34", "1.35", "1.36"] as const) {
      const found = Object.fromEntries(all(aCluster({ version }), "aws_eks_addon").map((body) => [body.addon_name, body.addon_version]));
      expect(found).toEqual({ ...ADDONS, "kube-proxy": KUBERNETES[version].kubeProxy, coredns: KUBERNETES[version].coredns });
    }
  });

  it("follow the control plane, not the nodes that lag behind", () => {
    expect(addon("kube-proxy", { version: "1.36", nodeVersion: "1.34" }).addon_version).toBe(KUBERNETES["1.36"].kubeProxy);
  });

  it("have the network enforce policies and give out addresses in blocks", () => {
    expect(values("vpc-cni")).toEqual({
      enableNetworkPolicy: "true",
      env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
      resources: resources("25m", "64Mi", "512Mi"),
    });
  });

  it("have names resolved in every zone", () => {
    expect(values("coredns")).toMatchObject({
      autoScaling: { enabled: true, minReplicas: 2, maxReplicas: 10 },
      podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
      topologySpreadConstraints: [{ topologyKey: "topology.kubernetes.io/zone" }],
      resources: resources("100m", "70Mi", "170Mi"),
    });
  });

  it("say on every volume whose it is, and make no storage class that nobody declared", () => {
    expect(values("aws-ebs-csi-driver")).toMatchObject({
      controller: { extraVolumeTags: { ...PROPS.tags, ...PROPS.owner } },
      defaultStorageClass: { enabled: false },
    });
  });

  it("have volumes made by two controllers in two zones, one of which is always there", () => {
    expect(values("aws-ebs-csi-driver").controller).toMatchObject({
      replicaCount: 2,
      podDisruptionBudget: { enabled: true },
      topologySpreadConstraints: [
        { topologyKey: "topology.kubernetes.io/zone", labelSelector: { matchLabels: { app: "ebs-csi-controller" } } },
      ],
    });
  });

  it("say what each of their containers asks for, wherever EKS lets that be said", () => {
    const driver = resources("10m", "40Mi", "256Mi");
    const { controller, node, sidecars } = values("aws-ebs-csi-driver");
    for (const part of [controller, node, sidecars.livenessProbe, sidecars.nodeDriverRegistrar]) expect(part.resources).toEqual(driver);
    expect(values("kube-proxy")).toEqual({ resources: resources("50m", "64Mi", "512Mi") });
    expect(values("eks-node-monitoring-agent")).toEqual({ nodeAgent: { resources: resources("10m", "30Mi", "200Mi") } });
  });

  it("have no key that EKS is not known to take, because it refuses an add-on for one", () => {
    const keys = Object.fromEntries(
      all(aCluster(), "aws_eks_addon").map((body) => [body.addon_name, Object.keys(JSON.parse(body.configuration_values)).sort()]),
    );
    expect(keys).toEqual({
      "aws-ebs-csi-driver": ["controller", "defaultStorageClass", "node", "sidecars"],
      coredns: ["autoScaling", "podDisruptionBudget", "resources", "topologySpreadConstraints"],
      "eks-node-monitoring-agent": ["nodeAgent"],
      "eks-pod-identity-agent": [],
      "kube-proxy": ["resources"],
      "metrics-server": ["replicas"],
      "snapshot-controller": [],
      "vpc-cni": ["enableNetworkPolicy", "env", "resources"],
    });
  });

  it("have the kinds of snapshots before the driver that looks for them", () => {
    expect(waitsFor(aCluster(), "test/cluster/node-addons/aws-ebs-csi-driver")).toContain("node-addons/snapshot-controller");
  });
});

describe("a scaled cluster", () => {
  it("tells its scaler of nodes that are about to go", () => {
    const json = aCluster({ nodes: { min: 3, max: 9 } });
    expect(all(json, "aws_cloudwatch_event_rule").map(({ name }) => name)).toEqual([
      "orders-test-write-maintenance",
      "orders-test-write-rebalance",
      "orders-test-write-spot-interruption",
      "orders-test-write-state-change",
    ]);
    const [events, plain] = JSON.parse(one(json, "aws_sqs_queue_policy").policy).Statement;
    expect(events).toMatchObject({ Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" });
    expect(events.Condition.ArnEquals["aws:SourceArn"]).toHaveLength(4);
    expect(plain.Effect).toBe("Deny");
  });

  it("differs from a fixed one, which has no scaler and nothing for it", () => {
    for (const nodes of [3, { min: 3, max: 3 }]) {
      expect(all(aCluster({ nodes }), "aws_sqs_queue")).toEqual([]);
      expect(all(aCluster({ nodes }), "aws_iam_instance_profile")).toEqual([]);
    }
  });
});

describe("the clusters of an environment", () => {
  it("are called after the side that they carry", () => {
    const { side: _, ...props } = PROPS;
    const named = (Cluster: typeof WriteCluster) =>
      one(
        synth((stack) => void new Cluster(stack, "cluster", props)),
        "aws_eks_cluster",
      ).name;
    expect([WriteCluster, ReadCluster, SharedCluster].map(named)).toEqual(["orders-test-write", "orders-test-read", "orders-test-shared"]);
  });
});
