import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Manifest } from "../../cli/walk";
import { type Program, type Synthesis, synthesize } from "../../stacks";
import { LOCK } from "./emulated";
import { type Ended, run } from "./process";
import { Wrong } from "./results";

export interface Plan {
  readonly resource_changes: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: { readonly actions: readonly string[]; readonly before: object | null; readonly after: object | null };
  }[];
}

interface ProviderSettings {
  readonly alias?: string;
  readonly region: string;
  readonly allowed_account_ids: readonly string[];
}

/** A directory in which a program's stacks are worked with, apart from any other. */
export class Lane {
  readonly synthesis: Synthesis;
  private readonly outdir: string;

  constructor(
    private readonly directory: string,
    private readonly program: Program,
  ) {
    this.outdir = join(directory, "cdktf.out");
    this.synthesis = synthesize(program, { outdir: this.outdir, lock: LOCK });
  }

  manifest(): Manifest {
    return JSON.parse(readFileSync(join(this.outdir, "manifest.json"), "utf8"));
  }

  stack(id: string): string {
    return join(this.outdir, "stacks", id);
  }

  json(id: string) {
    return JSON.parse(readFileSync(join(this.stack(id), "cdk.tf.json"), "utf8"));
  }

  /** All that a stack's configuration, plans and logs say. */
  written(id: string): Readonly<Record<string, string>> {
    const files = [this.stack(id), join(this.directory, "logs")].flatMap((directory) =>
      readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [join(directory, entry.name)] : [])),
    );
    return Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));
  }

  async state(stack: string): Promise<string> {
    return expectStatus(0, await run("terraform", ["state", "pull"], { cwd: this.stack(stack), log: this.log(stack) })).stdout;
  }

  log(id: string): string {
    return join(this.directory, "logs", `${id}.log`);
  }

  terraform(stack: string, command: string, ...args: string[]): Promise<Ended> {
    return run("terraform", [command, "-no-color", ...args], { cwd: this.stack(stack), log: this.log(stack), env: AUTOMATION });
  }

  /** Terraform's init, which checks the providers. Without their hashes no later command reads hundreds of megabytes to check them again. */
  async init(stack: string): Promise<void> {
    expectStatus(0, await this.terraform(stack, "init", "-input=false"));
    const lock = join(this.stack(stack), ".terraform.lock.hcl");
    writeFileSync(lock, readFileSync(lock, "utf8").replace(/^ *hashes = \[[^\]]*\]\n/gm, ""));
  }

  /** OpenTofu, in a directory of its own: the two keep different provider locks. */
  async tofu(stack: string, command: string, ...args: string[]): Promise<Ended> {
    const cwd = this.tofuDirectory(stack);
    cpSync(this.stack(stack), cwd, { recursive: true, filter: (path) => !basename(path).startsWith(".terraform") });
    return run("tofu", [command, "-no-color", ...args], { cwd, log: this.log(stack), env: AUTOMATION });
  }

  private tofuDirectory(stack: string): string {
    return join(this.directory, "tofu", stack);
  }

  async plan(stack: string, name: string, ...args: readonly string[]): Promise<Plan> {
    expectStatus(0, await this.terraform(stack, "plan", "-input=false", `-out=${name}.tfplan`, ...args));
    const { stdout } = expectStatus(
      0,
      await run("terraform", ["show", "-json", `${name}.tfplan`], {
        cwd: this.stack(stack),
        log: join(this.directory, "logs", "show.log"),
      }),
    );
    writeFileSync(join(this.stack(stack), `${name}.json`), stdout);
    return { resource_changes: [], ...JSON.parse(stdout) };
  }

  /** Works with a stack whose state bucket does not exist yet. */
  async withLocalState<T>(stack: string, work: () => Promise<T>): Promise<T> {
    for (const directory of [this.stack(stack), this.tofuDirectory(stack)]) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, BACKEND), JSON.stringify({ terraform: { backend: { local: {} } } }));
    }
    try {
      return await work();
    } finally {
      rmSync(join(this.stack(stack), BACKEND));
    }
  }

  /** Where a stack's state lies: bucket and key. */
  stateOf(stack: string): [string, string] {
    const { bucket, key } = this.json(stack).terraform.backend.s3;
    return [bucket, key];
  }

  /** Leaves a state with the outputs of a stack that is not applied, for those that read it. */
  async standIn(stack: string): Promise<void> {
    const cwd = join(this.directory, "stand-ins", stack);
    const { terraform, output = {} } = this.json(stack);
    const outputs = Object.keys(output).map((name) => [name, { value: standInValue(name.replaceAll("_", "-"), stack) }]);
    if (outputs.length === 0) return;
    mkdirSync(cwd, { recursive: true });
    writeFileSync(
      join(cwd, "cdk.tf.json"),
      JSON.stringify({ terraform: { backend: terraform.backend }, output: Object.fromEntries(outputs) }),
    );
    for (const command of [
      ["init", "-input=false"],
      ["apply", "-auto-approve"],
    ])
      expectStatus(0, await run("terraform", command, { cwd, log: this.log(stack), env: AUTOMATION }));
  }

  /**
   * Makes stacks the modules of one configuration, for which Terraform is started once, and a provider once for each region: for all stacks,
   * so that it sets none of the tags that name one. What one reads of the state of another is passed on, and nothing is imported, which only a
   * root may.
   */
  join(name: string, stacks: readonly string[]): void {
    const cwd = this.stack(name);
    const module: Record<string, object> = {};
    const regions = new Map<string, object>();
    for (const id of stacks) {
      const { import: _, terraform, provider = {}, data = {}, ...json } = this.json(id);
      const { backend: __, ...needs } = terraform;
      const configured: readonly ProviderSettings[] = provider.aws ?? [];
      for (const { region, allowed_account_ids } of configured) regions.set(region, { alias: region, region, allowed_account_ids });
      const providers = configured.map(({ alias, region }) => [alias ? `aws.${alias}` : "aws", `aws.${region}`]);
      if (configured.length > 0)
        needs.required_providers.aws.configuration_aliases = providers.flatMap(([own]) => (own === "aws" ? [] : own));
      const { terraform_remote_state: ___, ...found } = data;
      const passed: Record<string, string> = {};
      const text = JSON.stringify({ ...json, terraform: needs, ...(Object.keys(found).length > 0 ? { data: found } : {}) });
      const own = text.replace(/data\.terraform_remote_state\.([\w-]+)\.outputs\.(\w+)/g, (____, of: string, output: string) => {
        passed[`${of}-${output}`] = `\${module.${of}.${output}}`;
        return `var.${of}-${output}`;
      });
      const variables = Object.keys(passed).map((key) => [key, {}]);
      const declared = variables.length > 0 ? { variable: Object.fromEntries(variables) } : {};
      mkdirSync(join(cwd, id), { recursive: true });
      writeFileSync(join(cwd, id, "cdk.tf.json"), JSON.stringify({ ...JSON.parse(own), ...declared }));
      module[id] = { source: `./${id}`, providers: Object.fromEntries(providers), ...passed };
    }
    writeFileSync(join(cwd, "cdk.tf.json"), JSON.stringify({ provider: { aws: [...regions.values()] }, module }));
    copyFileSync(LOCK, join(cwd, ".terraform.lock.hcl"));
  }

  /** What `npm run <command>` does. */
  runner(...args: string[]): Promise<Ended> {
    return run(process.execPath, [join(__dirname, "runner.js"), ...args], {
      log: join(this.directory, "logs", "runner.log"),
      env: { CDKTF_OUTDIR: this.outdir, ENVIRONMENTS: this.program.environments.map(({ name }) => name).join(",") },
    });
  }
}

/** A value for an output that nobody has; IAM looks at the form of an ARN, and knows each issuer of tokens once. */
function standInValue(name: string, stack: string): string {
  if (name.endsWith("-issuer")) return `${stack}.${name}`;
  return name.endsWith("-arn") ? `arn:aws:stand-in:eu-west-1:111122223333:${name}` : name;
}

const BACKEND = "backend_override.tf.json";
const AUTOMATION = { TF_IN_AUTOMATION: "1" };

export function expectStatus(status: number, ended: Ended): Ended {
  if (ended.status !== status) throw new Wrong(`ended with ${ended.status} instead of ${status}:\n${endOf(ended)}`);
  return ended;
}

export function expectText({ output }: { readonly output: string }, ...texts: readonly string[]): void {
  const absent = texts.filter((text) => !output.includes(text));
  if (absent.length > 0) throw new Wrong(`does not say ${absent.map((text) => `"${text}"`).join(", ")}:\n${endOf({ output })}`);
}

/** The errors, after which a program says no more, or else its last words. */
function endOf({ output }: { readonly output: string }): string {
  const lines = output.split("\n");
  const error = lines.findIndex((line) => /^\W*Error: /.test(line));
  return (error < 0 ? lines.slice(-60) : lines.slice(error, error + 60)).join("\n");
}

export function expectNone(what: string, found: readonly string[]): void {
  if (found.length > 0) throw new Wrong(found.map((each) => `${what}: ${each}`).join("\n"));
}

/** The attributes that a change would change, each as it is and as it would be. */
export function difference({ before, after }: { readonly before: object | null; readonly after: object | null }): Record<string, unknown> {
  const [from, to] = [before ?? {}, after ?? {}] as Record<string, unknown>[];
  const names = Object.keys({ ...from, ...to }).filter((name) => JSON.stringify(from?.[name]) !== JSON.stringify(to?.[name]));
  return Object.fromEntries(names.map((name) => [name, { from: from?.[name], to: to?.[name] }]));
}
