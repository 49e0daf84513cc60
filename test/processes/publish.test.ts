import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { holdsLock } from "../../stacks/base/lock-file";
import { type PublishOptions, publish, removeStaging, stagingOf } from "../../stacks/base/publish";

let outdir: string;
const others: ChildProcess[] = [];

beforeEach(() => {
  outdir = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "cdktf.out");
});
afterEach(async () => {
  for (const other of others.splice(0)) await end(other);
  rmSync(dirname(outdir), { recursive: true });
});

/** Publishes stacks, each with the text that it holds. */
function put(stacks: Readonly<Record<string, string>>, given: Partial<PublishOptions> = {}): void {
  const options = { outdir, ...given };
  const staging = stagingOf(options.outdir);
  for (const [id, text] of Object.entries(stacks)) {
    mkdirSync(join(staging, "stacks", id), { recursive: true });
    writeFileSync(join(staging, "stacks", id, "cdk.tf.json"), text);
  }
  writeFileSync(join(staging, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(Object.keys(stacks).map((id) => [id, {}])) }));
  publish(staging, new Map(Object.keys(stacks).map((id) => [id, { json: {} }])), options);
  rmSync(staging, { recursive: true });
}

/** Another process that publishes the same, and goes on reading it. */
async function reader(stacks: Readonly<Record<string, string>>, hold = true): Promise<ChildProcess> {
  const program = `
    const { publish, stagingOf } = require(${JSON.stringify(require.resolve("../../stacks/base/publish"))});
    const { join } = require("node:path");
    const { mkdirSync, writeFileSync } = require("node:fs");
    const outdir = ${JSON.stringify(outdir)}, stacks = ${JSON.stringify(stacks)};
    const staging = stagingOf(outdir);
    for (const id of Object.keys(stacks)) {
      mkdirSync(join(staging, "stacks", id), { recursive: true });
      writeFileSync(join(staging, "stacks", id, "cdk.tf.json"), stacks[id]);
    }
    writeFileSync(join(staging, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(Object.keys(stacks).map((id) => [id, {}])) }));
    publish(staging, new Map(Object.keys(stacks).map((id) => [id, {}])), { outdir, only: "one", hold: ${hold} });
    console.log("published");
    setInterval(() => {}, 1000);
  `;
  const other = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  others.push(other);
  await once(other.stdout, "data");
  return other;
}

async function end(other: ChildProcess): Promise<void> {
  if (other.exitCode !== null || other.signalCode !== null) return;
  other.kill("SIGKILL");
  await once(other, "exit");
}

const text = (id: string) => readFileSync(join(outdir, "stacks", id, "cdk.tf.json"), "utf8");

describe("publishing beside other processes", () => {
  it("loses nothing of what several write at once", async () => {
    await Promise.all(["a", "b", "c"].map((id) => reader({ [id]: id }, false)));
    expect(readdirSync(join(outdir, "stacks"))).toEqual(["a", "b", "c"]);
    expect(Object.keys(JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")).stacks)).toEqual(["a", "b", "c"]);
  });

  it("changes nothing under another process that reads it, and names that one", async () => {
    const { pid } = await reader({ a: "1", b: "1" });
    expect(() => put({ a: "2", b: "1" })).toThrow(
      new RegExp(
        `cdktf\\.out: is in use by .* \\(process ${pid}, since .*\\), and this would change a under it; wait for that command to end, or write to another directory with CDKTF_OUTDIR$`,
      ),
    );
    expect(() => put({ a: "1" }, { prune: true })).toThrow("this would change manifest.json, b under it");
    expect([text("a"), text("b")]).toEqual(["1", "1"]);
  });

  it("goes on where nothing changes", async () => {
    await reader({ a: "1" });
    expect(() => put({ a: "1" }, { prune: true })).not.toThrow();
  });

  it("takes no notice of a process that has ended, and leaves no trace of it", async () => {
    await end(await reader({ a: "1" }));
    mkdirSync(join(outdir, ".4194305.part"));
    put({ a: "2" });
    expect(text("a")).toBe("2");
    expect(readdirSync(outdir)).toEqual(["manifest.json", "stacks"]);
  });

  it("takes no notice of another process that got the id of one that has ended", () => {
    mkdirSync(join(outdir, ".claims"), { recursive: true });
    const claim = { pid: process.ppid, started: "1", host: hostname(), command: "npm start", since: "", writes: true };
    writeFileSync(join(outdir, ".claims", "other.json"), JSON.stringify(claim));
    put({ a: "1" });
    expect(existsSync(join(outdir, ".claims"))).toBe(false);
  });

  it("knows a directory by all its names", async () => {
    const other = `${outdir}-link`;
    mkdirSync(outdir);
    symlinkSync(outdir, other);
    const { pid } = await reader({ a: "1" });
    const said = `link/?: is in use by .* \\(process ${pid}, since .*\\), and this would change b, manifest.json under it`;
    for (const name of [other, `${other}/`]) expect(() => put({ b: "1" }, { outdir: name })).toThrow(new RegExp(said));
  });
});

describe("a directory that has more than stacks", () => {
  it("keeps it, also where stacks are taken away", () => {
    put({ a: "1", b: "1" });
    mkdirSync(join(outdir, "stacks", "sources"));
    put({ a: "1" }, { prune: true });
    expect(readdirSync(join(outdir, "stacks"))).toEqual(["a", "sources"]);
  });

  it.each([
    ["a manifest of something else", '{"name": "orders"}'],
    ["one that was cut off", '{"stacks": {"a'],
    ["nothing", "null"],
  ])("keeps %s", (_, manifest) => {
    mkdirSync(outdir);
    writeFileSync(join(outdir, "manifest.json"), manifest);
    expect(() => put({ a: "1" })).toThrow(
      `${join(outdir, "manifest.json")}: is not the manifest of a synthesis, which would replace it; rename it, or write to another directory with CDKTF_OUTDIR`,
    );
    expect(readFileSync(join(outdir, "manifest.json"), "utf8")).toBe(manifest);
  });

  it("leaves no directory where nothing was published", () => {
    removeStaging(stagingOf(outdir));
    expect(existsSync(outdir)).toBe(false);
  });
});

describe("a lock beside a stack", () => {
  const block = (version: string, ...hashes: string[]) =>
    `provider "registry.terraform.io/hashicorp/aws" {\n  version     = "${version}"\n  hashes = [\n${hashes.map((hash) => `    "${hash}",\n`).join("")}  ]\n}\n`;

  it("is kept with what Terraform has added to it, as long as it pins the same", () => {
    const pinned = block("5.100.0", "h1:a", "zh:b");
    const added = `${block("5.100.0", "h1:a", "h1:other", "zh:b")}\nprovider "registry.terraform.io/cloudflare/cloudflare" {\n  version = "5.21.0"\n}\n`;
    expect(holdsLock(added, pinned)).toBe(true);
    expect(holdsLock(block("5.99.0", "h1:a", "zh:b"), pinned)).toBe(false);
    expect(holdsLock(block("5.100.0", "h1:a"), pinned)).toBe(false);
    expect(holdsLock("", pinned)).toBe(false);
  });
});
