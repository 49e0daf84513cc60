import { App } from "cdktf";
import { kubernetesStack, sitesOf } from "../../stacks/base/site";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };
const made = { nodes: 3, node };
const existing = { context: "on-premises" };

const stacksOf = (changes: object) => synthesisOf(aProgram(anEnvironment(changes))).stacks;

function stack(id: string, changes: object): Body {
  const json = stacksOf(changes).get(id)?.json;
  if (!json) throw new Error(`there is no stack ${id}`);
  return json;
}

describe("the stacks on clusters", () => {
  it("are called after the side that their cluster carries", () => {
    const platforms = (changes: object) => [...stacksOf(changes).keys()].filter((id) => id.endsWith("platform"));
    expect(platforms({ cluster: made })).toEqual(["test-platform"]);
    expect(platforms({ writeCluster: made, readCluster: made })).toEqual(["test-write-platform", "test-read-platform"]);
    expect(platforms({})).toEqual([]);
  });

  it("keep their state where the other stacks of the environment do", () => {
    expect(stack("test-write-platform", { writeCluster: made, readCluster: existing }).terraform.backend.s3).toMatchObject({
      bucket: "orders-terraform-state-111122223333-eu-west-1",
      key: "test/write-platform.tfstate",
      use_lockfile: true,
    });
    expect(stack("test-read-platform", { writeCluster: made, readCluster: existing }).terraform.backend.s3.key).toBe(
      "test/read-platform.tfstate",
    );
  });

  it("keep it on the machine where there is no AWS, outside of what synthesis writes", () => {
    expect(stack("test-platform", { aws: undefined, cluster: existing }).terraform.backend).toEqual({
      local: { path: "../../../.state/test/platform.tfstate" },
    });
  });

  it("come after the stack that makes their cluster, and read from it where it is", () => {
    const written = stacksOf({ cluster: made });
    const dependencies = written.get("test-platform")?.stack.dependencies.map(({ node: { id } }) => id);
    expect(dependencies).toEqual(["test-cluster", "test-network", "test-keys"]);
    const { provider } = (written.get("test-platform")?.json ?? {}) as Body;
    const output = (name: string) => `data.terraform_remote_state.test-cluster.outputs.${name}`;
    for (const { host, cluster_ca_certificate } of [provider.kubernetes[0], provider.helm[0].kubernetes]) {
      expect({ host, cluster_ca_certificate }).toEqual({
        host: `\${${output("cluster_endpoint")}}`,
        cluster_ca_certificate: `\${base64decode(${output("cluster_certificate_authority")})}`,
      });
    }
  });
});

describe("an existing cluster", () => {
  it("is entered by its context in the kubeconfig that is named, wherever the environment lives", () => {
    const cluster = { ...existing, kubeconfig: "/etc/orders/kubeconfig" };
    const connection = { config_path: "/etc/orders/kubeconfig", config_context: "on-premises" };
    for (const changes of [{ cluster }, { cluster, aws: undefined }]) {
      const { provider } = stack("test-platform", changes);
      expect(provider.kubernetes).toEqual([connection]);
      expect(provider.helm).toEqual([{ kubernetes: connection, helm_driver: "configmap" }]);
    }
  });

  it("says where data lies and what its zones are, or is taken as kind makes it", () => {
    const target = (cluster: object) => {
      const [site] = sitesOf(asDomains(anEnvironment({ aws: undefined, cluster })));
      if (!site) throw new Error("there is no site");
      const { storageClass, zones, aws } = kubernetesStack(new App(), site, "platform").cluster;
      return { storageClass, zones, aws };
    };
    expect(target(existing)).toEqual({ storageClass: "standard", zones: [], aws: undefined });
    const allocatable = { zones: { "dc-1": 2, "dc-2": 2 }, cpu: 8, memory: "32Gi" };
    expect(target({ ...existing, storageClass: "fast", allocatable })).toEqual({
      storageClass: "fast",
      zones: ["dc-1", "dc-2"],
      aws: undefined,
    });
  });

  it("keeps what it has, and gets the rest", () => {
    const charts = (cluster: object) => all(stack("test-platform", { aws: undefined, cluster }), "helm_release").map(({ chart }) => chart);
    expect(charts(existing)).toEqual(["external-secrets", "metrics-server"]);
    expect(charts({ ...existing, preinstalled: ["metrics-server"] })).toEqual(["external-secrets"]);
  });
});

describe("a mirror", () => {
  it("is where every chart and every image comes from", () => {
    const json = stack("test-platform", { aws: undefined, cluster: existing, mirror: "registry.example.com/mirror" });
    for (const { repository } of all(json, "helm_release")) expect(repository).toBe("oci://registry.example.com/mirror");
    for (const { values } of all(json, "helm_release")) expect(values[0]).toContain("registry.example.com/mirror/");
  });
});
