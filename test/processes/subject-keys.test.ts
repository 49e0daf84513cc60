import { tmpdir } from "node:os";
import { join } from "node:path";
import { SubjectKeyClient, subjectKeysFromEnvironment } from "../../constructs/subject-keys";
import { SubjectKeysStub } from "../subject-keys/stub";
import { runAlone } from "./alone";

const PROGRAM = join(process.cwd(), "dist/constructs/subject-keys/subject-keys.mjs");
let aws: SubjectKeysStub;
beforeEach(async () => {
  aws = new SubjectKeysStub();
  await aws.begin();
});
afterEach(() => aws.end());

const run = (...args: readonly string[]) => runAlone(PROGRAM, args, { cwd: tmpdir(), env: aws.env });

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
