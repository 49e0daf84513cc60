import { readFileSync } from "node:fs";
import type { Environment } from "../../stacks";
import { sitesOf } from "../../stacks/base/site";
import { EXISTING_PARTS } from "../../stacks/model/cluster";
import { NEEDED, partsFromElsewhere, partsOf } from "../../stacks/model/derive/platform-parts";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram } from "../environments";
import { local } from "../fixtures/environments/local";
import { production } from "../fixtures/environments/production";
import { synthesisOf } from "../program";
import { fewOf } from "../thorough";

const parts = (environment: Environment) =>
  Object.fromEntries(sitesOf(asDomains(environment)).map((site) => [site.key, [...partsOf(site)].sort()]));

const withoutAws = { ...local, cluster: { context: "kind-orders" } } as Environment;

const kurrentDb = { engine: "kurrentdb", nodes: 3, storage: "50Gi" } as const;
const cloudNativePg = { engine: "cloudnative-pg", instances: 3, storage: "20Gi" } as const;

const SIGNAL = {
  prometheus: { server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "sum(lag)", targetPerReplica: 100 },
} as const;

/** A system that needs every part there is, on EKS and on clusters that exist. */
const everything: Environment = {
  ...production,
  commandProcessors: { ...production.commandProcessors, scaleOn: SIGNAL },
  queryApi: { ...production.queryApi, scaleOn: SIGNAL },
  writeCluster: { ...production.writeCluster, nodes: { min: 3, max: 9 } },
  readCluster: { ...production.readCluster, nodes: { min: 5, max: 9 } },
  eventStore: kurrentDb,
  readDatabase: cloudNativePg,
};
const everythingElsewhere: Environment = {
  ...everything,
  writeCluster: { context: "write" },
  readCluster: { context: "read" },
};

describe("the platform of", () => {
  it("production has on each cluster what that cluster carries", () => {
    const both = [
      "aws-load-balancer-controller",
      "cert-manager",
      "external-secrets",
      "gateway-api",
      "keda",
      "nginx-gateway-fabric",
      "prometheus-operator-crds",
      "storage-classes",
    ];
    // The hub is known to the write cluster by a name.
    expect(parts(production)).toEqual({ writeCluster: both, readCluster: [...both, "external-dns"].sort() });
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
    const cluster = { context: "kind-orders", preinstalled: ["cert-manager", "metrics-server"] } as const;
    const left = parts({ ...withoutAws, cluster }).cluster ?? [];
    expect(parts(withoutAws).cluster?.filter((part) => !left.includes(part))).toEqual(["cert-manager", "metrics-server"]);
  });

  it("a cluster that has its database operator from elsewhere has the plugin from there too, in the same namespace", () => {
    expect(partsFromElsewhere({ context: "on-premises", preinstalled: ["cloudnative-pg"] })).toContain("plugin-barman-cloud");
    expect(partsFromElsewhere({ context: "on-premises", preinstalled: ["keda"] })).not.toContain("plugin-barman-cloud");
  });

  it.each(fewOf(EXISTING_PARTS, ["cert-manager", "cloudnative-pg"]))("a cluster that has %s from elsewhere works with it", (part) => {
    const { aws: _, ...environment } = anEnvironment({ ...local, name: "test" });
    const onPremises = { ...environment, cluster: { context: "on-premises", preinstalled: [part] } };
    const onAws = anEnvironment({ cluster: { context: "on-premises", preinstalled: [part] }, readDatabase: local.readDatabase });
    for (const each of [onPremises, onAws]) expect(() => synthesisOf(aProgram(each)).sites).not.toThrow();
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

  it("each cluster is what serves, stores or scales on it, and no more", () => {
    const { system, name, aws, writeCluster, readCluster } = production;
    const bare = { system, name, aws, writeCluster, readCluster } as Environment;
    const least = ["external-secrets", "storage-classes"];
    expect(parts(bare)).toEqual({ writeCluster: least, readCluster: least });
    const { commandProcessors } = production;
    const following = { ...commandProcessors, scaleOn: SIGNAL };
    const scaled = parts({ ...bare, commandProcessors: following });
    expect([scaled.writeCluster, scaled.readCluster]).toEqual([[...least, "keda"].sort(), least]);
    // Whoever follows a signal no more lets go of it by KEDA, in a later stack.
    expect(parts({ ...bare, commandProcessors: { ...following, scaleOn: { cpu: 60 } } }).writeCluster).toContain("keda");
    expect(parts({ ...bare, commandProcessors: { ...following, replicas: 5 } }).writeCluster).not.toContain("keda");
  });

  it("a database backs up to S3 on EKS alone: an existing cluster has no role on AWS", () => {
    const readDatabase = { engine: "cloudnative-pg", instances: 3, storage: "20Gi" } as const;
    expect(parts({ ...production, readDatabase }).readCluster).toContain("plugin-barman-cloud");
    expect(parts({ ...production, readDatabase, readCluster: { context: "on-premises" } }).readCluster).not.toContain(
      "plugin-barman-cloud",
    );
    expect(parts(withoutAws).cluster).not.toContain("plugin-barman-cloud");
  });

  it("every cluster is explained, part by part", () => {
    const rows = [...readFileSync("docs/platform.md", "utf8").matchAll(/^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$/gm)];
    const explained = rows.map(([, part = "", clusters = "", when = ""]) => ({ part, clusters: clusters.trim(), when: when.trim() }));
    expect(explained.map(({ part }) => part)).toEqual(Object.keys(NEEDED));
    // A part that only one side has, or only EKS or an existing cluster, says so.
    const found = (environment: Environment) => parts(environment) as Readonly<Record<string, readonly string[]>>;
    for (const { part, clusters } of explained) {
      expect(["each", "write", "read", "EKS", "EKS, write", "EKS, read", "existing"]).toContain(clusters);
      const sides = [found(everything), found(everythingElsewhere)].map(({ writeCluster = [], readCluster = [] }) => ({
        write: writeCluster.includes(part),
        read: readCluster.includes(part),
      }));
      const [onEks, elsewhere] = sides;
      expect({ part, onEks, elsewhere }).toEqual({
        part,
        onEks: { write: !/existing|read/.test(clusters), read: !/existing|write/.test(clusters) },
        elsewhere: { write: !/EKS|^read/.test(clusters), read: !/EKS|write/.test(clusters) },
      });
    }
  });
});
