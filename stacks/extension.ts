import { type App, TerraformStack } from "cdktf";
import { InvalidInput, type Problem } from "../constructs/core/errors";
import { namePartProblem } from "../constructs/core/names";
import type { KubernetesTarget } from "../constructs/kubernetes";
import { onAws } from "./base/context";
import { kubernetesStack, type Site } from "./base/site";
import { awsStackProps, PlatformStack } from "./base/stack";
import type { Composition } from "./composition";
import type { AddStack, OwnStack, Program } from "./model/environment";
import { asDomains } from "./model/shorthand";

/** Stack that `extend` has added, and its cluster. */
interface Added {
  readonly stack: PlatformStack;

  /** @default - it is on AWS */
  readonly site?: Site;
}

/** Calls `extend` for an environment or account. Returns its stacks, with those that were added. */
export function extended(app: App, program: Program, composition: Composition): Composition {
  const { name, stacks, sites } = composition;
  const known = new Map(stacks.map((stack) => [stack.node.id, stack]));
  const added: Added[] = [];
  const addStack = (part: string, own: OwnStack) => {
    const one = created(app, program, composition, part, own);
    for (const before of own.after ?? []) one.stack.addDependency(before);
    added.push(one);
    known.set(one.stack.node.id, one.stack);
    return one.stack as PlatformStack & { readonly cluster: KubernetesTarget };
  };
  program.extend?.({ name, stacks: known, addStack: addStack as AddStack });
  const on = (site: Site) => added.flatMap((one) => (one.site === site ? [one.stack] : []));
  return {
    name,
    stacks: [...stacks, ...added.map(({ stack }) => stack)],
    sites: sites.map(({ site, stacks: there }) => ({ site, stacks: [...there, ...on(site)] })),
  };
}

function created(app: App, program: Program, { name, stacks, sites }: Composition, part: string, own: OwnStack): Added {
  const id = `${name}-${part}`;
  const environment = program.environments.find((each) => each.name === name);
  if (!environment) throw refused({ path: id, rule: "can't be added to an account", remedy: "add it to an environment" });
  const problem = namePartProblem(part);
  if (problem) throw refused({ path: "addStack", value: part, ...problem });
  if (app.node.tryFindChild(id)) throw refused({ path: id, rule: "is another stack already", remedy: "choose another name" });
  const { on, holdsData = false } = own;
  if (on === "aws") {
    const context = onAws(asDomains(environment), program.accounts);
    if (!context) throw refused({ path: `${id}.on`, value: on, rule: `requires aws in ${name}`, remedy: "add aws, or name a cluster" });
    return { stack: new PlatformStack(app, id, awsStackProps(context.environment, context.account, part, holdsData)) };
  }
  const there = sites.find(({ site }) => site.key === on);
  const keys = sites.map(({ site }) => site.key).join(", ");
  if (!there) throw refused({ path: `${id}.on`, value: on, rule: `is not a cluster of ${name}`, remedy: `use one of ${keys || "aws"}` });
  const { stack } = kubernetesStack(app, there.site, part, holdsData);
  // Of the stacks on a cluster, the first is its platform.
  const [platform] = there.stacks.filter((one) => stacks.includes(one));
  if (platform) stack.addDependency(platform);
  return { stack, site: there.site };
}

/** Stacks that `extend` has created without `addStack`: no command would deploy them. */
export function strayStacks(app: App, compositions: readonly Composition[]): readonly Problem[] {
  const known = new Set<TerraformStack>(compositions.flatMap(({ stacks }) => stacks));
  return app.node.children
    .filter((child) => TerraformStack.isStack(child) && !known.has(child))
    .map(({ node }) => ({ path: node.id, rule: "is a stack that no command would deploy", remedy: "create it with addStack of extend" }));
}

function refused(problem: Problem): InvalidInput {
  return new InvalidInput([problem]);
}
