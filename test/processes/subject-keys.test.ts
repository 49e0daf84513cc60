import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SubjectKeyClient, subjectKeysFromEnvironment } from "../../constructs/subject-keys";
import { SubjectKeysStub } from "../subject-keys/stub";

const PROGRAM = join(process.cwd(), "dist/constructs/subject-keys/subject-keys.mjs");
let aws: SubjectKeysStub;
beforeEach(async () => {
  aws = new SubjectKeysStub();
  await aws.begin();
});
afterEach(() => aws.end());

/** Runs the program alone with Node.js, in a folder without packages. */
async function run(...args: readonly string[]) {
  const child = spawn("node", [PROGRAM, ...args], { cwd: tmpdir(), env: { PATH: process.env.PATH, ...aws.env } });
  let [out, error] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    error += data;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, out, error };
}

describe("subject-keys.mjs", () => {
  it("runs alone: erases and proves", async () => {
    const keys = new SubjectKeyClient(subjectKeysFromEnvironment(aws.env));
    const sealed = await keys.encrypt("customer-1", "r1", "ada@example.com");
    const erased = await run("erase", "customer-1", "--actor", "privacy-team");
    expect(erased).toMatchObject({ code: 0, error: "" });
    expect(await keys.decrypt("customer-1", "r1", sealed)).toBeUndefined();
    const [, record = ""] = /^record: (.*)$/m.exec(erased.out) ?? [];
    expect(await run("prove", "customer-1", "--record", record)).toMatchObject({ code: 0, error: "" });
    expect(await run("prove", "customer-2", "--record", record)).toMatchObject({ code: 1, out: `${record}: is about another subject\n` });
    expect(await run("forget", "customer-1")).toMatchObject({ code: 2, error: expect.stringContaining("Usage:") });
  });
});
