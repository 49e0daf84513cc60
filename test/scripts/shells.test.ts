import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { scripts } from "./server";

const checker = spawnSync("shellcheck", ["--version"]);
const found = [scripts, "templates"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".sh"))
    .map((file) => join(folder, file)),
);

if (checker.error) process.stderr.write("SKIPPED scripts: shellcheck is not installed\n");

(checker.error ? describe.skip : describe)("scripts", () => {
  it.each(found)("%s is what any shell understands as it was meant", (file) => {
    const { stdout, status } = spawnSync("shellcheck", ["--shell=sh", file], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });
});
