import { local } from "../../environments/local";
import { production } from "../../environments/production";
import type { Environment } from "../../stacks";
import { sitesOf } from "../../stacks/kubernetes";
import { partsOf } from "../../stacks/platform-parts";

const parts = (environment: Environment) => Object.fromEntries(sitesOf(environment).map((site) => [site.key, [...partsOf(site)].sort()]));

const withoutAws = { ...local, cluster: { context: "kind-orders" } } as Environment;

describe("the platform of", () => {
  it("production has on each cluster what that cluster carries", () => {
    const serving = [
      "aws-load-balancer-controller",
      "cert-manager",
      "external-secrets",
      "gateway-api",
      "nginx-gateway-fabric",
      "prometheus-operator-crds",
      "storage-classes",
    ];
    expect(parts(production)).toEqual({ writeCluster: [...serving, "keda"].sort(), readCluster: serving });
  });

  it("a cluster without a cloud needs nothing of a cloud, and brings what EKS would have", () => {
    expect(parts(withoutAws)).toEqual({
      cluster: [
        "cert-manager",
        "cloudnative-pg",
        "external-secrets",
        "gateway-api",
        "metrics-server",
        "nginx-gateway-fabric",
        "snapshot-controller",
      ],
    });
  });

  it("a cluster that has parts from elsewhere leaves them alone", () => {
    const cluster = { context: "kind-orders", has: ["cert-manager", "metrics-server"] } as const;
    const left = parts({ ...withoutAws, cluster }).cluster ?? [];
    expect(parts(withoutAws).cluster?.filter((part) => !left.includes(part))).toEqual(["cert-manager", "metrics-server"]);
  });

  it("nodes between two numbers has what scales them", () => {
    const writeCluster = { ...production.writeCluster, nodes: { min: 3, max: 9 } };
    expect(parts({ ...production, writeCluster }).writeCluster).toContain("karpenter");
    expect(parts(production).writeCluster).not.toContain("karpenter");
  });

  it("a database on the cluster has its operator, on the side that reads it", () => {
    const readDatabase = { engine: "cloudnative-pg", instances: 3, storage: "20Gi" } as const;
    const found = parts({ ...production, readDatabase });
    expect(found.readCluster).toEqual(expect.arrayContaining(["cloudnative-pg", "plugin-barman-cloud"]));
    expect(found.writeCluster).not.toContain("cloudnative-pg");
  });

  it("event stores that another cluster reads have names of their own", () => {
    const eventStore = { engine: "kurrentdb", nodes: 3, storage: "50Gi" } as const;
    expect(parts({ ...production, eventStore }).writeCluster).toContain("external-dns");
    expect(parts(production).writeCluster).not.toContain("external-dns");
  });
});
