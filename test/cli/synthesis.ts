import type { Synthesis } from "../../stacks";

/** A synthesis of stacks by their configuration. The name of a stack begins with that of its environment. */
export function aSynthesis(stacks: Readonly<Record<string, object>>, ...sites: Synthesis["sites"]): Synthesis {
  const all = Object.entries(stacks).map(([id, json]) => [id, { json, stack: { node: { id } } }] as const);
  const names = [...new Set(all.map(([id]) => id.split("-")[0] ?? ""))];
  const compositions = names.map((name) => ({
    name,
    stacks: all.filter(([id]) => id.startsWith(`${name}-`)).map(([, { stack }]) => stack),
  }));
  return { compositions, stacks: new Map(all), sites } as unknown as Synthesis;
}
