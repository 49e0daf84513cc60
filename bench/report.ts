/** One line of the table: ours beside another way to do the same. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly unit: "ms" | "MB" | "x";
  readonly ours: number;
  readonly other: number;

  /** What is compared with the target. */
  readonly ratio: number;

  /** The most that the ratio may be. */
  readonly target?: number;
}

/** Timings of a shared machine scatter by about the margin: what misses by less is shown, and does not fail. */
export function clearlyMissed({ ratio, target }: Row, margin = 1.15): boolean {
  return target !== undefined && ratio > target * margin;
}

export function table(rows: readonly Row[]): string {
  const lines = rows.flatMap((row, index) => [...(row.group === rows[index - 1]?.group ? [] : ["", heading(row.group)]), line(row)]);
  return lines.join("\n").trimStart();
}

function heading(group: string): string {
  const [what = "", other = ""] = group.split(" | ");
  return columns(what, "ours", other, "ratio", "target");
}

function line({ name, ours, other, unit, ratio, target }: Row): string {
  const verdict =
    target === undefined ? "" : ratio <= target ? "met" : clearlyMissed({ ratio, target } as Row) ? "MISSED" : "missed narrowly";
  return columns(
    `  ${name}`,
    show(ours, unit),
    show(other, unit),
    ratio.toFixed(2),
    target === undefined ? "" : `${target.toFixed(2)}  ${verdict}`,
  );
}

function show(value: number, unit: Row["unit"]): string {
  if (Number.isNaN(value)) return "not measured";
  return `${value.toFixed(value < 10 ? 3 : 0)} ${unit}`;
}

function columns(name: string, ours: string, other: string, ratio: string, target: string): string {
  return `${name.padEnd(42)}${ours.padStart(12)}${other.padStart(12)}${ratio.padStart(8)}  ${target}`.trimEnd();
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
