import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import ts from "typescript-5";
import { Namespace } from "../../constructs/kubernetes";
import type { Policy } from "../../constructs/policy";
import type { Program } from "../../stacks";
import { compose } from "../../stacks";
import { aCluster } from "../broker/data-cluster";
import { program } from "../fixtures/environments";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const dist = join(__dirname, "../..");
const directory = join(dist, "test/docs/examples");

/** The blocks of a page, each a module under the heading that it stands below. */
const EXAMPLES = [...readFileSync("docs/extending.md", "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""], index) => ({
  file: join(directory, `example-${index}.ts`),
  code,
}));

/** The module of the package that an import names, as it is compiled here. */
function compiled(name: string): string | undefined {
  const [, path] = /^cdktf-cqrs\/(.*)$/.exec(name) ?? [];
  return path && join(dist, path, "index");
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  strict: true,
  skipLibCheck: true,
  esModuleInterop: true,
  types: [],
  outDir: directory,
  rootDir: directory,
};

/** What is wrong with the examples. They are compiled to run here, and to write where a test says. */
function compile(outdir: string): readonly string[] {
  mkdirSync(directory, { recursive: true });
  for (const { file, code } of EXAMPLES) writeFileSync(file, code);
  const host = ts.createCompilerHost(OPTIONS);
  host.resolveModuleNameLiterals = (names, containing) =>
    names.map(({ text }) => {
      const own = compiled(text);
      if (own)
        return { resolvedModule: existsSync(`${own}.d.ts`) ? { resolvedFileName: `${own}.d.ts`, extension: ts.Extension.Dts } : undefined };
      // What declarations of constructs say of resources of providers is not asked here, and long to read.
      if (text.startsWith("@cdktf/provider-") && !containing.startsWith(directory)) return { resolvedModule: undefined };
      return ts.resolveModuleName(text, containing, OPTIONS, host);
    });
  const made = ts.createProgram(
    EXAMPLES.map(({ file }) => file),
    OPTIONS,
    host,
  );
  made.emit(undefined, (file, text) => {
    const code = text
      .replace(/require\("(cdktf-cqrs\/[^"]+)"\)/g, (_, name: string) => `require(${JSON.stringify(compiled(name))})`)
      .replace("new cdktf_1.App()", `new cdktf_1.App({ outdir: ${JSON.stringify(outdir)} })`);
    writeFileSync(file, code);
  });
  return ts
    .getPreEmitDiagnostics(made)
    .map(({ file, messageText }) => `${file?.fileName.split("/").pop()}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}

const load = (index: number) => require(join(directory, `example-${index}.js`));

describe("the examples of docs/extending.md", () => {
  const outdir = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
  const said = compile(outdir);

  afterAll(() => {
    for (const made of [outdir, directory]) rmSync(made, { recursive: true, force: true });
  });

  it("compile, each by itself", () => {
    expect(EXAMPLES).toHaveLength(6);
    expect(said).toEqual([]);
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
    expect(EXAMPLES[0]?.code.trim().split("\n").length).toBeLessThan(70);
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

  it("add something to a stack of an environment", () => {
    const { extend } = load(5) as { readonly extend: NonNullable<Program["extend"]> };
    const staging = program.environments.find(({ name }) => name === "staging");
    const app = new App({ outdir });
    compose(app, { ...program, environments: staging ? [staging] : [], extend }, "staging");
    expect(app.node.findAll().map(({ node }) => node.path)).toContain("staging-read-side/exporter/rollout/pods");
  });
});
