import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Entry, ReadableTrail } from "./bucket";
import { byKey } from "./format";

/** A copy of the bucket in a folder, as `aws s3 sync` makes it. */
export class FolderTrail implements ReadableTrail {
  constructor(private readonly folder: string) {}

  async list(prefix: string, after = ""): Promise<readonly Entry[]> {
    const files = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const entries = files
      .filter((file) => !file.isDirectory())
      .map(async (file) => {
        const path = join(file.parentPath ?? file.path, file.name);
        return { key: relative(this.folder, path).split(sep).join("/"), size: (await stat(path)).size };
      });
    return (await Promise.all(entries)).filter(({ key }) => key.startsWith(prefix) && key > after).sort(byKey);
  }

  async get(key: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.folder, ...key.split("/")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}
