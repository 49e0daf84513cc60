import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { PLACES, Platform } from "../../constructs/platform";
import { all, type Body, synth } from "../synth";
import { aPlatform, EVERYTHING, refusals, releaseOf, valuesOf } from "./platform";

const platform = aPlatform();

const onKind = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });

/** The network policies of a namespace, each with its ports. */
function policiesOf(json: Body, namespace: string): readonly string[] {
  return all(json, "kubernetes_network_policy_v1")
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map(({ metadata: { name }, spec: { ingress = [], egress = [] } }) => {
      const ports = [...ingress, ...egress].flatMap(({ ports: open }: Body) => open.map(({ port }: Body) => port));
      return [name, ...new Set(ports)].join(" ");
    })
    .sort();
}

const address = ({ "//": { metadata } }: Body) => `helm_release.${metadata.uniqueId}`;

/** The releases that one waits for, itself or by its chart, and those that these wait for. */
function predecessors(of: typeof platform, release: string | Body): readonly string[] {
  const releases = all(of.json, "helm_release");
  const found = new Set<Body>();
  const visit = (release: Body) => {
    for (const earlier of releases.filter((other) => release.depends_on?.includes(address(other)))) {
      if (!found.has(earlier)) visit(earlier);
      found.add(earlier);
    }
  };
  visit(typeof release === "string" ? releaseOf(of, release) : release);
  return [...found].map(({ name }) => name).sort();
}

describe("a platform", () => {
  it("names what users of several parts wait for", () => {
    synth((stack) => {
      const { ready, installed } = new Platform(stack, "platform", { cluster: onKind(stack), parts: { secrets: {}, certificates: {} } });
      expect(installed).toEqual([...(ready.certificates ?? []), ...(ready.secrets ?? [])]);
      expect(installed.length).toBeGreaterThan(1);
    });
  });

  it("has definitions before what uses them", () => {
    const definitions = ["gateway-api-crds", "gateway-api-crds-httproutes", "prometheus-operator-crds"];
    for (const definition of ["gateway-api-crds", "prometheus-operator-crds"]) expect(predecessors(platform, definition)).toEqual([]);
    const rest = all(platform.json, "helm_release").filter(({ name }) => !definitions.includes(name) && !name.startsWith("budgets-"));
    for (const release of rest) expect(predecessors(platform, release)).toEqual(expect.arrayContaining(definitions));
  });

  it("has what answers for the cluster's own API before everything else, and so takes it away last", () => {
    const answering = ["keda", "metrics-server"];
    const first = [...answering, "gateway-api-crds", "gateway-api-crds-httproutes", "prometheus-operator-crds"];
    const rest = all(platform.json, "helm_release").filter(({ name }) => !first.includes(name) && !name.startsWith("budgets-"));
    for (const release of rest) expect(predecessors(platform, release)).toEqual(expect.arrayContaining(answering));
  });

  it("has the backup plugin after the operator that it is a plugin of, and after its certificates", () => {
    expect(predecessors(platform, "plugin-barman-cloud")).toEqual(expect.arrayContaining(["cloudnative-pg", "cert-manager"]));
    expect(releaseOf(platform, "plugin-barman-cloud").namespace).toBe(releaseOf(platform, "cloudnative-pg").namespace);
  });

  it("has certificates before the load balancer controller, whose webhooks have theirs from there", () => {
    expect(predecessors(platform, "aws-load-balancer-controller")).toContain("cert-manager");
  });

  it("waits for the namespace of each part, and for no other", () => {
    const waiting = aPlatform({ namespaces: { keda: [{ fqn: "kubernetes_namespace_v1.keda" }] } });
    expect(releaseOf(waiting, "keda").depends_on).toContain("kubernetes_namespace_v1.keda");
    expect(releaseOf(waiting, "cert-manager").depends_on).not.toContain("kubernetes_namespace_v1.keda");
  });

  it("creates the namespaces of its parts, each open to what its parts need and to nothing else", () => {
    const own = aPlatform({ parts: { certificates: {}, postgres: {}, metricsServer: {} }, target: onKind });
    expect(all(own.json, "kubernetes_namespace_v1").map(({ metadata }) => metadata.name)).toEqual(["cert-manager", "cnpg-system"]);
    expect(policiesOf(own.json, "cert-manager")).toEqual(["deny", "from-webhooks 10250", "to-api-server 443 6443", "to-names 53"]);
    expect(policiesOf(own.json, "cnpg-system")).toEqual([
      "deny",
      "from-peers 9090",
      "from-webhooks 9443",
      "to-api-server 443 6443",
      "to-names 53",
      "to-peers 9090",
      "to-pods 8000",
    ]);
    const waited = releaseOf(own, "cert-manager").depends_on.filter((each: string) => each.startsWith("kubernetes_network_policy_v1."));
    expect(waited).toHaveLength(4);
  });

  it("opens metrics ports to Prometheus where its namespace is named", () => {
    const own = aPlatform({ parts: { certificates: {} }, target: onKind, metricsFrom: "monitoring" });
    expect(policiesOf(own.json, "cert-manager")).toContain("from-metrics 9402");
  });

  it("creates no namespace where they exist, or are created elsewhere", () => {
    for (const namespaces of [{}, { keda: [] }]) {
      expect(all(aPlatform({ namespaces }).json, "kubernetes_namespace_v1")).toEqual([]);
    }
  });

  it("installs what is asked for and nothing else", () => {
    const small = aPlatform({ parts: { certificates: {} } });
    expect(all(small.json, "helm_release").map(({ chart }) => chart)).toEqual(["cert-manager"]);
    expect(all(small.json, "kubernetes_storage_class_v1")).toEqual([]);
  });

  it("leaves out definitions that are there already", () => {
    const { json } = aPlatform({ parts: { definitions: { gateway: false } } });
    expect(all(json, "helm_release").map(({ chart }) => chart)).toEqual(["prometheus-operator-crds"]);
  });

  it("runs on a cluster that nobody knows anything of", () => {
    const { certificates, secrets, postgres, autoscaling, metricsServer, gateways, definitions } = EVERYTHING;
    const parts = {
      certificates,
      secrets,
      postgres,
      autoscaling,
      metricsServer: { ...metricsServer, kubeletsUnverified: true },
      gateways,
      definitions,
    };
    const target = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    expect(refusals({ target, parts })).toEqual([]);
    const local = aPlatform({ target, parts });
    expect(valuesOf(local, "metrics-server").args).toEqual(["--kubelet-insecure-tls"]);
  });
});

describe("what is watched", () => {
  const monitors = (value: unknown): unknown[] => {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      if (/^(serviceMonitor|servicemonitor)$/.test(key)) return [item.enabled ?? item.create];
      return key === "podMonitorEnabled" ? [item] : monitors(item);
    });
  };
  const watched = (of: typeof platform) => all(of.json, "helm_release").flatMap(({ values }) => monitors(JSON.parse(values[0])));

  it("is every part, where the definitions of monitors are", () => {
    expect(new Set(watched(platform))).toEqual(new Set([true]));
    expect(all(platform.json, "helm_release").map(({ name }) => name)).toContain("nginx-gateway-fabric-monitors");
  });

  it("is nothing where they are not, and everything where somebody says that they are", () => {
    const parts = { ...EVERYTHING, definitions: { prometheus: false } };
    const without = aPlatform({ parts });
    expect(new Set(watched(without))).toEqual(new Set([false]));
    expect(all(without.json, "helm_release").map(({ name }) => name)).not.toContain("nginx-gateway-fabric-monitors");
    const there = aPlatform({ parts, metrics: true });
    expect(new Set(watched(there))).toEqual(new Set([true]));
  });
});

describe("the place of a part", () => {
  it("is where its release goes", () => {
    const places = new Set(Object.values(PLACES).map(({ namespace }) => namespace));
    expect(new Set(all(platform.json, "helm_release").map(({ namespace }) => namespace))).toEqual(places);
  });

  it("opens the ports of webhooks that its chart names", () => {
    expect(PLACES.certificates.network.webhookPorts).toEqual([10250]);
    expect(PLACES.secrets.network.webhookPorts).toEqual([10250]);
    expect(PLACES.autoscaling.network.webhookPorts).toEqual([6443, 9443]);
    expect(PLACES.postgres.network.webhookPorts).toEqual([9443]);
  });

  it("reaches the API server from everywhere, and AWS from where it is called", () => {
    const open = Object.values(PLACES).flatMap((place) => ("network" in place ? [place] : []));
    for (const { network } of open) expect(network.egress.api).toBe(true);
    expect(open.filter(({ network }) => network.egress.https).map(({ namespace }) => namespace)).toEqual([
      "cert-manager",
      "external-secrets",
      "external-dns",
    ]);
  });
});

describe("a platform is refused", () => {
  it("where a part lacks what it works with", () => {
    expect(refusals({ parts: { loadBalancers: {}, postgresBackup: {}, gateways: {}, postgres: {} } })).toEqual([
      `test/platform.parts: "loadBalancers" does not work without certificates; add certificates, or leave it out`,
      `test/platform.parts: "postgresBackup" does not work without certificates; add certificates, or leave it out`,
      `test/platform.parts: "gateways" does not work without definitions; add definitions, or leave it out`,
    ]);
  });

  it("not where the cluster has from elsewhere what a part works with", () => {
    expect(refusals({ parts: { postgresBackup: {}, gateways: {} }, elsewhere: ["certificates", "postgres", "definitions"] })).toEqual([]);
  });

  it("where a part calls AWS and the cluster is elsewhere", () => {
    const { loadBalancers, certificates, dns, scaling, storageClasses } = EVERYTHING;
    const target = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const rest = "calls AWS, and the cluster is not known to run there; leave it out, or reach the cluster by KubernetesTarget.eks";
    expect(refusals({ target, parts: { loadBalancers, certificates, dns, scaling, storageClasses } })).toEqual([
      `test/platform/storage: ${rest}`,
      `test/platform/karpenter: ${rest}`,
      `test/platform/load-balancer-controller: ${rest}`,
      `test/platform/external-dns: ${rest}`,
    ]);
  });

  it("where nodes are to be scaled and can't be", () => {
    const scaling = { ...EVERYTHING.scaling, nodes: { ...EVERYTHING.scaling.nodes, count: { min: 3, max: 3 } } };
    expect(refusals({ parts: { scaling } })).toEqual([
      `test/platform/karpenter.nodes.count: {"min":3,"max":3} leaves nothing to scale; give a max above min`,
    ]);
  });
});
