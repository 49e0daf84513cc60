import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, run } from "./children";
import { Initialization, oneAtATime, providerCache } from "./initialization";
import { INSTALL, versionIn } from "./lowest-versions";
import { Refused } from "./refused";

/** A Terraform command failed in a stack's directory; its output is the message. */
export class TerraformFailure extends Refused {}

/** `terraform init` failed: no providers, no credentials or no backend, which has the same cause in other stacks. */
export class InitFailure extends TerraformFailure {}

/** The bucket of the stack's state doesn't exist. */
export class NoStateBucket extends TerraformFailure {}

/** The installed `terraform` or `tofu`. */
export interface Binary {
  readonly name: string;
  readonly version: string;
}

/** A resource in a state. */
export interface StateResource {
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly module?: string;
  readonly provider: string;
  readonly instances: readonly { readonly attributes?: Readonly<Record<string, unknown>> }[];
}

/** The state of a deployed stack. */
export interface State {
  readonly lineage: string;
  readonly resources: readonly StateResource[];
}

/** The directory of one stack, with the Terraform binary that runs in it. */
export class Workspace {
  private initialized?: Promise<void>;

  /** Is true if an earlier run's init is reused. */
  private trusted = false;

  private reason: Promise<string | undefined> | undefined;

  constructor(
    readonly stack: string,
    readonly directory: string,
    private readonly binary: Binary,
  ) {}

  /** The synthesized Terraform configuration of the stack. */
  get json(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(join(this.directory, "cdk.tf.json"), "utf8"));
  }

  /** Initializes the directory if needed. @throws NoStateBucket, TerraformFailure */
  ready(): Promise<void> {
    this.initialized ??= this.initialization.isDone() ? this.trust() : this.init();
    return this.initialized;
  }

  /** Initializes the directory again. @throws NoStateBucket, TerraformFailure */
  async init(...args: string[]): Promise<void> {
    const { initialization } = this;
    this.trusted = false;
    const { status, stdout, stderr } = await oneAtATime(providerCache(), () => {
      initialization.begin();
      return this.ask("init", "-input=false", "-no-color", ...args);
    });
    if (status !== 0) throw this.failure("init", stdout + stderr);
    initialization.end();
    this.initialized = Promise.resolve();
  }

  /** Runs a command and passes on its output as it arrives. Returns the exit code. */
  async run(hear: (text: string) => void, ...args: string[]): Promise<number> {
    this.reason = undefined;
    const { status } = await run(this.binary.name, args, { directory: this.directory, environment: environment(), hear });
    return status;
  }

  /** Runs a command and returns its output. */
  ask(...args: string[]): Promise<Answer> {
    return run(this.binary.name, args, { directory: this.directory, environment: environment() });
  }

  /** A saved plan as JSON, if the file exists: Terraform saves a plan that failed, too, but not after an early failure. */
  async plan(file: string): Promise<unknown> {
    return existsSync(join(this.directory, file)) ? this.data("show", "-json", file) : undefined;
  }

  /** Its state, unless it is empty. */
  async state(): Promise<State | undefined> {
    const state = (await this.data("state", "pull")) as State | undefined;
    return state?.resources?.length ? state : undefined;
  }

  /** Reason why other stacks can't read its outputs, if any. Cached until the stack is changed. */
  unreadable(): Promise<string | undefined> {
    this.reason ??= this.findReason();
    return this.reason;
  }

  private async findReason(): Promise<string | undefined> {
    try {
      await this.ready();
      const declared = Object.keys(this.json.output ?? {});
      if (declared.length === 0) return (await this.state()) ? undefined : NOT_DEPLOYED;
      const published = ((await this.data("output", "-json")) ?? {}) as Record<string, unknown>;
      const absent = declared.filter((name) => !(name in published));
      if (absent.length === 0) return undefined;
      return Object.keys(published).length === 0 ? NOT_DEPLOYED : `which does not publish ${absent.join(", ")} yet`;
    } catch (error) {
      if (error instanceof NoStateBucket) return NOT_DEPLOYED;
      throw error;
    }
  }

  private async trust(): Promise<void> {
    this.trusted = true;
  }

  private async must(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.ask(...args);
    if (status !== 0 && this.trusted) {
      // The result of an earlier init may be outdated: a new init fixes that, or fails with the cause.
      this.initialized = this.init();
      await this.initialized;
      return this.must(...args);
    }
    if (status !== 0) throw this.failure(args.join(" "), stderr);
    return stdout;
  }

  /** Output of a command, parsed. Undefined if it is empty. @throws TerraformFailure if it is not JSON */
  private async data(...args: string[]): Promise<unknown> {
    const text = (await this.must(...args)).trim();
    try {
      return text === "" ? undefined : JSON.parse(text);
    } catch {
      throw this.failure(args.join(" "), `Error: its output must be JSON, and begins with ${JSON.stringify(text.slice(0, 80))}`);
    }
  }

  private failure(command: string, said: string): TerraformFailure {
    // Terraform's message has the bucket name between these words, OpenTofu's doesn't; without an init there is only the AWS error code.
    const noBucket = /S3 bucket .*does not exist|NoSuchBucket/.test(said);
    const Failure = noBucket ? NoStateBucket : command === "init" ? InitFailure : TerraformFailure;
    return new Failure(`${this.stack}: ${this.binary.name} ${command} failed\n${said}`);
  }

  private get initialization(): Initialization {
    return new Initialization(this.directory, `${this.binary.name} ${this.binary.version}`);
  }
}

const NOT_DEPLOYED = "which is not deployed yet";

/** Checks if a stack is unreadable because it was never applied. */
export function isNotDeployed(reason: string | undefined): boolean {
  return reason === NOT_DEPLOYED;
}

/**
 * The binary to run: OpenTofu if requested, otherwise Terraform if installed, otherwise OpenTofu. One that is too old is passed over.
 * @throws Refused if there is none
 */
export function findBinary(tofu: boolean): Binary {
  const names = tofu ? ["tofu"] : ["terraform", "tofu"];
  const old: string[] = [];
  for (const name of names) {
    const { error, stdout } = spawnSync(name, ["version"], { stdio: ["ignore", "pipe", "ignore"], encoding: "utf8", env: environment() });
    if (error) continue;
    const found = versionIn(stdout, "terraform");
    if (found?.supported !== false) return { name, version: stdout.split("\n")[0] ?? "" };
    old.push(`${name} ${found.version}: is too old`);
  }
  throw new Refused(`${old.join("; ") || `${names.join(", ")}: not on the PATH`}; ${INSTALL.terraform}`);
}

/** Variables that turn off the colors of Terraform, which prints them to files and pipes too: as NO_COLOR and a terminal decide here. */
function withoutColors(): NodeJS.ProcessEnv {
  if (process.stdout.isTTY === true && process.env.NO_COLOR === undefined) return {};
  const variables = ["plan", "apply", "destroy"].map((command) => `TF_CLI_ARGS_${command}`);
  return Object.fromEntries(variables.map((name) => [name, [process.env[name], "-no-color"].filter(Boolean).join(" ")]));
}

/** Environment variables for Terraform. */
function environment(): NodeJS.ProcessEnv {
  // KUBE_HOST and similar variables would direct the providers to a cluster other than the configured one.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("KUBE_"));
  const cache = providerCache();
  return {
    // Terraform and its providers run for seconds: less frequent garbage collection saves a third of their time (measured with the AWS
    // provider: 8.1 s of CPU, 6.3 s at 800) for a tenth more memory, and no more than usual beyond 2 GiB.
    GOGC: "800",
    GOMEMLIMIT: "2GiB",
    ...Object.fromEntries(kept),
    ...(cache ? { TF_PLUGIN_CACHE_DIR: cache } : {}),
    // Without TF_IN_AUTOMATION, Terraform prints hints at commands that the run executes itself.
    TF_IN_AUTOMATION: "1",
    ...withoutColors(),
  };
}
