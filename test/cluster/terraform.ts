import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "../../cli/lock";
import { withoutTokenTraces } from "../../cli/short-traces";
import { inOrder, type Manifest } from "../../cli/walk";
import { type Program, synthesize } from "../../stacks";
import { type Ended, run } from "../aws/process";
import { Missing, type Results, Wrong } from "../aws/results";
import { until } from "./api";
import { onCluster, type Variant } from "./variant";

export interface ThroughTerraform {
  readonly program: Program;

  /** The cluster that stands for each of the program's own. */
  readonly cluster: { readonly context: string; readonly kubeconfig: string };

  /** Why no pod would run on it, if none would. */
  readonly idle?: string;

  /** What is on the cluster now that Terraform could have left there. */
  readonly found: () => Promise<readonly string[]>;

  /**
   * How long what is destroyed may take to be gone.
   * @default 120
   */
  readonly seconds?: number;

  /** Where configurations, states and logs go. */
  readonly directory: string;

  readonly results: Results;
}

/** Minutes for one command: ten for each of a few releases in a row. */
const MINUTES = 45;

/** What Terraform says where a provider can't be had, which is no fault of a stack. */
const NO_PROVIDERS = /Error: (Failed to query available provider packages|Failed to install provider)\n\n([\s\S]*?)\n\n/;

/**
 * Applies the Kubernetes stacks of every environment through Terraform's own providers, one cluster of it after the
 * other: applied, a second plan is empty, and destroyed nothing is left.
 */
export async function throughTerraform(options: ThroughTerraform): Promise<void> {
  const { program, cluster, results, directory, idle } = options;
  const lanes = program.environments.map((environment) => new Lane(onCluster(environment, cluster), directory));
  const missing = (await lanes[0]?.missing()) ?? idle;
  if (missing) {
    await results.step("stacks through Terraform", "check", async () => {
      throw new Missing(missing);
    });
    return;
  }
  for (const lane of lanes) {
    for (const difference of lane.variant.differences) console.log(`LEFT OUT of ${lane.name} through Terraform: ${difference}`);
    for (const stacks of lane.sites) await new Visit(lane, stacks, options).run();
  }
}

/** The stacks on one cluster of an environment, from nothing to nothing. */
class Visit {
  constructor(
    private readonly lane: Lane,
    private readonly stacks: readonly string[],
    private readonly options: ThroughTerraform,
  ) {}

  async run(): Promise<void> {
    const { lane, stacks } = this;
    const { results, found, seconds = 120 } = this.options;
    const before = new Set(await found());
    const begun: string[] = [];
    for (const stack of stacks) {
      if (!(await results.step(stack, "init", async () => void done(await lane.terraform(stack, "init"))))) break;
      begun.push(stack);
      if (!(await results.step(stack, "apply", async () => void done(await lane.terraform(stack, "apply", "-auto-approve"))))) break;
      if (!(await results.step(stack, "replan", () => this.replan(stack)))) break;
    }
    // What failed half-way is on the cluster as well.
    for (const stack of begun.reverse())
      await results.step(stack, "destroy", async () => void done(await lane.terraform(stack, "destroy", "-auto-approve")));
    await results.step(`${stacks.join(", ")} destroyed`, "check", async () => {
      let left: readonly string[] = [];
      const gone = async () => {
        left = (await found()).filter((object) => !before.has(object));
        return left.length === 0;
      };
      // Owners go first, and what they own after them.
      await until("nothing left", seconds, gone).catch((error) => {
        if (left.length === 0) throw error;
        throw new Wrong(left.map((object) => `left behind: ${object}`).join("\n"));
      });
    });
  }

  private async replan(stack: string): Promise<void> {
    const ended = await this.lane.terraform(stack, "plan", "-detailed-exitcode");
    if (ended.status === 2) throw new Wrong(`A second plan with changes:\n${tail(ended)}`);
    done(ended);
  }
}

/** What an environment comes to on the cluster, and Terraform at work on it. */
class Lane {
  readonly name: string;

  /** The stacks on each of its clusters, in the order of deployment. */
  readonly sites: readonly (readonly string[])[];
  private readonly outdir: string;

  constructor(
    readonly variant: Variant,
    private readonly directory: string,
  ) {
    const { environment } = variant;
    this.name = environment.name;
    this.outdir = join(directory, this.name, "cdktf.out");
    const program = { accounts: [], environments: [environment] };
    const { compositions } = withoutTokenTraces(() => synthesize(program, { outdir: this.outdir, lock: lockFile() }));
    const manifest: Manifest = JSON.parse(readFileSync(join(this.outdir, "manifest.json"), "utf8"));
    this.sites = compositions.flatMap(({ sites }) =>
      sites.map(({ stacks }) =>
        inOrder(
          manifest,
          stacks.map((stack) => stack.node.id),
        ),
      ),
    );
  }

  /** Why Terraform can't work at all, if it can't: it is not there, or its providers aren't. */
  async missing(): Promise<string | undefined> {
    const [first] = this.sites.flat();
    if (!first) return undefined;
    const { status, output } = await this.terraform(first, "init");
    if (status === -1) return "terraform is not on the PATH";
    return NO_PROVIDERS.exec(output)?.[2]?.replace(/\s+/g, " ");
  }

  terraform(stack: string, command: string, ...args: string[]): Promise<Ended> {
    // These would turn the providers to another cluster than the one that is written down.
    const others = Object.keys(process.env).filter((name) => name.startsWith("KUBE_"));
    return run("terraform", [command, "-input=false", "-no-color", ...args], {
      cwd: join(this.outdir, "stacks", stack),
      log: join(this.directory, "logs", `${stack}.log`),
      minutes: MINUTES,
      env: { ...Object.fromEntries(others.map((name) => [name, undefined])), TF_IN_AUTOMATION: "1" },
    });
  }
}

function done(ended: Ended): void {
  if (ended.status !== 0) throw new Wrong(`ended with ${ended.status}:\n${tail(ended)}`);
}

function tail({ output }: Ended): string {
  return output.trimEnd().split("\n").slice(-60).join("\n");
}
