import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Terraform can't work in a stack's directory; what it said is the message. */
export class TerraformFailure extends Error {}

/** The bucket that the stack's state lies in is not there. */
export class NoStateBucket extends TerraformFailure {}

/** What a quiet run of Terraform answered. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The directory of one stack, and the program that works in it: `terraform` or `tofu`. */
export class Workspace {
  private initialized = false;

  constructor(
    readonly stack: string,
    readonly directory: string,
    private readonly binary: string,
  ) {}

  /** The Terraform that was written for the stack. */
  get json(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(join(this.directory, "cdk.tf.json"), "utf8"));
  }

  /** Makes the directory ready, once. @throws NoStateBucket, TerraformFailure */
  ready(): void {
    if (!this.initialized) this.init();
  }

  /** Makes the directory ready anew. @throws NoStateBucket, TerraformFailure */
  init(...args: string[]): void {
    const { status, stdout, stderr } = this.ask("init", "-input=false", "-no-color", ...args);
    // Terraform names the bucket between these words, OpenTofu does not.
    const Failure = /S3 bucket .*does not exist/.test(stderr) ? NoStateBucket : TerraformFailure;
    if (status !== 0) throw new Failure(`${this.stack}: ${this.binary} init failed\n${stdout}${stderr}`);
    this.initialized = true;
  }

  /** Runs a command before the user's eyes, who may be asked for approval. */
  run(...args: string[]): number {
    return spawnSync(this.binary, args, { cwd: this.directory, stdio: "inherit", env: environment() }).status ?? 1;
  }

  /** Runs a command and hears what it says. */
  ask(...args: string[]): Answer {
    const { status, stdout, stderr } = spawnSync(this.binary, args, {
      cwd: this.directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 256 * 1024 * 1024,
      env: environment(),
    });
    return { status: status ?? 1, stdout: stdout ?? "", stderr: stderr ?? "" };
  }

  /** Its state, if it holds anything. */
  state(): { readonly lineage: string } | undefined {
    const text = this.must("state", "pull").trim();
    const state = text === "" ? undefined : JSON.parse(text);
    return state?.resources?.length > 0 ? state : undefined;
  }

  /** Why others can't read what it publishes, if they can't. */
  unreadable(): string | undefined {
    try {
      this.ready();
    } catch (error) {
      if (error instanceof NoStateBucket) return NOT_DEPLOYED;
      throw error;
    }
    const declared = Object.keys(this.json.output ?? {});
    if (declared.length === 0) return this.state() ? undefined : NOT_DEPLOYED;
    const published = JSON.parse(this.must("output", "-json")) as Record<string, unknown>;
    const absent = declared.filter((name) => !(name in published));
    if (absent.length === 0) return undefined;
    return Object.keys(published).length === 0 ? NOT_DEPLOYED : `which does not publish ${absent.join(", ")} yet`;
  }

  private must(...args: string[]): string {
    const { status, stdout, stderr } = this.ask(...args);
    if (status !== 0) throw new TerraformFailure(`${this.stack}: ${this.binary} ${args.join(" ")} failed\n${stderr}`);
    return stdout;
  }
}

const NOT_DEPLOYED = "which is not deployed yet";

/** The program to run: what is asked for, else Terraform where it is installed, else OpenTofu. */
export function findBinary(tofu: boolean): string | undefined {
  return (tofu ? ["tofu"] : ["terraform", "tofu"]).find(
    (name) => spawnSync(name, ["version"], { stdio: "ignore", env: environment() }).error === undefined,
  );
}

/** What Terraform may know of its surroundings. */
function environment(): NodeJS.ProcessEnv {
  // KUBE_HOST and its like would turn the providers to another cluster than the one that is written down.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("KUBE_"));
  // Without TF_IN_AUTOMATION, Terraform ends with hints at commands that the walk runs itself.
  return { ...Object.fromEntries(kept), TF_IN_AUTOMATION: "1" };
}
