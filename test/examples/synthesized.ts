import { InvalidInput } from "../../constructs/core/errors";
import type { Environment, Program } from "../../stacks";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";

/** What a program becomes, by the ids of its stacks. */
export class Synthesized {
  private readonly rendered = new Map<string, Body>();

  constructor(private readonly program: Program) {}

  /** The Terraform of a stack. */
  stack(id: string): Body {
    const { stacks } = synthesisOf(this.program);
    const found = this.rendered.get(id) ?? stacks.get(id)?.json;
    if (!found) throw new Error(`no stack ${id}, but ${[...stacks.keys()].join(", ")}`);
    const json = JSON.parse(JSON.stringify(found));
    this.rendered.set(id, json);
    return json;
  }

  /** The ids of the stacks of an environment, in the order of deployment. */
  ids(environment: string): readonly string[] {
    const { compositions } = synthesisOf(this.program);
    return compositions.flatMap(({ name, stacks }) => (name === environment ? stacks.map(({ node }) => node.id) : []));
  }

  /** The stacks that must be deployed before a stack. */
  before(id: string): readonly string[] {
    return (
      synthesisOf(this.program)
        .stacks.get(id)
        ?.stack.dependencies.map(({ node }) => node.id) ?? []
    );
  }

  /** The Deployment of a service or worker. */
  deployment(stack: string, name: string): Body {
    return named(this.stack(stack), "kubernetes_deployment_v1", name);
  }

  /** The pod template of a Deployment. */
  pod(stack: string, name: string): Body {
    return this.deployment(stack, name).spec.template;
  }

  /** The main container of a Deployment. */
  container(stack: string, name: string): Body {
    return this.pod(stack, name).spec.container[0];
  }

  /** The variables of a Deployment: values, and references to secrets. */
  variables(stack: string, name: string): Readonly<Record<string, any>> {
    return variablesOf(this.container(stack, name));
  }

  /** The pod of a job, by the end of its path in the stack. */
  job(stack: string, path: string): Body {
    return one(this.stack(stack), "kubernetes_job_v1", path).spec.template;
  }

  /** The custom objects of a kind in a stack. */
  objects(stack: string, kind: string): readonly Body[] {
    return all(this.stack(stack), "helm_release").flatMap(({ values = [] }) =>
      values.flatMap((each: string) => objectsOf(each)).filter((object: Body) => object.kind === kind),
    );
  }
}

function objectsOf(values: string): readonly Body[] {
  return values.startsWith("{") ? ((JSON.parse(values) as { readonly objects?: readonly Body[] }).objects ?? []) : [];
}

/** The resource of a type that has a name in Kubernetes. */
export function named(json: Body, type: string, name: string): Body {
  const found = all(json, type).filter(({ metadata }) => metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources of type ${type} are called ${name}`);
  return found[0] as Body;
}

export function variablesOf(container: Body): Readonly<Record<string, any>> {
  return Object.fromEntries(container.env.map((each: Body) => [each.name, each.value ?? each.value_from]));
}

/** A program of one environment of another program, with other settings. */
export function changed(program: Program, environment: string, change: (environment: Environment) => Environment): Program {
  return { ...program, environments: program.environments.filter(({ name }) => name === environment).map(change) };
}

/** What is refused in a program, a line for each problem. */
export function refusedOf(program: Program): readonly string[] {
  try {
    void synthesisOf(program).sites;
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.message.split("\n");
    throw error;
  }
}
