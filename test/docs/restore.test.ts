import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { TOOLS } from "../../constructs/core/versions";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";
import { shellBlocks } from "./scenarios";

const PAGE = readFileSync("docs/restore.md", "utf8");
const SECTION = PAGE.slice(PAGE.indexOf("## Restore KurrentDB from a volume snapshot")).split(/\n## /)[0] ?? "";

/** Objects that the commands of the section apply, by a kubectl that writes down what it gets. */
function applied(): readonly Body[] {
  const directory = mkdtempSync(join(tmpdir(), "restore-"));
  try {
    const kubectl = '#!/bin/sh\n[ "$1" != apply ] || { cat; echo ---; } >>"$OBJECTS"\n';
    writeFileSync(join(directory, "kubectl"), kubectl, { mode: 0o755 });
    const objects = join(directory, "objects");
    const code = shellBlocks(SECTION).filter((block) => block.includes("kubectl apply"));
    const env = { PATH: `${directory}:${process.env.PATH}`, OBJECTS: objects, handle: "snap-1" };
    const { status, stderr } = spawnSync("bash", ["-eu"], { input: code.join("\n"), env, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    return parseAllDocuments(readFileSync(objects, "utf8")).flatMap((document) => document.toJS() ?? []);
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
    const objects = applied();
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

  it("finds snapshots of a lost cluster by a tag that they have", () => {
    const [, key = "", value = ""] = /Name=tag:(event-store),Values=(\S+)/.exec(SECTION) ?? [];
    const tag = `${key}=${value.replace("$ns", "event-store").replace("$store", "event-store")}`;
    expect(JSON.stringify(json).replaceAll("\\", "")).toContain(`"tagSpecification_1":"${tag}"`);
  });
});
