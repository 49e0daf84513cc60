import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pin } from "./pins";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The package of the platform, and its peers, as a project has installed them. */
export function packagesOf(directory: string): readonly Pin[] {
  const { dependencies, devDependencies } = manifestIn(directory);
  const { name = "", peerDependencies } = manifestIn(join(__dirname, "../../.."));
  const ours = [name, ...Object.keys(peerDependencies ?? {})];
  return ours
    .filter((each) => each in { ...dependencies, ...devDependencies })
    .flatMap((each): readonly Pin[] => {
      // Under an alias, the installed package has another name.
      const { name: published = each, version } = manifestIn(join(directory, "node_modules", each));
      if (version === undefined) return [];
      const changes = `https://www.npmjs.com/package/${published}?activeTab=versions`;
      return [{ kind: "package", name: published, current: version, source: { in: "npm", name: published }, changes }];
    });
}

function manifestIn(directory: string): Manifest {
  const file = join(directory, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
