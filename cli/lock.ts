import { existsSync } from "node:fs";
import { join, relative } from "node:path";

const PATH = "environments/.terraform.lock.hcl";

/** The lock file that came with these providers. */
const SHIPPED = join(__dirname, "../..", PATH);

/** The file that pins the exact providers of a project's stacks: the project's own, else the package's. */
export function lockFile(directory = "."): string {
  const own = join(directory, PATH);
  return existsSync(own) ? own : relative("", SHIPPED);
}
