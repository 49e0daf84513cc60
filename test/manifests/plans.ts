import { isDeepStrictEqual } from "node:util";
import type { Body } from "../synth";

/** What Terraform plans of one resource. */
interface Planned {
  readonly address: string;
  readonly how: "created" | "destroyed" | "replaced" | "triggered" | "updated" | "read";
}

/** How Terraform says it (1.11, as it was seen to print). */
const SAID: Readonly<Record<Planned["how"], string>> = {
  created: "will be created",
  destroyed: "will be destroyed",
  read: "will be read during apply",
  replaced: "must be replaced",
  triggered: "will be replaced due to changes in replace_triggered_by",
  updated: "will be updated in-place",
};

/** What no provider is told. */
const OWN = ["//", "depends_on", "lifecycle", "timeouts"];

/** What the provider changes by making it anew, beside names (provider kubernetes, ForceNew). */
const ANEW: Readonly<Record<string, (body: Body) => unknown>> = {
  kubernetes_job_v1: ({ spec }) => spec.template,
  kubernetes_pod_disruption_budget_v1: ({ spec }) => spec,
};

/**
 * The heads of what `terraform plan` prints where the first stack is deployed and becomes the second. What stands below
 * them takes the providers, which know more than they are told.
 */
export function planOf(before: Body, after: Body): string {
  const [was, is] = [resourcesOf(before, "resource"), resourcesOf(after, "resource")];
  const changes = new Map<string, Planned["how"]>();
  for (const address of new Set([...was.keys(), ...is.keys()])) {
    const how = changeOf(address, was.get(address), is.get(address));
    if (how) changes.set(address, how);
  }
  const isRolled = (address: string) => ["replaced", "updated"].includes(changes.get(address) ?? "");
  for (const [address, { lifecycle }] of is)
    if (was.has(address) && lifecycle?.replace_triggered_by?.some(isRolled)) changes.set(address, "triggered");
  const read = [...resourcesOf(after, "data")].filter(([, { depends_on }]) => depends_on?.some((each: string) => changes.has(each)));
  const planned: readonly Planned[] = [
    ...read.map(([address]) => ({ address: `data.${address}`, how: "read" as const })),
    ...[...changes].map(([address, how]) => ({ address, how })).sort((one, other) => (one.address < other.address ? -1 : 1)),
  ];
  const count = (...hows: Planned["how"][]) => planned.filter(({ how }) => hows.includes(how)).length;
  const [add, destroy] = [count("created", "replaced", "triggered"), count("destroyed", "replaced", "triggered")];
  return [
    ...planned.map(({ address, how }) => `  # ${address} ${SAID[how]}`),
    `Plan: ${add} to add, ${count("updated")} to change, ${destroy} to destroy.`,
  ].join("\n");
}

function resourcesOf(json: Body, kind: "data" | "resource"): ReadonlyMap<string, Body> {
  const types = Object.entries((json[kind] ?? {}) as Record<string, Record<string, Body>>);
  return new Map(types.flatMap(([type, named]) => Object.entries(named).map(([name, body]) => [`${type}.${name}`, body] as const)));
}

function changeOf(address: string, was: Body | undefined, is: Body | undefined): Planned["how"] | undefined {
  if (!was) return "created";
  if (!is) return "destroyed";
  if (isDeepStrictEqual(told(was), told(is))) return undefined;
  const anew = ANEW[address.split(".")[0] ?? ""] ?? (() => undefined);
  const same = was.metadata?.name === is.metadata?.name && isDeepStrictEqual(anew(was), anew(is));
  return same ? "updated" : "replaced";
}

function told(body: Body): Body {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !OWN.includes(key)));
}
