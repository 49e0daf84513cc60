import { bytes, known, millicores } from "../../constructs/core/quantities";
import { anEnvironment, aProgram } from "../environments";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";

const node = { cpu: 8, memory: "32Gi", storage: "100Gi" };
const api = { image: "registry.example.com/orders/api:1.0.0", replicas: 2 };

const PROMETHEUS = { server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "sum(lag)", targetPerReplica: 100 };

/** An environment whose clusters have every part that there is. */
const everything = anEnvironment({
  writeCluster: { nodes: { min: 3, max: 9 }, node },
  readCluster: { nodes: { min: 3, max: 9 }, node },
  commandApi: api,
  commandProcessors: { image: api.image, replicas: { min: 2, max: 4 }, scaleOn: { prometheus: PROMETHEUS } },
  eventStore: { engine: "kurrentdb", nodes: 3, storage: "50Gi" },
  queryApi: api,
  readDatabase: { engine: "cloudnative-pg", instances: 3, storage: "20Gi" },
  monitoring: { prometheus: true },
  exceptions: { unauthenticatedApis: "who asks is told elsewhere" },
});

/** Kubernetes writes whole cores as text too. */
const asCores = (said = "") => (said.endsWith("m") ? said : Number(said));

describe("the quota of every namespace", () => {
  const sites = [program, aProgram(everything)].flatMap((each) => synthesisOf(each).sites);

  it.each(sites.map((site) => [site.path, site] as const))("of %s lets all of its pods come up anew at once", (_, { site, objects }) => {
    const quotas = objects.filter(({ kind, metadata: { name } }) => kind === "ResourceQuota" && name === "quota-running");
    expect(quotas.length).toBeGreaterThan(0);
    for (const { metadata, spec } of quotas) {
      const pods = site.ledger.groups.filter(({ name }) => name.startsWith(`${metadata.namespace}/`));
      // Of agents one is replaced at a time, on each of as many nodes as the quota is for.
      const running = pods.filter(({ pods: count }) => count !== "each-node");
      const sum = (of: (pod: (typeof pods)[number]["request"]) => number) =>
        running.reduce((total, { pods: count, request }) => total + 2 * Number(count) * of(request), 0);
      const { hard } = spec as { readonly hard: Readonly<Record<string, string>> };
      expect(pods.length).toBeGreaterThan(0);
      expect(sum(() => 1)).toBeLessThanOrEqual(Number(hard.pods));
      expect(sum((request) => request.millicores)).toBeLessThanOrEqual(known(millicores(asCores(hard["requests.cpu"]))));
      expect(sum((request) => request.memoryBytes)).toBeLessThanOrEqual(known(bytes(hard["requests.memory"] as "1Gi")));
    }
  });
});
