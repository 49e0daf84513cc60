import { InvalidInput, type Problem } from "../core/errors";
import type { ApiObject } from "./custom-resources";
import { KINDS } from "./objects/kinds";
import { inOrder } from "./objects/order";
import { References } from "./objects/references";
import { type ChartRelease, listedIn, readRelease } from "./objects/releases";
import { isObject, type Reading, readBlock, type Values } from "./objects/schema";

export type { ChartRelease };

/** An object as the provider sends it to the API server on creation. */
export interface KubernetesObject extends ApiObject {
  readonly [field: string]: unknown;
}

/** The objects and releases of a stack. */
export interface KubernetesObjects {
  /** Objects of resources and of `CustomResources` releases, in an order in which they can be applied. */
  readonly objects: readonly KubernetesObject[];

  /** Releases of all other charts, by namespace and name. */
  readonly releases: readonly ChartRelease[];

  /** Their resources' addresses: `kubernetes_job_v1.migrations_A1B2C3D4`. */
  readonly addresses: ReadonlyMap<KubernetesObject | ChartRelease, string>;
}

/** Options of `kubernetesObjects`. */
export interface KubernetesObjectsOptions {
  /**
   * Resolves a reference to another stack, by its whole expression:
   * `data.terraform_remote_state.production-network.outputs.cidr`.
   * @default - unresolved: replaced by `known-after-apply`
   */
  readonly known?: (expression: string) => unknown;
}

/** Meta-arguments of Terraform, which are not sent. */
const META: ReadonlySet<string> = new Set(["//", "connection", "depends_on", "lifecycle", "provider", "provisioner", "timeouts"]);

/**
 * Returns the objects of a synthesized stack, as the kubernetes provider (2.38) would create them: with all of its defaults. A value known
 * only after an apply is `known-after-apply`, every value of a Secret is `hidden`.
 * Quantities stay as they are written.
 * @throws InvalidInput if a type or a field is unknown: nothing is silently dropped
 */
export function kubernetesObjects(json: Values, { known = () => undefined }: KubernetesObjectsOptions = {}): KubernetesObjects {
  const resources = isObject(json.resource) ? json.resource : {};
  const problems: Problem[] = [];
  const references = new References(resources, known);
  const objects: KubernetesObject[] = [];
  const releases: ChartRelease[] = [];
  const addresses = new Map<KubernetesObject | ChartRelease, string>();

  for (const [type, named] of Object.entries(resources)) {
    if (!/^(kubernetes|helm)_/.test(type)) continue;
    for (const [id, body] of Object.entries(named as Readonly<Record<string, Values>>)) {
      const address = `${type}.${id}`;
      const reading = readingOf(address);
      if (type === "helm_release") {
        const release = readRelease(body, reading, META);
        const listed = listedIn(release, reading) as readonly KubernetesObject[] | undefined;
        for (const made of [release, ...(listed ?? [])]) addresses.set(made, address);
        if (listed) objects.push(...listed);
        else releases.push(release);
        continue;
      }
      const kind = KINDS[type];
      if (!kind) {
        reading.refuse("is of a type that is not known", "add it to constructs/kubernetes/objects/kinds.ts");
        continue;
      }
      const { apiVersion, kind: name, block } = kind;
      const object = { apiVersion, kind: name, ...readBlock(block, body, reading, META) } as KubernetesObject;
      if (!object.metadata?.name) reading.refuse("has no name", "give it one: a name that the API generates is unknown before the apply");
      objects.push(object);
      addresses.set(object, address);
    }
  }
  if (problems.length > 0) throw new InvalidInput(problems);
  return { objects: inOrder(objects), releases: [...releases].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1)), addresses };

  function readingOf(address: string): Reading {
    const path = [address];
    return {
      path,
      resolve: (value) => references.resolve(value),
      refuse(rule, remedy, value) {
        problems.push({ path: path.join(".").replaceAll(".[", "["), value, rule, remedy });
        return undefined;
      },
    };
  }
}

function nameOf({ namespace, name }: ChartRelease): string {
  return `${namespace}/${name}`;
}
