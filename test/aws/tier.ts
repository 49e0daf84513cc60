import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inParallel } from "../../cli/in-parallel";
import { inOrder } from "../../cli/walk";
import type { SynthesizedStack } from "../../constructs/policy";
import type { Program } from "../../stacks";
import { EXAMPLES } from "../examples/programs";
import { Exemptions, failedChecks } from "./checkov";
import {
  ALIKE,
  AT_ONCE,
  besides,
  callerAccount,
  emulated,
  loseObject,
  ON_CLUSTERS,
  rotateSecret,
  STOOD_IN_FOR,
  secretValue,
  TAKEN_OUT,
  withOnly,
} from "./emulated";
import { APPLIED_IN_PART, type AppliedInPart, GAPS, type Gap, NOT_DESTROYED } from "./gaps";
import { difference, expectNone, expectStatus, expectText, Lane } from "./lane";
import { lostOnTheWay, type PlannedValues, playedState, storesAmong } from "./moves";
import { fewRetries, openBuckets, unprotect } from "./overrides";
import { installed, run } from "./process";
import { Missing, Results, Wrong } from "./results";

const SIZES = ["small", "medium", "large"] as const;

/** Stacks of an environment that are worked on at the same time: many wait for the emulator. */
const SIDE_BY_SIDE = 3;

const CDKTF_CLI = "cdktf-cli@0.21.0";

/** The whole tier. */
class Tier {
  private readonly results = new Results();
  private readonly exemptions = new Exemptions();
  private readonly gapsUsed = new Set<(typeof GAPS)[number]>();
  private readonly plannedByTofu = new Set<string>();
  private readonly looks: { readonly stack: SynthesizedStack; readonly plans: readonly string[]; readonly module: string }[] = [];

  constructor(
    private readonly endpoint: string,
    private readonly account: string,
    private readonly program: Program,
    private readonly directory: string,
    private readonly has: { readonly tofu: boolean; readonly checkov: boolean },
  ) {}

  /** All of it, or only some environments: then nobody can say what is needed no more. */
  async run(only: readonly string[] = []): Promise<boolean> {
    for (const { resource, step, reason } of GAPS) console.log(`LEFT OUT ${step} of ${resource}: ${reason}`);
    for (const { stack, reason } of NOT_DESTROYED) console.log(`LEFT OUT destroy of ${stack.source}: ${reason}`);
    for (const { stack, reason } of STOOD_IN_FOR) console.log(`LEFT OUT all of ${stack.source}: ${reason}`);
    console.log(`LEFT OUT ${TAKEN_OUT.parts.source} of ${TAKEN_OUT.stack.source}: ${TAKEN_OUT.reason}`);
    for (const stack of ALIKE)
      console.log(`LEFT OUT all of ${stack.source} but an apply for those that need it: other environments have one like it`);
    console.log(`LEFT OUT each stack of ${AT_ONCE.environment} by itself, parts of stacks, and destroy: ${AT_ONCE.reason}`);
    for (const { stack, without, reason } of APPLIED_IN_PART)
      console.log(`LEFT OUT apply of ${without.join(", ")}, and what comes after them, in ${stack.source}: ${reason}`);
    if (await this.bootstrap()) {
      const wanted = (name: string) => only.length === 0 || only.includes(name);
      const environments = this.program.environments.filter(({ name, aws }) => aws && wanted(name));
      // First what is worked on in one go, so that OpenTofu plans most types of resources in one go as well.
      const atOnce = { [AT_ONCE.environment]: withOnly(this.program, AT_ONCE.environment), ...EXAMPLES };
      await Promise.all([
        ...Object.entries(atOnce).flatMap(([name, program]) => (wanted(name) ? [this.atOnce(name, program)] : [])),
        ...environments.map(async ({ name }) => {
          if (name in atOnce) return;
          await this.environment(name);
          if (only.length === 0 && name === this.disposable) await this.cdktf(name);
        }),
      ]);
    }
    await this.results.step("all stacks by Checkov", "check", () => this.checkov());
    const whole = only.length === 0 && !this.results.failed;
    if (this.has.checkov && whole)
      await this.results.step("exemptions", "check", async () =>
        expectNone("An exemption that no check needs any more", this.exemptions.stale()),
      );
    if (whole) {
      await this.results.step("gaps", "check", async () => {
        expectNone(
          "A gap that is none any more",
          GAPS.filter((gap) => !this.gapsUsed.has(gap)).map(({ resource, step }) => `${step} of ${resource}`),
        );
      });
    }
    console.log(`\nLEFT OUT ${ON_CLUSTERS.join(", ")}: they work on clusters, and an emulated cluster has no API`);
    console.log(this.results.table());
    return !this.results.failed;
  }

  /** The account's own stack: its state moves into the bucket that it makes, and is rebuilt after a loss. */
  private async bootstrap(): Promise<boolean> {
    const stack = `bootstrap-${this.account}`;
    const lane = new Lane(join(this.directory, "bootstrap"), this.program);
    const bootstrap = async (...args: string[]) =>
      expectStatus(0, await lane.runner("bootstrap", this.account, ...args, "--", "-auto-approve"));
    const again = async () => void expectStatus(0, await lane.runner("plan", stack, "--", "-detailed-exitcode"));

    const early = this.program.environments.find(({ aws }) => aws)?.name ?? "";
    await this.results.step("an environment before its account", "check", async () => {
      expectText(
        expectStatus(3, await lane.runner("plan", early)),
        "waits for the state bucket of its account",
        `npm run bootstrap -- ${this.account}`,
      );
    });
    if (!(await lane.withLocalState(stack, () => this.examine(lane, stack, true)))) return false;
    this.emulate(lane, stack);
    const [key] = Object.keys(lane.json(stack).resource.aws_kms_key);
    const good =
      (await this.results.step(`${stack} interrupted`, "check", async () => {
        expectText(
          expectStatus(1, await lane.runner("bootstrap", this.account, "--", "-auto-approve", `-target=aws_kms_key.${key}`)),
          "State moves into the bucket.",
        );
      })) &&
      (await this.results.step(stack, "apply", async () => expectText(await bootstrap(), "An earlier run has not ended"))) &&
      (await this.results.step(stack, "replan", () => this.replan(lane, stack))) &&
      (await this.results.step(`${stack} a second time`, "check", async () =>
        expectText(await bootstrap(), "0 added, 0 changed, 0 destroyed"),
      ));
    if (!good) return false;
    this.look(lane, stack, ["first.json", "second.json"]);
    await this.results.step(`${stack} after its state was lost`, "check", async () => {
      const { bucket, key } = lane.json(stack).terraform.backend.s3;
      await loseObject(this.endpoint, bucket, key);
      expectText(expectStatus(1, await lane.runner("bootstrap", this.account)), `npm run bootstrap -- ${this.account} --recover`);
      expectText(await bootstrap("--recover"), "imported", "0 added", "0 destroyed");
      await again();
    });
    return true;
  }

  /** One environment from nothing to nothing: one that may be thrown away by the commands of a user, the others side by side. */
  private async environment(name: string): Promise<void> {
    const lane = new Lane(join(this.directory, name), withOnly(this.program, name));
    const composition = lane.synthesis.compositions.find((each) => each.name === name);
    const manifest = lane.manifest();
    const all = inOrder(manifest, composition?.stacks.map((stack) => stack.node.id) ?? []);
    const isNeeded = (stack: string) => all.some((one) => !isAlike(one) && manifest.stacks[one]?.dependencies.includes(stack));
    const stacks = all.filter((stack) => !isAlike(stack) || isNeeded(stack));
    const [first, second] = stacks;
    const asUser = name === this.disposable;
    const most = asUser ? 1 : SIDE_BY_SIDE;

    await this.results.step(`${name} before it exists`, "check", async () => {
      const { output } = expectStatus(3, await lane.runner("plan", name));
      if (second && first) expectText({ output }, `${second} waits for ${first}, which is not deployed yet`, `npm run apply -- ${name}`);
    });
    const deployed = new Set<string>();
    const upstream = (stack: string) => (manifest.stacks[stack]?.dependencies ?? []).filter((one) => stacks.includes(one));
    await inParallel(
      stacks,
      most,
      async (stack) => {
        const good = await this.deploy(lane, stack, name, asUser);
        if (good) deployed.add(stack);
        return good;
      },
      (stack) => upstream(stack).every((one) => deployed.has(one)),
    );
    if (deployed.size < stacks.length) return;
    for (const stack of stacks.filter((one) => leftOut(one))) await loseObject(this.endpoint, ...lane.stateOf(stack));
    if (stacks.some((stack) => lane.synthesis.stacks.get(stack)?.protect)) {
      await this.results.step(`${name} is protected`, "check", async () => {
        expectText(expectStatus(1, await lane.runner("destroy", name, "--", "-auto-approve")), "is protected from deletion");
      });
    }
    const left = new Set(stacks.filter((one) => !leftOut(one) && !isAlike(one)));
    await inParallel(
      [...left].reverse(),
      most,
      async (stack) => {
        const good = await this.destroy(lane, stack, asUser);
        if (good) left.delete(stack);
        return good;
      },
      (stack) => [...left].every((other) => !upstream(other).includes(stack)),
    );
  }

  /**
   * A system of `examples/`, or an environment that is another with other numbers. Its resources are like those of the environments that are
   * worked on stack by stack, with other settings. So all of its stacks are planned, in one go, and those that the emulator can do are applied.
   */
  private async atOnce(name: string, program: Program): Promise<void> {
    const lane = new Lane(join(this.directory, name), besides(program, this.account));
    // The account of an environment is there already.
    const compositions = lane.synthesis.compositions.filter((one) => name in EXAMPLES || one.name === name);
    const ids = compositions.flatMap(({ stacks }) => stacks.map(({ node }) => node.id));
    const whole = ids.filter((id) => isWhole(lane.json(id)));
    const looked = ids.filter((id) => !standInFor(id));
    const kept = whole.filter((id) => looked.includes(id)).map((id) => `module.${id}.`);
    const targets = whole.map((id) => `-target=module.${id}`);
    const apply = () => lane.terraform(name, "apply", "-input=false", "-auto-approve", ...targets);
    const { results } = this;
    lane.join(name, ids);
    const types = ids.flatMap((id) => typesIn(lane.json(id)));
    await this.tofu(lane, name, types);
    for (const one of [name, ...whole.map((id) => join(name, id))]) this.emulate(lane, one);
    const good =
      (await results.step(name, "init", () => lane.init(name))) &&
      (await results.step(name, "apply", async () => void expectStatus(0, await apply()))) &&
      // After what it reads is there: Checkov sees no values that are not known yet.
      (await results.step(name, "plan", () => this.replan(lane, name, "first", [], kept)));
    if (good) for (const id of looked) this.look(lane, id, ["first.json"], name);
  }

  /** The environment that may be thrown away. */
  private get disposable(): string | undefined {
    return this.program.environments.find(({ aws, exceptions }) => aws && exceptions?.disposable)?.name;
  }

  /** Everything that is done with a stack while those that it depends on are there. False where nothing after it can go on. */
  private async deploy(lane: Lane, stack: string, name: string, asUser: boolean): Promise<boolean> {
    const apply = async () => {
      if (asUser) expectStatus(0, await lane.runner("apply", stack, "--", "-auto-approve"));
      else expectStatus(0, await lane.terraform(stack, "apply", "-input=false", "-auto-approve"));
    };
    const stood = standInFor(stack);
    if (stood) {
      await this.results.step(stack, "init", () => Promise.reject(new Missing(stood.reason)));
      return this.results.step(`what stands in for ${stack}`, "check", async () => {
        await lane.init(stack);
        await apply();
      });
    }
    const left = leftOut(stack);
    if (!(await this.examine(lane, stack, left !== undefined))) return false;
    this.emulate(lane, stack);
    if (left) {
      if (!(await this.inPart(lane, stack, left))) return false;
      await lane.standIn(stack);
      this.look(lane, stack, ["first.json"]);
      return true;
    }
    if (!(await this.results.step(stack, "apply", apply))) return false;
    if (isAlike(stack)) return true;
    if (!(await this.results.step(stack, "replan", () => this.replan(lane, stack)))) return false;
    this.look(lane, stack, ["second.json"]);
    await this.secrets(lane, stack);
    await this.sizes(lane, stack, name);
    return true;
  }

  private destroy(lane: Lane, stack: string, asUser: boolean): Promise<boolean> {
    const [subject, step] = standInFor(stack) ? ([`what stood in for ${stack}`, "check"] as const) : ([stack, "destroy"] as const);
    return this.results.step(subject, step, async () => {
      const protection = unprotect(lane.stack(stack), lane.json(stack));
      if (asUser && protection === "none") {
        expectText(expectStatus(0, await lane.runner("destroy", stack, "--", "-auto-approve")), `${stack} destroyed`);
        return;
      }
      if (protection === "aws") expectStatus(0, await lane.terraform(stack, "apply", "-input=false", "-auto-approve"));
      // The runner knows nothing of what is written beside a stack, and would refuse.
      expectStatus(0, await lane.terraform(stack, "destroy", "-input=false", "-auto-approve"));
    });
  }

  /** Applies, looks at and destroys what of a stack depends on nothing that is left out. False where it can't go on. */
  private async inPart(lane: Lane, stack: string, { without, once = false }: AppliedInPart): Promise<boolean> {
    const targets = independentOf(without, lane.json(stack).resource).map((address) => `-target=${address}`);
    if (targets.length === 0) return true;
    const subject = `${stack} in part`;
    const terraform = async (command: string, ...args: string[]) =>
      expectStatus(0, await lane.terraform(stack, command, "-input=false", "-auto-approve", ...args));
    unprotect(lane.stack(stack), lane.json(stack));
    if (!(await this.results.step(`${subject}: apply`, "check", async () => void (await terraform("apply", ...targets))))) return false;
    if (!once) await this.results.step(`${subject}: replan`, "check", () => this.replan(lane, stack, "second", targets));
    await this.secrets(lane, stack, targets);
    await this.sizes(lane, stack, stack.replace(/-data$/, ""));
    return this.results.step(`${subject}: destroy`, "check", async () => void (await terraform("destroy")));
  }

  /** What needs no changes to be made. The apply of a whole stack plans it as well. */
  private async examine(lane: Lane, stack: string, plan: boolean): Promise<boolean> {
    const { results } = this;
    await this.tofu(lane, stack, typesIn(lane.json(stack)));
    if (!(await results.step(stack, "init", () => lane.init(stack)))) return false;
    return !plan || results.step(stack, "plan", async () => void (await lane.plan(stack, "first")));
  }

  /** Has OpenTofu plan what has a type of resource that it has not planned yet: what it makes of one, it makes of all. */
  private async tofu(lane: Lane, stack: string, types: readonly string[]): Promise<void> {
    const unplanned = types.filter((type) => !this.plannedByTofu.has(type));
    if (unplanned.length === 0) return;
    for (const type of unplanned) this.plannedByTofu.add(type);
    await this.results.step(stack, "tofu", async () => {
      if (!this.has.tofu) throw new Missing("tofu is not on the PATH");
      expectStatus(0, await lane.tofu(stack, "init", "-input=false"));
      expectStatus(0, await lane.tofu(stack, "plan", "-input=false", "-lock=false"));
    });
  }

  private async replan(
    lane: Lane,
    stack: string,
    name = "second",
    targets: readonly string[] = [],
    applied: readonly string[] = [""],
  ): Promise<void> {
    const plan = await lane.plan(stack, name, ...targets);
    const changed = plan.resource_changes.filter(
      ({ address, change }) =>
        applied.some((prefix) => address.startsWith(prefix)) && !change.actions.every((action) => action === "no-op" || action === "read"),
    );
    const unknown = changed.filter(({ type, change }) => !this.gap("replan", type, Object.keys(difference(change))));
    expectNone(
      "A second plan with changes",
      unknown.map(({ address, change }) => `${address}: ${change.actions.join(", ")} ${JSON.stringify(difference(change))}`),
    );
  }

  /** Secrets are drawn, are written nowhere but where they belong, and stay as a rotation leaves them. */
  private async secrets(lane: Lane, stack: string, targets: readonly string[] = []): Promise<void> {
    const secrets = writtenSecrets(lane.json(stack).resource, targets);
    if (secrets.length === 0) return;
    await this.results.step(`${stack} keeps its secrets`, "check", async () => {
      const written = { ...lane.written(stack), "the state": await lane.state(stack) };
      for (const { name, drawn } of secrets) {
        const all = await secretValue(this.endpoint, name);
        const values = drawn.map((key) => all[key] ?? "");
        if (values.length === 0 || !values.every((value) => /^[A-Za-z0-9]{16,}$/.test(value)))
          throw new Wrong(`${name} was not drawn at random`);
        const leaks = Object.entries(written).filter(([, text]) => values.some((value) => text.includes(value)));
        expectNone(
          `${name} in the open`,
          leaks.map(([place]) => place),
        );
      }
    });
    await this.results.step(`${stack} leaves rotated secrets alone`, "check", async () => {
      const rotated = { password: "written-by-a-rotation" };
      for (const { name } of secrets) await rotateSecret(this.endpoint, name, rotated);
      await this.replan(lane, stack, "rotated", targets);
      expectStatus(0, await lane.terraform(stack, "apply", "-input=false", "-auto-approve", ...targets));
      for (const { name } of secrets) expectText({ output: JSON.stringify(await secretValue(this.endpoint, name)) }, rotated.password);
    });
  }

  /**
   * From one size to another no store is replaced. What the emulator could not be given is in the state as it was planned,
   * and is not asked for again.
   */
  private async sizes(lane: Lane, stack: string, name: string): Promise<void> {
    const environment = this.program.environments.find((one) => one.name === name);
    const stores = storesAmong(Object.keys(lane.json(stack).resource ?? {}));
    if (!environment?.size || stores.length === 0) return;
    for (const size of SIZES.filter((one) => one !== environment.size)) {
      await this.results.step(`${stack} becomes ${size}`, "check", async () => {
        const other = new Lane(join(this.directory, `${name}-${size}`), { ...this.program, environments: [{ ...environment, size }] });
        await other.withLocalState(stack, async () => {
          const first: PlannedValues = JSON.parse(readFileSync(join(lane.stack(stack), "first.json"), "utf8"));
          const state = playedState(JSON.parse(await lane.state(stack)), first);
          writeFileSync(join(other.stack(stack), "terraform.tfstate"), JSON.stringify(state));
          await other.init(stack);
          const { resource_changes } = await other.plan(stack, size, "-refresh=false");
          expectNone("Not the same stores in another size", lostOnTheWay(resource_changes, stores));
        });
      });
    }
  }

  /**
   * Has Checkov look at plans in the end: one of what is there knows what one of what is not can't know yet, though the emulator gets other
   * policies of buckets.
   */
  private look(lane: Lane, stack: string, written: readonly string[], root = stack): void {
    const synthesized = lane.synthesis.stacks.get(stack);
    const module = root === stack ? "" : `module.${stack}.`;
    if (synthesized) this.looks.push({ stack: synthesized, plans: written.map((plan) => join(lane.stack(root), plan)), module });
  }

  private async checkov(): Promise<void> {
    if (!this.has.checkov) throw new Missing("checkov is not on the PATH");
    const failed = await failedChecks([...new Set(this.looks.flatMap(({ plans }) => plans))], join(this.directory, "logs/checkov.log"));
    const unexplained = this.looks.flatMap(({ stack: { stack }, plans, module }) =>
      this.exemptions
        .unexplained(
          stack,
          failed
            .filter(({ plan, address }) => plans.includes(plan) && address.startsWith(module))
            .map((one) => ({ ...one, address: one.address.slice(module.length) })),
        )
        .filter(({ rule, address }) => !this.gap("checkov", address.split(".")[0] ?? "", [rule]))
        .map(({ rule, address, name }) => `${rule} ${stack.node.id}/${address}: ${name}`),
    );
    expectNone("A failed check without a reason", [...new Set(unexplained)]);
  }

  private emulate(lane: Lane, stack: string): void {
    const [directory, json] = [lane.stack(stack), lane.json(stack)];
    for (const type of Object.keys(json.resource ?? {})) this.gap("apply", type);
    openBuckets(directory, json);
    fewRetries(directory, json);
  }

  private gap(step: Gap["step"], type: string, found: readonly string[] = []): boolean {
    const gap = GAPS.find((each) => each.step === step && each.resource === type && found.every((one) => each.found?.includes(one)));
    if (gap) this.gapsUsed.add(gap);
    return gap !== undefined;
  }

  /** The real cdktf-cli, with two stacks of the first environment that may be thrown away. */
  private async cdktf(environment: string): Promise<void> {
    const output = join(this.directory, "cdktf");
    const log = join(this.directory, "logs/cdktf.log");
    const app = ["--app", `node ${join(__dirname, "app.js")}`, "--output", output];
    const cdktf = async (...args: string[]) =>
      expectStatus(
        0,
        await run("npx", ["--yes", CDKTF_CLI, ...args, ...app], {
          log,
          minutes: 5,
          env: { CI: "1", CHECKPOINT_DISABLE: "1", ENVIRONMENTS: environment },
        }),
      );
    const [keys, data] = [`${environment}-keys`, `${environment}-data`];
    const quiet = ["--skip-provider-lock", "--auto-approve"];

    await this.results.step(CDKTF_CLI, "check", async () => {
      if (!(await installed("npx", log, "--yes", CDKTF_CLI, "--version"))) throw new Missing(`npx can't fetch ${CDKTF_CLI}`);
      await cdktf("deploy", keys, data, ...quiet);
      expectText(await cdktf("diff", data, "--skip-provider-lock"), "No changes");
      // One by one: cdktf 0.21 starts endless processes where several are destroyed without all that depend on them.
      for (const stack of [data, keys]) await cdktf("destroy", stack, ...quiet, "--ignore-missing-stack-dependencies");
    });
  }
}

/** What a stack's place is taken by, if it is. */
function standInFor(id: string): (typeof STOOD_IN_FOR)[number] | undefined {
  return STOOD_IN_FOR.find(({ stack }) => stack.test(id));
}

/** Whether a stack is there only for those that need it. */
function isAlike(id: string): boolean {
  return ALIKE.some((one) => one.test(id));
}

function typesIn({ resource = {} }: { readonly resource?: object }): readonly string[] {
  return Object.keys(resource);
}

/** What is not applied of a stack, if there is anything. */
function leftOut(id: string): AppliedInPart | undefined {
  return APPLIED_IN_PART.find(({ stack }) => stack.test(id));
}

/** Whether the emulator can do all of a stack. */
function isWhole({ resource = {} }: ReturnType<Lane["json"]>): boolean {
  return !APPLIED_IN_PART.some(({ without }) => without.some((type) => type in resource));
}

/** The addresses of resources that neither are of some types nor need, at whatever distance, one that is. */
function independentOf(types: readonly string[], resources: Readonly<Record<string, Readonly<Record<string, object>>>>): readonly string[] {
  const texts = new Map(
    Object.entries(resources).flatMap(([type, named]) =>
      Object.entries(named).map(([name, body]) => [`${type}.${name}`, JSON.stringify(body)] as const),
    ),
  );
  const out = new Set([...texts.keys()].filter((address) => types.includes(address.split(".")[0] ?? "")));
  for (const dependency of out) {
    const named = new RegExp(`\\b${dependency.replace(".", "\\.")}\\b(?!-)`);
    for (const [address, text] of texts) if (named.test(text)) out.add(address);
  }
  return [...texts.keys()].filter((address) => !out.has(address));
}

/** The secrets that get a value, all of them or those of some targets, each with the keys whose values are drawn. */
function writtenSecrets(
  resources: Readonly<Record<string, Readonly<Record<string, object>>>> = {},
  targets: readonly string[],
): readonly { readonly name: string; readonly drawn: readonly string[] }[] {
  const versions = Object.entries(resources.aws_secretsmanager_secret_version ?? {})
    .filter(([id]) => targets.length === 0 || targets.includes(`-target=aws_secretsmanager_secret_version.${id}`))
    .map(([, version]) => version as { secret_id: string; secret_string_wo: string });
  return Object.entries(resources.aws_secretsmanager_secret ?? {}).flatMap(([id, secret]) => {
    const version = versions.find(({ secret_id }) => secret_id.includes(`aws_secretsmanager_secret.${id}.`));
    const drawn = [...(version?.secret_string_wo ?? "").matchAll(/"([^"]+)" = ephemeral\./g)].flatMap(([, key]) => key ?? []);
    return version ? [{ name: (secret as { name: string }).name, drawn }] : [];
  });
}

/** What is missing for anything to be proved. */
async function unmet(endpoint: string | undefined, log: string): Promise<string | undefined> {
  if (!endpoint) return "AWS_ENDPOINT_URL names no AWS endpoint";
  if (!["127.0.0.1", "localhost", "[::1]"].includes(new URL(endpoint).hostname))
    return `AWS_ENDPOINT_URL (${endpoint}) is not on this machine`;
  if (!(await installed("terraform", log, "version"))) return "terraform is not on the PATH";
  return undefined;
}

async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "aws-tier-"));
  const log = join(directory, "logs/means.log");
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const reason = await unmet(endpoint, log);
  if (!endpoint || reason) {
    rmSync(directory, { recursive: true });
    console.log(`SKIPPED the AWS tier: ${reason}\n0 passed, 0 failed, 1 skipped`);
    return 0;
  }
  const account = await callerAccount(endpoint);
  const has = { tofu: await installed("tofu", log, "version"), checkov: await installed("which", log, "checkov") };
  console.log(`Account ${account} at ${endpoint}; logs in ${directory}`);
  const good = await new Tier(endpoint, account, await emulated(), directory, has).run(process.argv.slice(2));
  if (good) rmSync(directory, { recursive: true });
  return good ? 0 : 1;
}

main().then((code) => {
  process.exitCode = code;
});
