import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DASHBOARDS } from "./index";

/** Where constructs load them from. */
export const DIRECTORY = "constructs/observability/dashboards";

/** The files as they have to be, by name. */
export function files(): ReadonlyMap<string, string> {
  return new Map(Object.entries(DASHBOARDS).map(([name, dashboard]) => [`${name}.json`, `${JSON.stringify(dashboard, null, 2)}\n`]));
}

if (require.main === module) {
  mkdirSync(DIRECTORY, { recursive: true });
  for (const name of readdirSync(DIRECTORY)) if (name.endsWith(".json") && !files().has(name)) rmSync(join(DIRECTORY, name));
  for (const [name, text] of files()) writeFileSync(join(DIRECTORY, name), text);
}
