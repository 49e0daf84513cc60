import { type App, type TerraformResource, TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { beyondQuotas, type CapacityLedger, describeVerdict, headroom } from "../capacity";
import { InvalidInput, type Problem, problemOf } from "../core/errors";
import { inadmissible, KubernetesTarget, kubernetesObjects } from "../kubernetes";
import { type EnforcedStack, findings, type Json, type Policy, type SynthesizedStack } from "../policy";

/** Options of a check of a library program's stacks. */
export interface CheckOptions {
  /**
   * Requires deletion protection for the data of these stacks. A stack with a property `protect` decides itself.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * Policies in addition to the platform's; `false` checks none at all. `exempt` excepts a single resource.
   * @default - the platform's
   */
  readonly policies?: readonly Policy[] | false;

  /**
   * Why it is acceptable that pods exceed the capacity of their nodes: `"the third node arrives on Monday"`.
   * @default - it is not: insufficient capacity is a problem
   */
  readonly insufficientCapacity?: string;
}

/** The result of a check of a program. */
export interface Checked {
  readonly problems: readonly Problem[];

  /** Used and free capacity of each cluster, in a line; or why it is unknown. */
  readonly capacity: readonly string[];
}

/** A stack, and the Terraform that will be written for it. */
interface Rendered extends SynthesizedStack {
  readonly stack: TerraformStack;
}

/** Targets of one cluster, and the stacks that work on it. */
interface Cluster {
  readonly target: KubernetesTarget;
  readonly ledgers: Set<CapacityLedger>;
  readonly stacks: Set<TerraformStack>;
}

/**
 * Everything that is wrong with the stacks of a program, before anything is written: what constructs refuse, resources that break
 * policies, objects that an API server would refuse, pods that exceed a quota, and pods that don't fit the nodes of their cluster if one
 * zone fails. Clusters whose targets have a ledger with a pool get a verdict on their capacity. Aspects are not applied yet.
 */
export function checkStacks(app: App, options: CheckOptions = {}): Checked {
  const refused = refusalsIn(app);
  let rendered: readonly Rendered[];
  try {
    rendered = renderedIn(app, options);
  } catch (error) {
    // A construct with refused props may not be one that can be rendered.
    if (refused.length > 0) return { problems: refused, capacity: [] };
    throw error;
  }
  const clusters = clustersOf(rendered);
  const measured = clusters.map((cluster) => measure(cluster, rendered, options));
  return {
    problems: [...refused, ...brokenPolicies(rendered, options), ...measured.flatMap(({ problems }) => problems)],
    capacity: measured.map(({ line }) => line),
  };
}

/**
 * Checks a program, and writes it if nothing is wrong with it; to call in place of `app.synth()`.
 * @throws InvalidInput with every problem, each on a line of its own
 */
export function synthesizeChecked(app: App, options: CheckOptions = {}): Checked {
  const checked = checkStacks(app, options);
  if (checked.problems.length > 0) throw new InvalidInput(checked.problems);
  app.synth();
  return checked;
}

function refusalsIn(app: App): readonly Problem[] {
  const messages = app.node.findAll().flatMap((construct) => construct.node.validate());
  return [...new Set(messages)].map(problemOf);
}

function renderedIn(app: App, { protect = true }: CheckOptions): readonly Rendered[] {
  const stacks = app.node.findAll().filter((construct) => TerraformStack.isStack(construct));
  // References between stacks become outputs and remote states, which the other stack has to know before it is rendered.
  for (const stack of stacks) stack.ensureBackendExists();
  for (const stack of stacks) stack.prepareStack();
  return stacks.map((stack) => {
    const said = stack as TerraformStack & Partial<EnforcedStack>;
    const json = JSON.parse(JSON.stringify(stack.toTerraform())) as Json;
    return { stack, protect: said.protect ?? protect, holdsData: said.holdsData ?? true, json };
  });
}

function brokenPolicies(rendered: readonly Rendered[], { policies = [] }: CheckOptions): readonly Problem[] {
  if (policies === false) return [];
  return rendered
    .flatMap((one) => findings(one, policies))
    .map(({ address, policy, rule, remedy }) => ({ path: address, rule: `${rule} (${policy})`, remedy }));
}

function clustersOf(rendered: readonly Rendered[]): readonly Cluster[] {
  const found = new Map<string, Cluster>();
  for (const { stack } of rendered) {
    for (const target of stack.node.findAll().filter((construct) => construct instanceof KubernetesTarget)) {
      const cluster = found.get(target.identity) ?? { target, ledgers: new Set(), stacks: new Set() };
      cluster.ledgers.add(target.ledger);
      cluster.stacks.add(stack);
      found.set(target.identity, cluster);
    }
  }
  return [...found.values()];
}

function measure({ target, ledgers, stacks }: Cluster, rendered: readonly Rendered[], { insufficientCapacity }: CheckOptions) {
  const sent = rendered.filter(({ stack }) => stacks.has(stack)).map(({ stack, json }) => ({ stack, ...kubernetesObjects(json) }));
  const objects = sent.flatMap((one) => one.objects);
  const releases = sent.flatMap((one) => one.releases);
  const { path } = target.node;

  const [main, ...others] = [...ledgers].sort((one, other) => Number(other.pool !== undefined) - Number(one.pool !== undefined)) as [
    CapacityLedger,
    ...CapacityLedger[],
  ];
  const ledger = main.copy();
  for (const other of others) ledger.add(...other.groups);
  ledger.enter(objects);

  const origins = new Map(
    sent.flatMap(({ stack, addresses }) => [...addresses].map(([made, address]) => [made as object, constructAt(stack, address)])),
  );
  const refused = inadmissible(objects, releases).map(({ object, twin, name, rule, remedy }): Problem => {
    const other = twin && origins.get(twin);
    return { path: origins.get(object) ?? path, rule: `makes ${name}, which ${other ? `${other} makes too` : rule}`, remedy };
  });
  const excess = beyondQuotas(objects, ledger.groups).map(({ name, rule }): Problem => {
    const made = objects.find(({ metadata, spec }) => spec !== undefined && `${metadata.namespace}/${metadata.name}` === name);
    return {
      path: (made && origins.get(made)) ?? path,
      rule: `makes ${name}, which ${rule}`,
      remedy: "use smaller requests, or fewer instances",
    };
  });
  const verdict = insufficientCapacity === undefined ? describeVerdict(ledger, { size: sizeOf(ledger) }) : undefined;
  const excepted = insufficientCapacity === undefined ? "" : `; accepted: ${insufficientCapacity}`;
  return {
    problems: [...refused, ...excess, ...(verdict ? [{ ...verdict, path: `${path}.ledger` }] : [])],
    line: `${path}: ${headroom(ledger)}${excepted}`,
  };
}

/** The path of the construct that makes a resource of a stack. */
function constructAt(stack: IConstruct, address: string): string {
  const found = stack.node.findAll().find((construct) => {
    const { terraformResourceType, friendlyUniqueId } = construct as TerraformResource;
    return `${terraformResourceType}.${friendlyUniqueId}` === address;
  });
  return found?.node.scope?.node.path ?? stack.node.path;
}

function sizeOf({ pool }: CapacityLedger): string {
  if (!pool) return "unknown size";
  const { millicores, memoryBytes } = pool.node;
  return `${millicores / 1000} cores with ${Math.round((memoryBytes / 2 ** 30) * 10) / 10}Gi`;
}
