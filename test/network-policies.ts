import type { KubernetesObject } from "../constructs/kubernetes";
import type { Body } from "./synth";

/** One end of a way that a network policy opens. */
export interface End {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cidr?: string;

  /** Addresses of `cidr` that are no part of the end. */
  readonly except?: readonly string[];
}

/** A way that a network policy opens at one of its ends. */
export interface Way {
  readonly from: End;
  readonly to: End;
  readonly port: string;
}

const NAME_OF_NAMESPACE = "kubernetes.io/metadata.name";

const ANYWHERE: End = { namespace: "", labels: {}, cidr: "anywhere" };

function endOf(own: string, { ipBlock, namespaceSelector, podSelector }: Body): End {
  if (ipBlock) return { namespace: "", labels: {}, cidr: ipBlock.cidr, ...(ipBlock.except ? { except: ipBlock.except } : {}) };
  const namespace = namespaceSelector?.matchLabels?.[NAME_OF_NAMESPACE] ?? (namespaceSelector ? "*" : own);
  return { namespace, labels: podSelector?.matchLabels ?? {} };
}

/** The ways that network policies open, in or out, without those of names. */
export function waysIn(objects: readonly KubernetesObject[], direction: "ingress" | "egress"): readonly Way[] {
  return objects
    .filter(({ kind, metadata: { name } }) => kind === "NetworkPolicy" && !["deny", "to-names"].includes(name))
    .flatMap(({ metadata: { namespace = "" }, spec }) => {
      const { podSelector, ...rules } = spec as Body;
      const own: End = { namespace, labels: podSelector?.matchLabels ?? {} };
      return ((rules[direction] ?? []) as Body[]).flatMap((rule) => {
        const ends: readonly End[] = (rule.from ?? rule.to)?.map((peer: Body) => endOf(namespace, peer)) ?? [ANYWHERE];
        const ports = (rule.ports as Body[]).map(({ port }) => String(port)).filter((port) => port !== "53");
        return ends.flatMap((end) =>
          ports.map((port) => (direction === "ingress" ? { from: end, to: own, port } : { from: own, to: end, port })),
        );
      });
    });
}

/** An end in a word: `marketplace/storefront`, `redis/*`, `203.0.113.0/24`. */
export function word({ namespace, labels, cidr }: End): string {
  return cidr ?? `${namespace}/${labels["app.kubernetes.io/name"] ?? Object.values(labels)[0] ?? "*"}`;
}

/** Whether labels select all that others select. */
export const covers = (wide: End["labels"], narrow: End["labels"]) => Object.entries(wide).every(([key, value]) => narrow[key] === value);

/** Whether two ends are the same pods: by what one says of the other, or by pods that both select. */
export function related(objects: readonly KubernetesObject[], one: End, other: End): boolean {
  if (one.namespace !== other.namespace) return false;
  if (covers(one.labels, other.labels) || covers(other.labels, one.labels)) return true;
  return objects.some(({ metadata: { namespace }, spec }) => {
    const { template, jobTemplate } = (spec ?? {}) as Body;
    const labels = (template ?? jobTemplate?.spec.template)?.metadata?.labels;
    return namespace === one.namespace && labels && covers(one.labels, labels) && covers(other.labels, labels);
  });
}
