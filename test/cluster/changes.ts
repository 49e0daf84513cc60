import { isDeepStrictEqual } from "node:util";
import type { KubernetesObject } from "./api";

/** How what is on a cluster becomes what is wanted. */
export interface Change {
  readonly how: "created" | "in place" | "made anew" | "deleted";

  /** What is sent, or what goes. */
  readonly object: KubernetesObject;
}

/** Fields that Terraform's provider changes in place, of kinds of which it does not change all (provider kubernetes, ForceNew). */
const IN_PLACE: Readonly<Record<string, readonly string[]>> = {
  Job: [],
  PersistentVolumeClaim: ["resources"],
  PodDisruptionBudget: [],
  StatefulSet: ["minReadySeconds", "persistentVolumeClaimRetentionPolicy", "replicas", "template", "updateStrategy"],
};

/** What holds data, or takes what holds data with it. */
const STATEFUL: ReadonlySet<string> = new Set(["Cluster", "Namespace", "PersistentVolumeClaim", "StatefulSet"]);

/**
 * What is on the cluster when the second list has been sent where the first was. Of the sets in `ignoring` the provider is
 * told not to look at claim templates, and so leaves them as they are.
 */
export function afterwards(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  ignoring: ReadonlySet<string>,
): readonly KubernetesObject[] {
  const old = new Map(before.map((object) => [keyOf(object), object]));
  return after.map((object) => {
    const was = old.get(keyOf(object));
    if (!was || !ignoring.has(keyOf(object))) return object;
    return { ...object, spec: { ...object.spec, volumeClaimTemplates: was.spec.volumeClaimTemplates } };
  });
}

/** What Terraform does to come from the first list to the second. */
export function changesOf(before: readonly KubernetesObject[], after: readonly KubernetesObject[]): readonly Change[] {
  const old = new Map(before.map((object) => [keyOf(object), object]));
  const wanted = new Set(after.map(keyOf));
  const gone = before.filter((object) => !wanted.has(keyOf(object))).map((object): Change => ({ how: "deleted", object }));
  const rest = after.flatMap((object): readonly Change[] => {
    const was = old.get(keyOf(object));
    if (!was) return [{ how: "created", object }];
    if (isDeepStrictEqual(was, object)) return [];
    return [{ how: isInPlace(was, object) ? "in place" : "made anew", object }];
  });
  return [...gone, ...rest];
}

/** What of these changes no store survives. */
export function losses(changes: readonly Change[]): readonly string[] {
  return changes
    .filter(({ how, object: { kind } }) => (how === "deleted" || how === "made anew") && STATEFUL.has(kind))
    .map(({ how, object }) => `${keyOf(object)} would be ${how}`);
}

/** The sets of a synthesized stack whose claim templates the provider is told not to look at. */
export function ignoringTemplates(json: unknown): readonly string[] {
  const { resource = {} } = json as { readonly resource?: Readonly<Record<string, Readonly<Record<string, any>>>> };
  return Object.values(resource.kubernetes_stateful_set_v1 ?? {})
    .filter(({ lifecycle }) => lifecycle?.ignore_changes?.includes("spec[0].volume_claim_template"))
    .map(({ metadata }) => keyOf({ kind: "StatefulSet", metadata }));
}

/** An object by kind, namespace and name. */
export function keyOf({ kind, metadata: { namespace = "", name } }: Pick<KubernetesObject, "kind" | "metadata">): string {
  return `${kind} ${namespace}/${name}`;
}

function isInPlace(was: KubernetesObject, now: KubernetesObject): boolean {
  if (was.immutable === true) return false;
  const changeable = IN_PLACE[was.kind];
  if (!changeable) return true;
  const fields = new Set([...Object.keys(was.spec), ...Object.keys(now.spec)]);
  return [...fields].every((field) => changeable.includes(field) || isDeepStrictEqual(was.spec[field], now.spec[field]));
}
