import type { PodGroup } from "./contract";
import { quantity } from "./quantity";

/** Pods that can't fit in their namespace's quota. */
export interface Excess {
  /** Their namespace and name: `read-store/migrations`. */
  readonly name: string;

  /** Their request, and the quota: `asks for 4000m of CPU beside 1500m of other pods, and the quota of read-store admits 2000m`. */
  readonly rule: string;
}

interface Quota {
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string };
  readonly spec?: { readonly hard?: Readonly<Record<string, unknown>> };
}

/** Amount that a quota counts for one pod, by the key of its limit, and its format. */
const COUNTED: Readonly<
  Record<string, { readonly scale: 1 | 1000; readonly of: (group: PodGroup) => number; readonly show: (amount: number) => string }>
> = {
  "requests.cpu": { scale: 1000, of: ({ request }) => request.millicores, show: (amount) => `${amount}m of CPU` },
  "requests.memory": { scale: 1, of: ({ request }) => request.memoryBytes, show: (amount) => `${Math.ceil(amount / 2 ** 20)}Mi of memory` },
  pods: { scale: 1, of: () => 1, show: (amount) => `${amount} pods` },
};

/** Pods that exceed their namespace's quota: all others at maximum replicas, plus the pods of one job or the surge of one rollout. */
export function beyondQuotas(objects: readonly object[], groups: readonly PodGroup[]): readonly Excess[] {
  const quotas = (objects as readonly Quota[]).filter(({ kind }) => kind === "ResourceQuota");
  return quotas.flatMap(({ metadata: { namespace = "" } = {}, spec: { hard = {} } = {} }) => {
    const inside = groups.filter(({ name, pods }) => name.startsWith(`${namespace}/`) && pods !== "each-node");
    const running = inside.filter(({ passing }) => !passing);
    return Object.entries(COUNTED).flatMap(([key, { scale, of, show }]): Excess[] => {
      const limit = hard[key] === undefined ? undefined : quantity(hard[key], scale);
      if (typeof limit !== "number") return [];
      const others = running.reduce((sum, group) => sum + (group.most ?? Number(group.pods)) * of(group), 0);
      const admits = `and the quota of ${namespace} admits ${show(limit)}`;
      if (others > limit) return [{ name: `${namespace}/quota`, rule: `is for pods that request ${show(others)}, ${admits}` }];
      return inside.flatMap((group) => {
        const added = (group.passing ? Number(group.pods) : (group.surge ?? 0)) * of(group);
        return others + added > limit
          ? [{ name: group.name, rule: `requests ${show(added)} in addition to ${show(others)}, ${admits}` }]
          : [];
      });
    });
  });
}
