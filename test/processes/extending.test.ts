import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { Namespace } from "../../constructs/kubernetes";
import type { Policy } from "../../constructs/policy";
import type { Program } from "../../stacks";
import { compose } from "../../stacks";
import { aCluster } from "../broker/data-cluster";
import { program } from "../fixtures/environments";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const directory = join(__dirname, "examples");

/** The blocks of a page, each a module under the heading that it stands below. */
const EXAMPLES = [...readFileSync("docs/extending.md", "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);

// Below the package's root the package is known by its own name, so that imports are resolved as a project's are.
const TSCONFIG = {
  compilerOptions: { target: "es2022", module: "node16", strict: true, skipLibCheck: true, types: [] },
  files: EXAMPLES.map((_, index) => `example-${index}.ts`),
};

/** What is wrong with the examples. They are compiled to run here, and to write where a test says. */
function compile(outdir: string): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(TSCONFIG));
  for (const [index, code] of EXAMPLES.entries())
    writeFileSync(join(directory, `example-${index}.ts`), code.replace("new App()", `new App({ outdir: ${JSON.stringify(outdir)} })`));
  const { stdout, stderr } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", directory], { encoding: "utf8" });
  return stdout + stderr;
}

const load = (index: number) => require(join(directory, `example-${index}.js`));

describe("the examples of docs/extending.md", () => {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  const said = compile(outdir);

  afterAll(() => {
    for (const made of [outdir, directory]) rmSync(made, { recursive: true, force: true });
  });

  it("compile, each by itself", () => {
    expect(EXAMPLES).toHaveLength(7);
    expect(said).toBe("");
  });

  it("write a whole system in less than seventy lines", () => {
    load(0);
    const { resource } = JSON.parse(readFileSync(join(outdir, "stacks/shop/cdk.tf.json"), "utf8"));
    expect(Object.values<Body>(resource.kubernetes_deployment_v1).map(({ metadata }) => metadata.name)).toEqual([
      "checkout",
      "stock",
      "mailer",
    ]);
    expect(Object.values<Body>(resource.helm_release).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["orders", "broker", "cache", "checkout-routes"]),
    );
    expect(EXAMPLES[0]?.trim().split("\n").length).toBeLessThan(70);
  });

  it("weigh a cluster by the sizes of its nodes", () => {
    let fits: unknown;
    synth((stack) => {
      fits = load(1).clusterOf(stack).ledger.verdict().known;
    });
    expect(fits).toBe(true);
  });

  const place = (stack: Parameters<typeof aCluster>[0]) => {
    const cluster = aCluster(stack);
    const { name: namespace, ready: after } = new Namespace(stack, "data", {
      cluster,
      name: "data",
      quota: { cpu: 4, memory: "8Gi", pods: 20 },
    });
    return { cluster, namespace, after };
  };

  it("put an engine behind the contract of PostgreSQL", () => {
    const { RentedPostgres } = load(2);
    const build = (stack: Parameters<typeof aCluster>[0]) =>
      void new RentedPostgres(stack, "rented", { ...place(stack), host: "orders.db.example.com", cidr: "203.0.113.0/24" });
    expect(refusalsOf(build)).toEqual([]);
    const policy = one(synth(build), "kubernetes_network_policy_v1", "roles/pod/traffic/policy");
    expect(JSON.stringify(policy.spec.egress)).toContain("203.0.113.0/24");
  });

  it("make a store that workloads can use", () => {
    const { Search } = load(3);
    const build = (stack: Parameters<typeof aCluster>[0]) => {
      const search = new Search(stack, "search", { ...place(stack), clients: [{ namespace: "shop" }] });
      expect(search.connection.facts.key).toMatchObject({ home: "data", key: "key" });
    };
    expect(refusalsOf(build)).toEqual([]);
    expect(all(synth(build), "kubernetes_persistent_volume_claim_v1")).toHaveLength(1);
  });

  it("find what breaks a policy of one's own", () => {
    const [policy] = load(4).policies as readonly [Policy];
    const bucket = { type: "aws_s3_bucket", address: "aws_s3_bucket.logs", body: { tags: {} } };
    const stackWith = (tags: object) =>
      ({ json: { provider: { aws: [{ default_tags: [{ tags }] }] } } }) as unknown as Parameters<Policy["check"]>[0];
    expect(policy.check(stackWith({}), [bucket])).toEqual(["aws_s3_bucket.logs"]);
    expect(policy.check(stackWith({ "cost-centre": "4711" }), [bucket])).toEqual([]);
    expect(policy.check(stackWith({}), [{ ...bucket, body: { tags: { "cost-centre": "4711" } } }])).toEqual([]);
  });

  it("add something to a stack of an environment, and a stack", () => {
    const extensions = [5, 6].map((index) => load(index).extend as NonNullable<Program["extend"]>);
    const staging = program.environments.find(({ name }) => name === "staging");
    const app = new App({ outdir });
    const extend: Program["extend"] = (deployment) => {
      for (const each of extensions) each(deployment);
    };
    const [environment] = compose(app, { ...program, environments: staging ? [staging] : [], extend }, "staging");
    expect(app.node.findAll().map(({ node }) => node.path)).toContain("staging-read-side/exporter/rollout/pods");
    expect(environment?.stacks.at(-1)?.dependencies.map(({ node }) => node.id)).toContain("staging-read-side");
    const objects = environment?.stacks.at(-1)?.toTerraform() ?? {};
    expect(all(objects, "helm_release").map(({ name }) => name)).toEqual(["mailpit"]);
  });
});
