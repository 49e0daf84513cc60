import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import type { App } from "cdktf";
import { compose, type Program, synthesize } from "../../stacks";
import * as composing from "../../stacks/compose";
import { anEnvironment, aProgram } from "../environments";
import { program as shipped } from "../fixtures/environments";
import { THOROUGH } from "../thorough";
import { content, stacksOf } from "./files";

/** Of what is shipped one environment on AWS, and one without any cloud. */
const program = { ...shipped, environments: shipped.environments.filter(({ name }) => name === "local" || name === "dev") };

const LOCK = "environments/.terraform.lock.hcl";

let outdir: string;
beforeEach(() => {
  outdir = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "out");
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dirname(outdir), { recursive: true, force: true });
});

/** What may be lost, in a network of its own. */
const LOSABLE = {
  aws: {
    account: "111122223333",
    region: "eu-west-1",
    recoveryRegion: "eu-central-1",
    domain: "lost.example.com",
    network: { cidr: "10.9.0.0/16" },
  },
  exceptions: { disposable: "a test" },
};

describe("a synthesis", () => {
  // What is shipped, once for those who look at it or at what differs from it.
  const whole = join(mkdtempSync(join(tmpdir(), "cdktf-cqrs-")), "out");
  const { stacks } = synthesize(program, { outdir: whole, lock: LOCK });
  const first = content(whole);
  afterAll(() => rmSync(dirname(whole), { recursive: true }));

  it("is the same, byte for byte, however often it runs, at whatever time and by whatever chance, in whatever surroundings", () => {
    jest.spyOn(Math, "random").mockReturnValue(0.123);
    jest.spyOn(Date, "now").mockReturnValue(0);
    process.env.AWS_REGION = "us-west-2";
    const again = THOROUGH ? undefined : "local";
    synthesize(program, { outdir, lock: LOCK, ...(again ? { only: again } : {}) });
    delete process.env.AWS_REGION;
    if (again) expect(stacksOf(again, content(outdir))).toEqual(stacksOf(again, first));
    else expect(content(outdir)).toEqual(first);
    expect(Object.keys(first).length).toBeGreaterThan(30);
  });

  it("names no directory of this machine", () => {
    const written = Object.values(first).join("\n");
    expect(written).not.toContain(dirname(outdir));
    expect(written).not.toContain(process.cwd());
  });

  it("writes nothing where an environment can't be deployed", () => {
    expect(() => synthesize(aProgram(anEnvironment({ cache: { engine: "redis" } })), { outdir })).toThrow(
      'test.cache.engine: "redis" is not a supported engine here',
    );
    expect(existsSync(outdir)).toBe(false);
  });

  it("writes nothing where a policy is broken, and says so for every stack at once", () => {
    const original = compose;
    jest.spyOn(composing, "compose").mockImplementation((app: App, all: Program, only?: string) => {
      const compositions = original(app, all, only);
      for (const { stacks } of compositions)
        for (const stack of stacks) if (stack.node.id.endsWith("network")) new S3Bucket(stack, "careless", { bucket: "careless" });
      return compositions;
    });
    const error = (() => {
      try {
        synthesize(aProgram(anEnvironment(), anEnvironment({ ...LOSABLE, name: "lost" })), { outdir });
      } catch (thrown) {
        return thrown as Error;
      }
      return new Error("nothing was thrown");
    })();
    const broken = error.message.split("\n").map((line) => line.replace(/:.*\((.*)\).*/, " $1"));
    expect(broken).toEqual([
      "test-network/aws_s3_bucket.careless tls-only-buckets",
      "test-network/aws_s3_bucket.careless data-is-kept",
      "test-network/aws_s3_bucket.careless data-lives-apart",
      "lost-network/aws_s3_bucket.careless tls-only-buckets",
      "lost-network/aws_s3_bucket.careless data-lives-apart",
    ]);
    expect(existsSync(outdir)).toBe(false);
    expect(readdirSync(dirname(outdir))).toEqual([]);
  });

  it("leaves alone what Terraform keeps beside a stack, and removes stacks that are gone", () => {
    const small = aProgram(anEnvironment());
    synthesize(small, { outdir });
    const lock = join(outdir, "stacks", "test-keys", ".terraform.lock.hcl");
    writeFileSync(lock, "# lock");
    const stacks = readdirSync(join(outdir, "stacks"));
    for (const name of ["test-gone", "of-the-user"]) mkdirSync(join(outdir, "stacks", name));
    writeFileSync(join(outdir, "stacks", "test-gone", "cdk.tf.json"), "{}");
    synthesize(small, { outdir, prune: true });
    expect(existsSync(lock)).toBe(true);
    expect(readdirSync(join(outdir, "stacks"))).toEqual(["of-the-user", ...stacks].sort());
  });

  it("puts the pinned providers beside each stack, those that it needs and no other", () => {
    for (const id of readdirSync(join(whole, "stacks"))) {
      const lock = readFileSync(join(whole, "stacks", id, ".terraform.lock.hcl"), "utf8");
      const pinned = /-(platform|store|observability|side|projections|migrations|users)$/.test(id)
        ? { helm: "3.1.1", kubernetes: "2.38.0" }
        : { aws: "5.100.0" };
      expect(lock.match(/^provider .*|^ {2}version .*/gm)).toEqual(
        Object.entries(pinned).flatMap(([name, version]) => [
          `provider "registry.terraform.io/hashicorp/${name}" {`,
          `  version     = "${version}"`,
        ]),
      );
    }
  });

  it("can be of one environment, and leaves the others listed", () => {
    const two = aProgram(anEnvironment(), anEnvironment({ ...LOSABLE, name: "lost" }));
    synthesize(two, { outdir });
    const both = content(outdir);
    synthesize(two, { outdir, only: "lost" });
    expect(content(outdir)).toEqual(both);
    rmSync(outdir, { recursive: true });
    synthesize(two, { outdir, only: "lost" });
    expect(readdirSync(join(outdir, "stacks"))).toEqual(["lost-backup", "lost-keys", "lost-network"]);
  });

  it("has no stack that would be empty", () => {
    for (const { json } of stacks.values()) expect(Object.keys((json.resource ?? {}) as object).length).toBeGreaterThan(0);
  });
});
