import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { release, tryToWrite } from "../stacks/base/claims";

/** What `terraform init` has done in a directory, and for what. */
interface Done {
  readonly of: string;

  /** The directories of the providers, which may lie in a cache that is emptied. */
  readonly providers: readonly string[];
}

/** Whether a directory has to be initialized: again only if what an init looks at has changed, or the last one was cut off. */
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

  /** Everything that `terraform init` reads or leaves: backend, providers, modules, lock, and files beside the synthesized one. */
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

/** One init at a time: Terraform's cache of providers takes no two that write it, in this process or another. */
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

/** The directory in which stacks share their providers, unless Terraform's own configuration names one. */
export function providerCache(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { TF_PLUGIN_CACHE_DIR: named, TF_CLI_CONFIG_FILE: config = join(homedir(), ".terraformrc") } = environment;
  if (named !== undefined) return named || undefined;
  if (/^\s*plugin_cache_dir\b/m.test(text(config))) return undefined;
  const cache = join(homedir(), ".terraform.d", "plugin-cache");
  try {
    mkdirSync(cache, { recursive: true });
    return cache;
  } catch {
    // Without a home that can be written, each stack keeps its own.
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
