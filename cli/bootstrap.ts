import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Blocks } from "./blocks";
import { change } from "./change";
import { commandLine } from "./command-line";
import { describe } from "./outcome";
import { type Recovery, recoveryOf, withoutMissing } from "./recovery";
import { NoStateBucket, TerraformFailure, type Workspace } from "./workspace";

export interface BootstrapOptions {
  readonly workspace: Workspace;
  readonly account: string;

  /** Arguments for `terraform apply`. */
  readonly args: readonly string[];

  /** Rebuilds a lost state from the resources that exist. */
  readonly recover: boolean;

  readonly print: (line: string) => void;

  /** The user's answer to a question; `undefined` without a terminal. */
  readonly answer: (question: string) => Promise<string | undefined>;
}

/**
 * Applies the stack whose state is stored in the bucket that the stack creates. In the first run the state is local, and is migrated to the
 * bucket at the end; the next run continues an interrupted one. Returns Terraform's exit code.
 */
export async function bootstrap(options: BootstrapOptions): Promise<number> {
  const { workspace, account, recover, print } = options;
  const local = new LocalState(workspace);
  rmSync(recoveryFile(workspace), { force: true });
  local.release();

  const bucketExists = await reach(workspace);
  const remote = bucketExists ? await workspace.state() : undefined;
  if (remote && local.lineage && remote.lineage !== local.lineage) {
    throw new TerraformFailure(
      `${workspace.stack} has two states, one in its bucket and one in ${local.file}; remove the wrong one, most likely the file`,
    );
  }
  if (recover) {
    if (bucketExists && !local.lineage) return await rebuild(options);
    throw new TerraformFailure(`Nothing is lost: the bootstrap of ${account} has not ended yet; ${commandLine("bootstrap", [account])}`);
  }
  if (remote) {
    local.remove();
    return await apply(options);
  }
  if (bucketExists && !local.lineage) {
    throw new TerraformFailure(
      `The state bucket of ${account} exists and its own state does not: find again what exists with ${commandLine("bootstrap", [account, "--recover"])}`,
    );
  }

  print(
    local.lineage
      ? "An earlier run has not ended: it goes on with the state in this directory."
      : "The state bucket does not exist yet: state begins in this directory.",
  );
  try {
    await local.use();
    const status = await apply(options);
    if (status !== 0) return status;
  } finally {
    local.release();
  }
  print("State moves into the bucket.");
  await workspace.init("-migrate-state", "-force-copy");
  local.remove();
  return 0;
}

/** Local state of an unfinished bootstrap, outside the synthesized output. */
class LocalState {
  private readonly directory: string;
  private readonly override: string;

  constructor(private readonly workspace: Workspace) {
    this.directory = resolve(workspace.directory, "../../../.state", workspace.stack);
    this.override = join(workspace.directory, "backend_override.tf.json");
  }

  /** Path of the file, relative to the working directory. */
  get file(): string {
    return relative(process.cwd(), join(this.directory, "terraform.tfstate"));
  }

  /** Identifier of this state, if there is one: after a migration Terraform leaves an empty file. */
  get lineage(): string | undefined {
    const text = existsSync(this.file) ? readFileSync(this.file, "utf8") : "";
    return text === "" ? undefined : JSON.parse(text).lineage;
  }

  async use(): Promise<void> {
    mkdirSync(this.directory, { recursive: true });
    const path = join(this.directory, "terraform.tfstate");
    writeFileSync(this.override, JSON.stringify({ terraform: { backend: { local: { path } } } }));
    await this.workspace.init("-reconfigure");
  }

  release(): void {
    rmSync(this.override, { force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function reach(workspace: Workspace): Promise<boolean> {
  try {
    await workspace.init("-reconfigure");
    return true;
  } catch (error) {
    if (error instanceof NoStateBucket) return false;
    throw error;
  }
}

async function rebuild(options: BootstrapOptions): Promise<number> {
  const { workspace, account, print } = options;
  const file = recoveryFile(workspace);
  try {
    let recovery: Recovery | undefined = recoveryOf(workspace.json, account);
    while (recovery) {
      print(`${recovery.import.length} resources are looked for.`);
      writeFileSync(file, JSON.stringify(recovery));
      const { status, stderr } = await workspace.ask("plan", "-input=false", "-no-color", "-lock=false");
      if (status === 0) return await apply(options);
      recovery = withoutMissing(recovery, stderr);
      if (!recovery) throw new TerraformFailure(stderr);
    }
    return 1;
  } finally {
    rmSync(file, { force: true });
  }
}

/** Applies the stack, after a question unless the arguments approve it. After a failure prints the next command. Returns the exit code. */
async function apply({ workspace, account, args, print, answer }: BootstrapOptions): Promise<number> {
  const blocks = new Blocks(print);
  const block = blocks.begin(workspace.stack);
  const outcome = await change({ action: "apply", workspace, args, block, ask: (question) => blocks.ask(block, () => answer(question)) });
  block.end(describe(workspace.stack, outcome, "apply"));
  if (outcome.kind === "done") return 0;
  print(`Next: fix the cause, then ${commandLine("bootstrap", [account])}, which continues with what is left`);
  return 1;
}

function recoveryFile(workspace: Workspace): string {
  return join(workspace.directory, "recovery.tf.json");
}
