import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { release, tryToWrite } from "../stacks/base/claims";

/** Record of a `terraform init` in a directory, with a fingerprint of its inputs. */
interface Done {
  readonly of: string;

  /** Directories of the providers, which may be in a cache that was cleared. */
  readonly providers: readonly string[];
}

/** Checks that a directory needs an init: only if its inputs have changed, or the last one was interrupted. */
export class Initialization {
  private readonly file: string;

  constructor(
    private readonly directory: string,
    private readonly program: string,
  ) {
    this.file = join(directory, ".terraform", "initialized.json");
  }

  isDone(): boolean {
    const done = readJson(this.file) as Done | undefined;
    return (
      done !== undefined && done.of === this.fingerprint() && done.providers.every((provider) => existsSync(join(this.directory, provider)))
    );
  }

  begin(): void {
    rmSync(this.file, { force: true });
  }

  end(): void {
    const done: Done = { of: this.fingerprint(), providers: this.providers() };
    mkdirSync(join(this.directory, ".terraform"), { recursive: true });
    writeFileSync(`${this.file}.part`, JSON.stringify(done));
    renameSync(`${this.file}.part`, this.file);
  }

  /**
   * Fingerprint of everything that `terraform init` reads or writes: backend, providers, modules, lock file, and files in addition to the
   * synthesized one.
   */
  private fingerprint(): string {
    const { terraform, module, provider } = (readJson(join(this.directory, "cdk.tf.json")) ?? {}) as Record<string, unknown>;
    const beside = readdirSync(this.directory).filter((file) => /\.tf(\.json)?$/.test(file) && file !== "cdk.tf.json");
    const read = [...beside.sort(), ".terraform.lock.hcl", ".terraform/terraform.tfstate", ".terraform/modules/modules.json"];
    const texts = read.map((file) => [file, text(join(this.directory, file))]);
    return createHash("sha256")
      .update(JSON.stringify([this.program, terraform, module, Object.keys(provider ?? {}), texts]))
      .digest("hex");
  }

  private providers(): readonly string[] {
    // <host>/<namespace>/<type>/<version>/<platform>
    const below = (path: string, levels: number): readonly string[] =>
      levels === 0 ? [path] : list(join(this.directory, path)).flatMap((name) => below(join(path, name), levels - 1));
    return below(join(".terraform", "providers"), 5);
  }
}

let last: Promise<unknown> = Promise.resolve();

/** Runs one init at a time: Terraform's provider cache doesn't support concurrent writers, in this process or another. */
export function oneAtATime<T>(cache: string | undefined, init: () => Promise<T>): Promise<T> {
  const result = last.then(async () => {
    const claimed = cache ? join(cache, ".init") : undefined;
    while (claimed && tryToWrite(claimed).length > 0) await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 100));
    try {
      return await init();
    } finally {
      if (claimed) release(claimed);
    }
  });
  last = result.catch(() => {});
  return result;
}

/** Provider cache that stacks share, unless Terraform's configuration names one. */
export function providerCache(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { TF_PLUGIN_CACHE_DIR: named, TF_CLI_CONFIG_FILE: config = join(homedir(), ".terraformrc") } = environment;
  if (named !== undefined) return named || undefined;
  if (/^\s*plugin_cache_dir\b/m.test(text(config))) return undefined;
  const cache = join(homedir(), ".terraform.d", "plugin-cache");
  try {
    mkdirSync(cache, { recursive: true });
    return cache;
  } catch {
    // Without a writable home directory, each stack has its own providers.
    return undefined;
  }
}

function text(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(text(file));
  } catch {
    return undefined;
  }
}

function list(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}
