import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Results } from "../aws/results";
import { FakeTerraform, type World } from "../cli/fake-terraform";
import { type ThroughTerraform, throughTerraform } from "../cluster/terraform";
import { onCluster } from "../cluster/variant";
import { accounts } from "../fixtures/environments/accounts";
import { local } from "../fixtures/environments/local";
import { production } from "../fixtures/environments/production";

const CLUSTER = { context: "kind-test", kubeconfig: "/home/someone/.kube/config" };
const environment = { ...process.env };

// Every command is a process.
jest.setTimeout(30_000);

let directory: string;
let terraform: FakeTerraform;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "through-terraform-"));
  terraform = new FakeTerraform(directory);
});

afterEach(() => {
  process.env = { ...environment };
  rmSync(directory, { recursive: true });
  jest.restoreAllMocks();
});

/** What comes of applying an environment on a cluster in some state of the world. */
async function run(world: World = {}, options: Partial<ThroughTerraform> = {}) {
  terraform.begin(world);
  const said: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void said.push(line.replace(/ \(\d+ s\)/, "")));
  const results = new Results();
  const program = { accounts, environments: [SMALL] };
  await throughTerraform({ program, cluster: CLUSTER, found: async () => [], seconds: 0, directory, results, ...options });
  return { said: said.filter((line) => !line.startsWith("LEFT OUT")), asked: terraform.asked, failed: results.failed };
}

/** The environment on kind with fewer workloads: every command is a process, and every stack is several of them. */
const { queryApi: _, projections: __, migrations: ___, readDatabase: ____, cache: _____, ...SMALL } = local;

/** Its stacks, in the order in which they are made. */
const LOCAL = ["platform", "event-store", "write-side"].map((part) => `local-${part}`);

describe("stacks through Terraform", () => {
  it("are applied, planned empty and destroyed, and nothing is left", async () => {
    const { said, asked, failed } = await run();
    expect(asked).toEqual([
      ...LOCAL.flatMap((stack) => [
        `apply ${stack} -input=false -no-color -auto-approve`,
        `plan ${stack} -input=false -no-color -detailed-exitcode`,
      ]),
      ...[...LOCAL].reverse().map((stack) => `destroy ${stack} -input=false -no-color -auto-approve`),
    ]);
    expect(said).toEqual([
      ...LOCAL.flatMap((stack) => ["init", "apply", "replan"].map((step) => `PASSED  ${stack}: ${step}`)),
      ...[...LOCAL].reverse().map((stack) => `PASSED  ${stack}: destroy`),
      `PASSED  ${LOCAL.join(", ")} destroyed: check`,
    ]);
    expect(failed).toBe(false);
  });

  it("are those of both sides of an environment, on one cluster", async () => {
    const { asked } = await run({}, { program: { accounts, environments: [production] } });
    const stacks = ["platform", "event-store", "read-store", "observability", "migrations", "write-side", "read-side", "projections"].map(
      (part) => `production-${part}`,
    );
    expect(asked.map((line: string) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      ...stacks.flatMap((stack) => [`apply ${stack}`, `plan ${stack}`]),
      ...[...stacks].reverse().map((stack) => `destroy ${stack}`),
    ]);
  });

  it("fail where a second plan holds changes, and are destroyed all the same", async () => {
    const { said, asked, failed } = await run({ restless: "local-platform" });
    expect(failed).toBe(true);
    expect(said).toContain("FAILED  local-platform: replan\n        A second plan with changes:\n        ");
    expect(asked.at(-1)).toMatch(/^destroy local-platform/);
  });

  it("are destroyed where an apply fails half-way", async () => {
    const { said, asked, failed } = await run({ failing: "local-platform" });
    expect(failed).toBe(true);
    expect(asked.map((line: string) => line.split(" ")[0])).toEqual(["apply", "destroy"]);
    expect(said[1]).toBe("FAILED  local-platform: apply\n        ended with 1:\n        ");
  });

  it("fail where something is left behind", async () => {
    const cluster = [["Namespace default"], ["Namespace default", "ClusterRole keda"]];
    const { said, failed } = await run({}, { found: async () => (cluster.length > 1 ? cluster.shift() : cluster[0]) ?? [] });
    expect(failed).toBe(true);
    expect(said.at(-1)).toBe(`FAILED  ${LOCAL.join(", ")} destroyed: check\n        left behind: ClusterRole keda`);
  });

  it("are skipped in Terraform's own words where its providers can't be had", async () => {
    const { said, asked, failed } = await run({ noProviders: "Could not retrieve hashicorp/helm:\nno such host" });
    expect([failed, asked]).toEqual([false, []]);
    expect(said).toEqual(["SKIPPED stacks through Terraform: check\n        Could not retrieve hashicorp/helm: no such host"]);
  });

  it("are skipped where Terraform is missing, and where no pod would run", async () => {
    expect((await run({}, { idle: "the cluster has no nodes" })).said).toEqual([
      "SKIPPED stacks through Terraform: check\n        the cluster has no nodes",
    ]);
    rmSync(join(directory, "bin/terraform"));
    process.env.PATH = join(directory, "bin");
    expect((await run()).said).toEqual(["SKIPPED stacks through Terraform: check\n        terraform is not on the PATH"]);
  });

  it("fail where a stack can't be made ready for another reason", async () => {
    const { said, asked } = await run({ noBucket: true });
    expect(asked).toEqual([]);
    expect(said[0]).toMatch(/^FAILED {2}local-platform: init\n {8}ended with 1:\n {8}Error: Failed to get existing workspaces/);
  });

  it("reach no other cluster than the one that is written down", async () => {
    process.env.KUBE_HOST = "https://another.example.com";
    await run();
    expect(terraform.pointedAt).toEqual([]);
  });
});

describe("an environment on a cluster that stands for its own", () => {
  it("runs on it what it has on AWS, and says so", () => {
    const { environment, differences } = onCluster(production, CLUSTER);
    expect(environment).toMatchObject({
      cluster: CLUSTER,
      eventStore: { engine: "kurrentdb" },
      readDatabase: [{ engine: "cloudnative-pg" }],
      cache: { engine: "valkey" },
      queryApi: [{ replicas: production.queryApi.replicas }],
    });
    expect(environment).not.toHaveProperty("aws");
    expect(differences).toEqual([
      "writeCluster is kind-test",
      "readCluster is kind-test",
      "without aws",
      "size is small instead of medium",
      "eventStore is kurrentdb instead of kurrent-cloud",
      "readDatabase is cloudnative-pg instead of aurora",
      "cache is valkey instead of elasticache",
      "without aws-load-balancer-controller",
      "without external-dns",
      "without storage-classes",
    ]);
  });

  it("has the events of a PostgreSQL in one that runs there", () => {
    const eventStore = { engine: "postgres", server: { engine: "aurora", replicas: 2 } } as const;
    const { environment, differences } = onCluster({ ...local, eventStore }, CLUSTER);
    expect(environment.eventStore).toMatchObject({ engine: "postgres", server: { engine: "cloudnative-pg", instances: 1 } });
    expect(differences).toContain("eventStore.server is cloudnative-pg instead of aurora");
  });

  it("is the same where it was there before", () => {
    expect(onCluster(local, CLUSTER)).toMatchObject({
      environment: { eventStore: local.eventStore, readDatabase: [local.readDatabase], cache: local.cache },
      differences: ["cluster is kind-test"],
    });
  });
});
