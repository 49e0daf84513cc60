import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { IngressV1 } from "@cdktf/provider-kubernetes/lib/ingress-v1";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { SecretV1 } from "@cdktf/provider-kubernetes/lib/secret-v1";
import type { App } from "cdktf";
import { parseAllDocuments } from "yaml";
import { render } from "../../cli/render";
import { KubernetesTarget, Release } from "../../constructs/kubernetes";
import { PlatformStack } from "../../stacks";
import { localStackProps } from "../../stacks/base/stack";
import * as composing from "../../stacks/compose";
import { anEnvironment, aProgram } from "../environments";
import { unwrapped } from "./unwrapped";

type Build = (stack: PlatformStack, cluster: KubernetesTarget) => void;

/** A value that must be in nothing that is written. */
const CANARY = "canary-3f1c";

/** A stack with a bit of each: objects, a Secret, a chart. */
const writeSide: Build = (stack, cluster) => {
  const { metadata } = new NamespaceV1(stack, "namespace", { metadata: { name: "orders", labels: { team: "orders" } } });
  const place = { name: "api", namespace: metadata.name };
  new ConfigMapV1(stack, "config", { metadata: place, data: { answer: "yes", octal: "010", store: "${data.x.y.z}" } });
  new SecretV1(stack, "secret", { metadata: place, dataWo: { password: CANARY }, dataWoRevision: 1 });
  new Release(stack, "certificates", {
    cluster,
    chart: "cert-manager",
    namespace: metadata.name,
    values: { crds: { enabled: true } },
    pods: [],
  });
};

let out: string;
beforeEach(() => {
  out = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "manifests");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dirname(out), { recursive: true, force: true });
});

/** What the command says, and how it ends. */
function run(...args: string[]): { readonly code: number; readonly out: string; readonly err: string } {
  let [said, err] = ["", ""];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => {
    said += text;
    return true;
  });
  jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  const code = render(aProgram(anEnvironment()), args);
  return { code, out: said.replaceAll(out, "OUT"), err: err.replaceAll(out, "OUT") };
}

/** Gives the environment stacks that a test builds, by id. */
function compose(builds: Readonly<Record<string, Build>>): void {
  jest.spyOn(composing, "compose").mockImplementation((app: App) => [
    {
      name: "test",
      sites: [],
      stacks: Object.entries(builds).map(([id, build]) => {
        const stack = new PlatformStack(app, id, localStackProps(anEnvironment(), id));
        build(stack, KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }));
        return stack;
      }),
    },
  ]);
}

const files = () => readdirSync(join(out, "test")).filter((file) => !file.startsWith("."));
const read = (file: string) => readFileSync(join(out, "test", file), "utf8");

describe("npm run manifests", () => {
  it("writes what each stack makes, and how each chart is rendered", () => {
    compose({ "test-write-side": writeSide, "test-data": () => {} });
    expect(run("test", "--out", out)).toEqual({
      code: 0,
      out: "OUT/test holds\n  test-write-side: objects 3, charts 1\nThe values of each chart begin with the command that renders it.\n",
      err: "",
    });
    expect(files()).toEqual(["test-write-side.orders.certificates.values.yaml", "test-write-side.yaml"]);
    expect(read("test-write-side.orders.certificates.values.yaml").replaceAll(out, "OUT")).toMatchSnapshot();
    expect(read("test-write-side.yaml")).toMatchSnapshot();
  });

  it("writes no Secret's value, and nothing that a reader of YAML 1.1 takes for something else", () => {
    compose({ "test-write-side": writeSide });
    run("test", "--out", out);
    const text = read("test-write-side.yaml");
    expect(text).not.toContain(CANARY);
    const [one, other] = (["1.1", "1.2"] as const).map((version) =>
      parseAllDocuments(text, { version }).map((document) => document.toJS()),
    );
    expect(one).toEqual(other);
  });

  it("replaces what an earlier run wrote", () => {
    compose({ "test-old": writeSide });
    run("test", "--out", out);
    compose({ "test-new": (stack) => void new ConfigMapV1(stack, "config", { metadata: { name: "orders" } }) });
    run("test", "--out", out);
    expect(files()).toEqual(["test-new.yaml"]);
    expect(readdirSync(out)).toEqual(["test"]);
  });

  it("says what it does not know in every stack, and writes nothing", () => {
    const ingress = (stack: PlatformStack) => void new IngressV1(stack, "front", { metadata: { name: "front" }, spec: {} });
    compose({ "test-write-side": ingress, "test-read-side": ingress, "test-read-platform": writeSide });
    expect(run("test", "--out", out)).toEqual({
      code: 1,
      out: "",
      err: ["write", "read"]
        .map(
          (side) =>
            `test-${side}-side/kubernetes_ingress_v1.front: is of a type that is not known;\n  add it to constructs/kubernetes/objects/kinds.ts\n`,
        )
        .join(""),
    });
    expect(existsSync(out)).toBe(false);
  });

  it("deletes nothing that it did not write", () => {
    mkdirSync(join(out, "test"), { recursive: true });
    for (const file of ["notes.md", "own.yaml"]) writeFileSync(join(out, "test", file), "mine");
    compose({ "test-old": writeSide });
    expect(run("test", "--out", out).code).toBe(0);
    compose({ "test-new": (stack) => void new ConfigMapV1(stack, "config", { metadata: { name: "orders" } }) });
    expect(run("test", "--out", out).code).toBe(0);
    expect(files()).toEqual(["notes.md", "own.yaml", "test-new.yaml"]);
    expect(read("own.yaml")).toBe("mine");
  });

  it("replaces nothing that it did not write", () => {
    mkdirSync(join(out, "test"), { recursive: true });
    writeFileSync(join(out, "test", "test-write-side.yaml"), "mine");
    compose({ "test-write-side": writeSide });
    expect(run("test", "--out", out)).toEqual({
      code: 1,
      out: "",
      err: "OUT/test:\n  holds test-write-side.yaml, which this command did not write and would replace;\n  move it away, or name another directory with --out\n",
    });
    expect(read("test-write-side.yaml")).toBe("mine");
    expect(readdirSync(out)).toEqual(["test"]);
  });

  it.each(["{}", "null", '["a.yaml", 1]', '["../other.yaml"]', '["a.y'])("deletes nothing by a list that it did not write: %s", (list) => {
    compose({ "test-write-side": writeSide });
    expect(run("test", "--out", out).code).toBe(0);
    const file = readdirSync(join(out, "test")).find((name) => name.endsWith(".json")) as string;
    writeFileSync(join(out, "test", file), list);
    writeFileSync(join(out, "other.yaml"), "mine");
    expect(unwrapped(run("test", "--out", out).err)).toBe(
      `OUT/test/${file}: is not a list of files; delete it and the files that this command wrote\n`,
    );
    expect(readdirSync(out)).toEqual(["other.yaml", "test"]);
  });

  it("says in a line what is in its way, and writes nothing", () => {
    compose({ "test-write-side": writeSide });
    writeFileSync(out, "");
    expect(run("test", "--out", out)).toEqual({ code: 1, out: "", err: "OUT: must be a directory, but is a file; move the file away\n" });
  });

  it("says so where an environment makes nothing on Kubernetes", () => {
    compose({ "test-keys": () => {}, "test-network": () => {} });
    expect(run("test", "--out", out).err).toBe("test makes nothing on Kubernetes; its stacks: test-keys, test-network\n");
    compose({});
    expect(run("test", "--out", out).err).toBe("test makes nothing on Kubernetes; its stacks: none\n");
  });

  it("names what there is where a name is wrong", () => {
    expect(run("tset")).toEqual({ code: 1, out: "", err: "There is no environment tset; did you mean test?\n  environments: test\n" });
  });

  it("refuses what it does not understand", () => {
    const refused = (what: string) => ({
      code: 1,
      out: "",
      err: `${what}\n\nUsage: npm run manifests -- <environment> [--out <directory>]\n`,
    });
    for (const args of [[], ["test", "other"]]) expect(run(...args)).toEqual(refused("manifests: requires the name of one environment"));
    expect(run("test", "--out")).toEqual(refused("--out: needs the path of a directory"));
    expect(run("test", "--oout", "x")).toEqual(refused("--oout: not an option here; did you mean --out?"));
  });

  it("only checks where types are wrong", () => {
    expect(run("test", "--check-only")).toEqual({ code: 0, out: "", err: "" });
  });

  it("asks charts what they make of the oldest cluster of the environment", () => {
    compose({ "test-write-side": writeSide });
    const nodes = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
    const environment = anEnvironment({ writeCluster: { ...nodes, version: "1.36" }, readCluster: { ...nodes, version: "1.34" } });
    jest.spyOn(process.stdout, "write").mockImplementation(() => true);
    expect(render(aProgram(environment), ["test", "--out", out])).toBe(0);
    expect(read("test-write-side.orders.certificates.values.yaml")).toContain(" --kube-version 1.34 ");
  });
});
