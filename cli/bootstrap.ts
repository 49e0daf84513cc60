import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Recovery, recoveryOf, withoutMissing } from "./recovery";
import { NoStateBucket, TerraformFailure, type Workspace } from "./workspace";

export interface BootstrapOptions {
  readonly workspace: Workspace;
  readonly account: string;

  /** Arguments for `terraform apply`. */
  readonly args: readonly string[];

  /** Whether the state was lost, and what exists has to be found again. */
  readonly recover: boolean;

  readonly print: (line: string) => void;
}

/**
 * Applies the stack whose state lies in the bucket that the stack itself makes. The first time its state
 * is local, and moves into the bucket at the end; a run that ends in between is taken up by the next.
 * Returns Terraform's exit code.
 */
export function bootstrap({ workspace, account, args, recover, print }: BootstrapOptions): number {
  const local = new LocalState(workspace);
  rmSync(recoveryFile(workspace), { force: true });
  local.release();

  const bucketExists = reach(workspace);
  const remote = bucketExists ? workspace.state() : undefined;
  if (remote && local.lineage && remote.lineage !== local.lineage) {
    throw new TerraformFailure(
      `${workspace.stack} has two states, one in its bucket and one in ${local.file}; remove the wrong one, most likely the file`,
    );
  }
  if (recover) {
    if (bucketExists && !local.lineage) return rebuild(workspace, account, args, print);
    throw new TerraformFailure(`Nothing is lost: the bootstrap of ${account} has not ended yet; npm run bootstrap -- ${account}`);
  }
  if (remote) {
    local.remove();
    return workspace.run("apply", ...args);
  }
  if (bucketExists && !local.lineage) {
    throw new TerraformFailure(
      `The state bucket of ${account} exists and its own state does not: find again what exists with npm run bootstrap -- ${account} --recover`,
    );
  }

  print(
    local.lineage
      ? "An earlier run has not ended: it goes on with the state in this directory."
      : "The state bucket does not exist yet: state begins in this directory.",
  );
  local.use();
  try {
    const status = workspace.run("apply", ...args);
    if (status !== 0) return status;
  } finally {
    local.release();
  }
  print("State moves into the bucket.");
  workspace.init("-migrate-state", "-force-copy");
  local.remove();
  return 0;
}

/** The state of a bootstrap that has not ended, beside what synthesis writes. */
class LocalState {
  private readonly directory: string;
  private readonly override: string;

  constructor(private readonly workspace: Workspace) {
    this.directory = resolve(workspace.directory, "../../../.state", workspace.stack);
    this.override = join(workspace.directory, "backend_override.tf.json");
  }

  /** The file, as a person would name it. */
  get file(): string {
    return relative(process.cwd(), join(this.directory, "terraform.tfstate"));
  }

  /** What tells this state from any other, if there is one: Terraform leaves an empty file where it moved from. */
  get lineage(): string | undefined {
    const text = existsSync(this.file) ? readFileSync(this.file, "utf8") : "";
    return text === "" ? undefined : JSON.parse(text).lineage;
  }

  use(): void {
    mkdirSync(this.directory, { recursive: true });
    const path = join(this.directory, "terraform.tfstate");
    writeFileSync(this.override, JSON.stringify({ terraform: { backend: { local: { path } } } }));
    this.workspace.init("-reconfigure");
  }

  release(): void {
    rmSync(this.override, { force: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function reach(workspace: Workspace): boolean {
  try {
    workspace.init("-reconfigure");
    return true;
  } catch (error) {
    if (error instanceof NoStateBucket) return false;
    throw error;
  }
}

function rebuild(workspace: Workspace, account: string, args: readonly string[], print: (line: string) => void): number {
  const file = recoveryFile(workspace);
  try {
    let recovery: Recovery | undefined = recoveryOf(workspace.json, account);
    while (recovery) {
      print(`${recovery.import.length} resources are looked for.`);
      writeFileSync(file, JSON.stringify(recovery));
      const { status, stderr } = workspace.ask("plan", "-input=false", "-no-color", "-lock=false");
      if (status === 0) return workspace.run("apply", ...args);
      recovery = withoutMissing(recovery, stderr);
      if (!recovery) throw new TerraformFailure(stderr);
    }
    return 1;
  } finally {
    rmSync(file, { force: true });
  }
}

function recoveryFile(workspace: Workspace): string {
  return join(workspace.directory, "recovery.tf.json");
}
