import { DataTerraformRemoteStateLocal } from "cdktf";
import { CapacityLedger } from "../../constructs/capacity";
import { CustomResources, type CustomResourcesProps, KubernetesTarget, kubernetesObjects, Release } from "../../constructs/kubernetes";
import { one, refusalsOf, synth } from "../synth";

const issuer = (name: string) => ({ apiVersion: "cert-manager.io/v1", kind: "Issuer", metadata: { name, namespace: "shop" } });

const resources = (more: Partial<CustomResourcesProps> = {}) =>
  synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    new CustomResources(stack, "issuers", { cluster, namespace: "shop", objects: [issuer("ca")], ...more });
  });

const release = (ledger: CapacityLedger, mirror?: string) =>
  synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ledger, ...(mirror ? { mirror } : {}) });
    new Release(stack, "keda", {
      cluster,
      chart: "keda",
      namespace: "keda",
      values: { operator: { replicaCount: 2 }, crds: { install: true, absent: undefined } },
      pods: [{ name: "keda-operator", pods: 2, request: { millicores: 100, memoryBytes: 1 } }],
    });
  });

describe("a release", () => {
  const { repository, chart, version, values, atomic, max_history, create_namespace } = one(release(new CapacityLedger()), "helm_release");

  it("is of the version that the platform pins", () => {
    expect({ repository, chart, version }).toEqual({ repository: "https://kedacore.github.io/charts", chart: "keda", version: "2.20.2" });
  });

  it("is installed whole or not at all, so that a failed one leaves its name free", () => {
    expect({ atomic, max_history, create_namespace }).toEqual({ atomic: true, max_history: 5, create_namespace: false });
  });

  it("writes its values in one order, however they were put together", () => {
    expect(values).toEqual(['{"crds":{"install":true},"operator":{"replicaCount":2}}']);
  });

  it("hands on what only looks like a template of Terraform's, and fills in what is one", () => {
    const json = synth((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      const address = new DataTerraformRemoteStateLocal(stack, "network", { path: "network.tfstate" }).getString("address");
      const values = { script: 'echo "${HOME}" $PATH %{if}', "${key}": [`http://${address}/`] };
      new Release(stack, "keda", { cluster, chart: "keda", namespace: "keda", values, pods: [] });
    });
    expect(one(json, "helm_release").values).toEqual([
      `{"$\${key}":["http://\${data.terraform_remote_state.network.outputs.address}/"],"script":"echo \\"$\${HOME}\\" $PATH %%{if}"}`,
    ]);
    expect(kubernetesObjects(json).releases[0]?.values).toEqual({
      "${key}": ["http://known-after-apply/"],
      script: 'echo "${HOME}" $PATH %{if}',
    });
  });

  it("has a name that Helm takes", () => {
    const named = (name: string) =>
      refusalsOf((stack) => {
        const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
        const common = { cluster, namespace: "keda", name };
        new Release(stack, "keda", { ...common, chart: "keda", values: {}, pods: [] });
        new CustomResources(stack, "issuers", { ...common, objects: [issuer("ca")] });
      });
    const long = "a".repeat(54);
    expect(named(long.slice(1))).toEqual([]);
    expect(named(long)).toEqual([
      `test/keda.name: "${long}" is not a valid release name; use up to 53 lower-case letters, digits and hyphens`,
      `test/issuers.name: "${long}" is not a valid release name; use up to 53 lower-case letters, digits and hyphens`,
    ]);
  });

  it("enters its pods into the cluster's account, under their namespace", () => {
    const ledger = new CapacityLedger();
    release(ledger);
    expect(ledger.groups).toEqual([{ name: "keda/keda-operator", pods: 2, request: { millicores: 100, memoryBytes: 1 } }]);
  });

  it("comes from the mirror where there is one", () => {
    const mirrored = one(release(new CapacityLedger(), "registry.example.com/mirror"), "helm_release");
    expect(mirrored.repository).toBe("oci://registry.example.com/mirror");
  });
});

describe("custom resources", () => {
  it("are a release of a chart whose path changes with its content", () => {
    const { chart, values, version } = one(resources(), "helm_release");
    expect(chart).toMatch(/^assets\/custom-resources-chart\/[0-9A-F]{32}\/?$/);
    expect(values).toEqual([
      '{"objects":[{"apiVersion":"cert-manager.io/v1","kind":"Issuer","metadata":{"name":"ca","namespace":"shop"}}]}',
    ]);
    expect(version).toBeUndefined();
  });

  it("hand on what only looks like a template of Terraform's", () => {
    const metadata = { name: "ca", namespace: "shop", annotations: { pattern: "${user}-%{date}" } };
    const json = resources({ objects: [{ ...issuer("ca"), metadata }] });
    expect(one(json, "helm_release").values[0]).toContain('"pattern":"$${user}-%%{date}"');
    expect(kubernetesObjects(json).objects).toEqual([{ ...issuer("ca"), metadata }]);
  });

  it("share that chart within a stack", () => {
    const json = synth((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      for (const name of ["a", "b"]) new CustomResources(stack, name, { cluster, namespace: "shop", objects: [issuer(name)] });
    });
    expect(one(json, "helm_release", "a/release").chart).toBe(one(json, "helm_release", "b/release").chart);
  });

  it("that hold data are guarded against deletion", () => {
    expect(one(resources({ protect: true }), "helm_release").lifecycle).toEqual({ prevent_destroy: true });
  });
});
