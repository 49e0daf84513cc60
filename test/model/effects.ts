import { App } from "cdktf";
import { withoutTokenTraces } from "../../cli/short-traces";
import type { Environment, PlatformStack, Program } from "../../stacks";
import { backupTable, ineffective, validate } from "../../stacks";
import { refusals } from "../../stacks/base/refusals";
import { measure } from "../../stacks/capacity";
import { compose } from "../../stacks/compose";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";
import { type Setting, setAt } from "./settings";

/** An environment, composed but synthesized only as far as it is looked at: most differences show in the first stack. */
class Made {
  private readonly environment: Environment;
  private readonly texts = new Map<string, string>();
  private readonly composition;

  constructor(environment: Environment, others: readonly Environment[] = []) {
    this.environment = environment;
    const program: Program = {
      accounts: ["111122223333", "444455556666"].map((id) => ({
        system: environment.system,
        id,
        region: "eu-west-1",
        github: { repository: "example/orders" },
      })),
      environments: [environment, ...others],
    };
    validate(program);
    const [composition] = compose(new App({ outdir: "/nowhere" }), program, environment.name);
    if (!composition) throw new Error(`${environment.name} has no stacks`);
    this.composition = composition;
  }

  get stacks(): readonly PlatformStack[] {
    return this.composition.stacks;
  }

  get problems(): readonly string[] {
    return refusals(this.stacks).map(({ path, rule }) => `${path}: ${rule}`);
  }

  /** What Terraform reads of a stack, and the stacks that are deployed before it. */
  text(id: string): string | undefined {
    const stack = this.stacks.find(({ node }) => node.id === id);
    const known = this.texts.get(id);
    if (!stack || known !== undefined) return known;
    const text = withoutTokenTraces(() => JSON.stringify([stack.dependencies.map((before) => before.node.id), stack.toTerraform()]));
    this.texts.set(id, text);
    return text;
  }

  /** What is said beside stacks: of capacity, backups, and settings without effect. */
  said(): string {
    for (const { node } of this.stacks) this.text(node.id);
    const capacity = this.composition.sites.map(({ site, stacks }) => {
      const { headroom, problems } = measure(site, stacks);
      return [headroom, problems];
    });
    const system = asDomains(this.environment);
    return JSON.stringify([capacity, backupTable(system), ineffective(system)]);
  }
}

/** The base that was made last: settings of a group follow each other. */
let last: { readonly base: object; readonly made: Made } | undefined;

/** Why a setting that was changed has no effect that anybody could see, if it has none. */
export function withoutEffect({ group, path, keys, from, to }: Setting): string | undefined {
  const { base, others = [], first = "", only = false } = group;
  const make = (changes: object) => withoutTokenTraces(() => new Made(anEnvironment(changes), others.map(anEnvironment)));
  const shared = from === undefined && last?.base === base ? last.made : undefined;
  const before = shared ?? make(from === undefined ? base : setAt(base, keys, from));
  if (from === undefined) last = { base, made: before };
  const after = make(setAt(base, keys, to));
  if (before.problems.length + after.problems.length > 0)
    return `${path} is refused: ${[...before.problems, ...after.problems].join(", ")}`;
  const ids = (made: Made) => made.stacks.map(({ node }) => node.id);
  if (ids(before).join() !== ids(after).join()) return undefined;
  const inOrder = [...ids(after)].sort((one, other) => Number(other.endsWith(first)) - Number(one.endsWith(first)));
  const differs = inOrder.filter((id) => !only || id.endsWith(first)).some((id) => before.text(id) !== after.text(id));
  return differs || (!only && before.said() !== after.said()) ? undefined : `${path} changes nothing`;
}
