import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { TOOLS } from "../../constructs/core/versions";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";
import { shellBlocks } from "./scenarios";

/** The fast tier needs Node.js only. */
const itWithJq = spawnSync("jq", ["--version"]).status === 0 ? it : it.skip;

const PAGE = readFileSync("docs/restore.md", "utf8");
const SECTION = PAGE.slice(PAGE.indexOf("## Restore KurrentDB from a volume snapshot")).split(/\n## /)[0] ?? "";

/** Runs the blocks of the section that have a command, with programs that write down what they get. Returns what one of them got. */
function got(command: string, program: "kubectl" | "terraform", files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "restore-"));
  try {
    const scripts = { kubectl: '[ "$1" != apply ] || { cat; echo ---; } >>kubectl.got', terraform: 'echo "$*" >>terraform.got', npm: ":" };
    for (const [name, script] of Object.entries(scripts)) writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content);
    }
    const code = shellBlocks(SECTION).filter((block) => block.includes(command));
    const env = { PATH: `${directory}:${process.env.PATH}`, handle: "snap-1" };
    const { status, stderr } = spawnSync("bash", ["-eu"], { input: code.join("\n"), env, cwd: directory, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return readFileSync(join(directory, `${program}.got`), "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe("docs/restore.md", () => {
  const eventStore = { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d" }, volumeSnapshots: { every: "6h", keep: "7d" } };
  const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
  const { stacks } = synthesisOf(aProgram(anEnvironment({ cluster, eventStore })));
  const json = stacks.get("test-event-store")?.json as Body;

  it("creates the claims that the event store finds, from the snapshot", () => {
    const text = got("kubectl apply", "kubectl");
    const objects: readonly Body[] = parseAllDocuments(text).flatMap((document) => document.toJS() ?? []);
    const claims = objects.filter(({ kind }) => kind === "PersistentVolumeClaim");
    const made = all(json, "kubernetes_persistent_volume_claim_v1");
    const keyOf = (name: string, namespace: string, storageClass: string) => `${namespace}/${name} of ${storageClass}`;
    expect(claims.map(({ metadata, spec }) => keyOf(metadata.name, metadata.namespace, spec.storageClassName)).sort()).toEqual(
      made.map(({ metadata, spec }) => keyOf(metadata.name, metadata.namespace, spec.storage_class_name)).sort(),
    );
    const [content, snapshot] = ["VolumeSnapshotContent", "VolumeSnapshot"].map((wanted) => objects.find(({ kind }) => kind === wanted));
    expect(content?.spec.source.snapshotHandle).toBe("snap-1");
    expect(content?.spec.volumeSnapshotRef.name).toBe(snapshot?.metadata.name);
    for (const { spec } of claims) expect(spec.dataSource.name).toBe(snapshot?.metadata.name);
    const pods = objects.filter(({ kind }) => kind === "Pod");
    for (const { spec } of pods) expect(spec.containers[0].image).toBe(TOOLS.busybox);
    expect(pods.map(({ spec }) => spec.volumes[0].persistentVolumeClaim.claimName)).toEqual(claims.map(({ metadata }) => metadata.name));
  });

  itWithJq("imports what it has created under the addresses that Terraform would create (jq)", () => {
    const [init, ...imports] = got("terraform", "terraform", { "cdktf.out/stacks/name-event-store/cdk.tf.json": JSON.stringify(json) })
      .trim()
      .split("\n");
    const at = "-chdir=cdktf.out/stacks/name-event-store";
    expect(init).toBe(`${at} init -input=false`);
    const addressed = (type: string, id: (body: Body) => string) =>
      Object.entries<Body>(json.resource[type]).map(([key, body]) => `${at} import ${type}.${key} ${id(body)}`);
    expect(imports.sort()).toEqual(
      [
        ...addressed("kubernetes_namespace_v1", ({ metadata }) => metadata.name),
        ...addressed("kubernetes_persistent_volume_claim_v1", ({ metadata }) => `${metadata.namespace}/${metadata.name}`),
      ].sort(),
    );
  });

  it("finds snapshots of a lost cluster by a tag that they have", () => {
    const [, key = "", value = ""] = /Name=tag:(event-store),Values=(\S+)/.exec(SECTION) ?? [];
    const tag = `${key}=${value.replace("$ns", "event-store").replace("$store", "event-store")}`;
    expect(JSON.stringify(json).replaceAll("\\", "")).toContain(`"tagSpecification_1":"${tag}"`);
  });

  it("finds copies by tags that they have, and copies under a key that the new environment has", () => {
    const { spec } = one(json, "kubernetes_cron_job_v1", "snapshots/job");
    const [{ env }] = spec.job_template.spec.template.spec.container;
    const tags = JSON.parse(env.find(({ name }: Body) => name === "COPY_TAGS").value);
    const filters = [...SECTION.matchAll(/Name=tag:([\w-]+)/g)].map(([, tag = ""]) => tag);
    expect(filters).toEqual(["environment", "event-store"]);
    expect(Object.keys(tags)).toEqual(expect.arrayContaining(filters));
    const [, alias = ""] = /--kms-key-id (alias\/\S+)/.exec(SECTION) ?? [];
    const names = all(stacks.get("test-keys")?.json as Body, "aws_kms_alias").map(({ name }) => name);
    expect(names).toContain(alias.replace("$system", "orders").replace("$env", "test"));
  });
});

describe("docs/data.md", () => {
  const streamBackup = { every: "15m", keep: "28d" };
  const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };

  itWithJq("restores events in PostgreSQL as the migrator (jq)", () => {
    const eventStore = { engine: "postgres", server: { engine: "cloudnative-pg", pooler: true }, streamBackup };
    const { stacks } = synthesisOf(aProgram(anEnvironment({ cluster, eventStore })));
    const { spec } = one(stacks.get("test-event-store")?.json as Body, "kubernetes_cron_job_v1", "event-store-backup/backup");
    const [{ env }] = spec.job_template.spec.template.spec.container;
    const variables = env.map(({ name, value, value_from: from }: Body) =>
      from ? { name, valueFrom: { secretKeyRef: from.secret_key_ref } } : { name, value },
    );
    // Past the pooler, which has no sessions.
    expect(env.find(({ name }: Body) => name === "EVENT_STORE_URL").value).toContain("@event-store-rw.event-store.svc:5432/");
    const section = readFileSync("docs/data.md", "utf8").split("### Stream backup of events in PostgreSQL")[1] ?? "";
    const [, filter = ""] = /jq '([^']+)'/.exec(section) ?? [];
    const input = JSON.stringify({ spec: { template: { spec: { containers: [{ args: ["backup"], env: variables }] } } } });
    const { stdout, stderr } = spawnSync("jq", [filter], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    const [container] = JSON.parse(stdout).spec.template.spec.containers;
    expect(container.args).toEqual(["restore"]);
    const secrets = container.env.flatMap(({ valueFrom }: Body) => valueFrom?.secretKeyRef ?? []);
    expect(secrets.map(({ name, key }: Body) => `${name} ${key}`)).toEqual(["event-store-migrator password", "event-store-migrator user"]);
    expect(container.env.map(({ name }: Body) => name)).toEqual(env.map(({ name }: Body) => name));
  });
});
