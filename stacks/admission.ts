import { beyondQuotas, type PodGroup } from "../constructs/capacity";
import type { Problem } from "../constructs/core/errors";
import { type ChartRelease, inadmissible, type KubernetesObject, type KubernetesObjects } from "../constructs/kubernetes";
import { descriptionOf } from "./base/refusals";
import type { PlatformStack } from "./base/stack";

/** Objects that the API server of a cluster would reject, with the paths of the environment's settings. */
export function refusedBy(
  path: string,
  sent: readonly Sent[],
  groups: readonly PodGroup[],
  hasLabel: (key: string, value: string) => boolean = () => true,
): readonly Problem[] {
  const origins = new Map(
    sent.flatMap(({ stack, addresses }) => [...addresses].map(([made, address]) => [made, { stack, address }] as const)),
  );
  const placeOf = (made: KubernetesObject | ChartRelease | undefined) => {
    const origin = made && origins.get(made);
    return (origin && descriptionOf(origin.stack, origin.address)) ?? path;
  };
  const objects = sent.flatMap((one) => one.objects);
  const releases = sent.flatMap((one) => one.releases);
  const pairs = new Set<string>();
  const refused = inadmissible(objects, releases).flatMap(({ object, twin, name, rule, remedy }): Problem[] => {
    const [place, other] = [placeOf(object), placeOf(twin)];
    if (!twin || other === place || other === path) return [{ path: place, rule: `makes ${name}, which ${rule}`, remedy }];
    // Several objects share the name: only the first is reported.
    if (pairs.has(`${place} ${other}`)) return [];
    pairs.add(`${place} ${other}`);
    return [{ path: place, rule: `makes ${name}, which ${other} makes as well`, remedy }];
  });
  const placeOfPods = (name: string) =>
    placeOf(objects.find((object) => "spec" in object && `${object.metadata.namespace}/${object.metadata.name}` === name));
  const excess = beyondQuotas(objects, groups).map(
    ({ name, rule }): Problem => ({
      path: placeOfPods(name),
      rule: `makes ${name}, which ${rule}`,
      remedy: "use smaller requests, or fewer instances",
    }),
  );
  const homeless = groups.flatMap(({ name, nodeSelector = {} }) => {
    const absent = Object.entries(nodeSelector).filter(([key, value]) => !hasLabel(key, value));
    if (absent.length === 0) return [];
    const place = placeOfPods(name);
    return absent.map(
      ([key, value]): Problem => ({
        path: place === path ? path : `${place}.nodeSelector`,
        value: `${key}=${value}`,
        rule: `is a label that no node of the cluster has, so pods of ${name} would stay pending`,
        remedy: "leave it out, or add a NodePool or a node group with the label in extend",
      }),
    );
  });
  return [...refused, ...excess, ...homeless];
}

/** Objects that a stack sends to its cluster. */
export interface Sent extends KubernetesObjects {
  readonly stack: PlatformStack;
}
