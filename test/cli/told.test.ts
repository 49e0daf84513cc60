import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { at, messageFor } from "../../cli/told";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function fault(work: () => void): string | undefined {
  try {
    work();
  } catch (error) {
    return messageFor(error)?.replaceAll(directory, "DIR");
  }
  throw new Error("nothing was refused");
}

describe("messageFor", () => {
  it("names the file that stands where a directory is needed, wherever it is in the path", () => {
    writeFileSync(join(directory, "file"), "");
    const said = "DIR/file: must be a directory, but is a file; move the file away";
    expect(fault(() => mkdirSync(join(directory, "file/a/b"), { recursive: true }))).toBe(said);
    expect(fault(() => mkdirSync(join(directory, "file"), { recursive: true }))).toBe(said);
    expect(fault(() => writeFileSync(join(directory, "file/a"), ""))).toBe(said);
  });

  it("names the directory that stands where a file is needed", () => {
    expect(fault(() => writeFileSync(directory, ""))).toBe("DIR: must be a file, but is a directory; move the directory away");
  });

  it.each([
    ["ENOSPC", "can't be written: the disk is full; free space on it"],
    ["EACCES", "can't be accessed: permission denied; change its permissions or its owner"],
  ])("says what to do about %s", (code, said) => {
    expect(messageFor(Object.assign(new Error(code), { code, path: "/a/file" }))).toBe(`/a/file: ${said}`);
  });

  it("knows where a disk is full although the system does not say", () => {
    const full = () => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
    };
    expect(fault(() => at("/a/directory", full))).toBe("/a/directory: can't be written: the disk is full; free space on it");
  });

  it("doesn't believe that a directory that can't be created is missing, and names it without the suffix of staging", () => {
    const readOnly = Object.assign(new Error("ENOENT"), { code: "ENOENT", syscall: "mkdir", path: "/a/orders.123.part/test" });
    expect(messageFor(readOnly)).toBe(
      "/a/orders/test: can't be created: the directory around it is read-only or was deleted; choose another directory",
    );
    const inside = Object.assign(readOnly, { path: "/a/cdktf.out/.123.part/test" });
    expect(messageFor(inside)).toMatch(/^\/a\/cdktf\.out\/test: /);
    expect(fault(() => writeFileSync(join(directory, "a/b"), ""))).toBe("DIR/a: doesn't exist; create it");
  });

  it("names the directory in which nothing can be created, not the random name", () => {
    expect(fault(() => mkdtempSync(join(directory, "missing/cdktf-cqrs-")))).toBe("DIR/missing: doesn't exist; create it");
  });

  it("says what a process without a home directory lacks", () => {
    const failed = Object.assign(new Error("A system error occurred"), { code: "ERR_SYSTEM_ERROR", syscall: "uv_os_homedir" });
    expect(messageFor(failed)).toBe("HOME: is not set, and the user has no home directory; set HOME");
  });

  it("leaves errors of the program to their trace", () => {
    expect(messageFor(new TypeError("x is not a function"))).toBeUndefined();
    expect(messageFor(new SyntaxError("Unexpected token"))).toBeUndefined();
  });
});

describe("a release file that was cut off", () => {
  it("is named in a line", () => {
    const file = join(directory, "dist/environments/dev.release.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{"command-api": {"ima');
    const load = "try { require(process.argv[1]) } catch (error) { process.stdout.write(error.message) }";
    const { stdout } = spawnSync(process.execPath, ["-e", load, file], { encoding: "utf8" });
    expect(messageFor(new SyntaxError(stdout))).toMatch(
      /^environments\/dev\.release\.json: can't be read as JSON \(.*\); restore it from version control, or begin again with \{\}$/,
    );
  });
});
