import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "./plain";
import { median, type Row } from "./report";

/** The most that a synthesis may cost beside plain cdktf, by number of environments. */
const TARGETS: ReadonlyMap<number, number> = new Map([
  [1, 0.5],
  [10, 0.4],
  [50, 0.4],
]);
const ROUNDS = 5;
const TIME = "synthesis in process, per resource | plain cdktf";
const MEMORY = "peak memory of synthesis | plain cdktf";

interface Measurement {
  readonly milliseconds: number;
  readonly peakMb: number;
}

/**
 * Our synthesis, validation and policies included, beside a plain cdktf program that writes the same resources. In short: one
 * environment.
 */
export function measureSynthesis(directory: string, short: boolean): Row[] {
  const sizes = [...TARGETS.keys()].slice(0, short ? 1 : undefined);
  const measured = sizes.map((environments) => {
    const ours: Measurement[] = [];
    const plain: Measurement[] = [];
    for (let round = 0; round < (short ? 2 : ROUNDS); round++) {
      ours.push(measure("ours", environments, directory));
      plain.push(measure("plain", environments, directory));
    }
    const resources = compare(join(directory, `ours-${environments}`), join(directory, `plain-${environments}`));
    const name = `${environments} environment${environments === 1 ? "" : "s"}, ${resources} resources`;
    return {
      name,
      target: TARGETS.get(environments) as number,
      ours: Math.min(...ours.map(perRun)) / resources,
      plain: Math.min(...plain.map(perRun)) / resources,
      peaks: [ours, plain].map((runs) => median(runs.map(peak))),
    };
  });
  return [
    ...measured.map(
      ({ name, ours, plain, target }): Row => ({ group: TIME, name, unit: "ms", ours, other: plain, ratio: ours / plain, target }),
    ),
    ...growth(measured, sizes),
    ...measured.map(
      ({ name, peaks: [ours = 0, other = 0] }): Row => ({ group: MEMORY, name, unit: "MB", ours, other, ratio: ours / other, target: 1 }),
    ),
  ];
}

/** What a resource costs in the largest program beside what it costs in the smallest. */
function growth(measured: readonly { readonly ours: number; readonly plain: number }[], sizes: readonly number[]): Row[] {
  const [smallest, largest] = [measured[0], measured.at(-1)];
  if (!smallest || !largest || smallest === largest) return [];
  const ours = largest.ours / smallest.ours;
  const name = `growth from ${sizes[0]} to ${sizes.at(-1)}`;
  return [{ group: TIME, name, unit: "x", ours, other: largest.plain / smallest.plain, ratio: ours, target: 1.2 }];
}

/** Each in a process of its own, so that neither the compiled code nor the heap of one serves the other. */
function measure(side: "ours" | "plain", environments: number, directory: string): Measurement {
  const child = spawnSync(process.execPath, [join(__dirname, "synthesis.js"), side, String(environments), directory], {
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(`${side} at ${environments} environments ended with ${child.status}:\n${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** The number of resources and data sources of two programs, which must agree in everything but cdktf's comments. */
function compare(ours: string, plain: string): number {
  const [left, right] = [readStacks(ours), readStacks(plain)];
  const differing = [...new Set([...left.keys(), ...right.keys()])].filter(
    (address) => !isDeepStrictEqual(left.get(address), right.get(address)),
  );
  if (differing.length > 0) throw new Error(`the plain program is not the same program, and nothing is compared:\n${differing.join("\n")}`);
  return [...left.keys()].filter((address) => /^[^/]+\/(resource|data)\./.test(address)).length;
}

/** Everything that was written, by address: `production-network/resource.aws_vpc.main`. */
function readStacks(outdir: string): ReadonlyMap<string, Json> {
  const stacks = readdirSync(join(outdir, "stacks")).map((id): [string, JsonObject] => [id, readStack(outdir, id)]);
  return new Map(
    stacks.flatMap(([id, { "//": _comment, resource = {}, data = {}, ...others }]) => [
      ...Object.entries(others).map(([section, content]): [string, Json] => [`${id}/${section}`, content]),
      ...elements(`${id}/resource`, resource),
      ...elements(`${id}/data`, data),
    ]),
  );
}

function readStack(outdir: string, id: string): JsonObject {
  return JSON.parse(readFileSync(join(outdir, "stacks", id, "cdk.tf.json"), "utf8"));
}

function elements(section: string, types: Json): [string, Json][] {
  return Object.entries(types as JsonObject).flatMap(([type, named]) =>
    Object.entries(named as JsonObject).map(([name, element]): [string, Json] => [`${section}.${type}.${name}`, withoutComment(element)]),
  );
}

function withoutComment(element: Json): Json {
  const { "//": _comment, ...rest } = element as JsonObject;
  return rest;
}

function perRun({ milliseconds }: Measurement): number {
  return milliseconds;
}

function peak({ peakMb }: Measurement): number {
  return peakMb;
}
