import { describe, type Outcome } from "./outcome";
import type { Effect, ResourceChange } from "./plan-changes";
import type { Report } from "./walk";

/** Maximum length of a report in characters: GitHub allows 65,536 in a comment or an issue, of which a workflow adds some itself. */
export const LONGEST_REPORT = 65_000;

export interface PlanReport {
  /** Environment or stack of the plan. */
  readonly name: string;

  readonly report: Report;

  /** Changes by stack. A stack that was not planned has none. */
  readonly changes: ReadonlyMap<string, readonly ResourceChange[]>;

  /** Stacks that were planned without reading the deployed resources. */
  readonly unrefreshed: ReadonlySet<string>;

  /** Number of resources that a stack's configuration protects with prevent_destroy. */
  readonly protectedIn: (stack: string) => number;

  /** Further messages of the run. */
  readonly notes: readonly string[];
}

/** Effects in the order of the report: those that lose something come first. */
const EFFECTS: readonly Effect[] = ["destroy", "replace", "forget", "change", "create"];

const ALL = Number.POSITIVE_INFINITY;

/** Number of listed resources of each effect, for each attempt to stay within the limit. */
const LIMITS: readonly Readonly<Record<Effect, number>>[] = [
  { destroy: ALL, replace: ALL, forget: ALL, change: ALL, create: ALL },
  { destroy: ALL, replace: ALL, forget: ALL, change: 50, create: 0 },
  { destroy: 100, replace: 100, forget: 20, change: 0, create: 0 },
  { destroy: 10, replace: 10, forget: 0, change: 0, create: 0 },
];

/**
 * A plan in Markdown: the number of changes by stack, then the resources, destroyed and replaced ones first. It contains no values of
 * arguments. If it exceeds the limit of a comment, it leaves out created resources first, and destroyed ones last.
 */
export function planReport(plan: PlanReport, longest = LONGEST_REPORT): string {
  const texts = LIMITS.map((limits) => render(plan, limits));
  const fitting = texts.find((text) => text.length <= longest);
  if (fitting !== undefined) return fitting;
  const cut = "\n\nThe report is cut off here. The whole plan is in the log.\n";
  return (texts.at(-1) ?? "").slice(0, longest - cut.length) + cut;
}

function render(plan: PlanReport, limits: Readonly<Record<Effect, number>>): string {
  const { name, report, changes, notes } = plan;
  const all = [...changes.values()].flat();
  const lost = all.filter(({ effect, holdsData }) => holdsData && (effect === "destroy" || effect === "replace"));
  const blocks = [
    `## Plan of ${code(name)}: ${headline(report, all)}`,
    ...(lost.length > 0
      ? [[`> [!CAUTION]`, `> Data is lost: ${count(lost.length, "resource")} with data would be destroyed or replaced.`].join("\n")]
      : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${code(note)}`).join("\n")] : []),
    ...(report.size > 0 ? [table(plan)] : []),
    ...[...report].map(([stack, outcome]) => section(stack, outcome, changes.get(stack) ?? [], limits)),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function headline(report: Report, all: readonly ResourceChange[]): string {
  const kinds = [...report.values()].map(({ kind }) => kind);
  const of = (kind: Outcome["kind"]) => kinds.filter((each) => each === kind).length;
  const parts = [
    ...EFFECTS.flatMap((effect) => {
      const number = all.filter((change) => change.effect === effect).length;
      return number === 0 ? [] : [effect === "destroy" || effect === "replace" ? `**${number} to ${effect}**` : `${number} to ${effect}`];
    }),
    ...(of("failed") > 0 ? [`${count(of("failed"), "stack")} failed`] : []),
    ...(of("waits") > 0 ? [`${count(of("waits"), "stack")} not planned`] : []),
  ];
  if (parts.length > 0) return parts.join(", ");
  return [...report.values()].some((outcome) => outcome.kind === "done" && outcome.changes) ? "only outputs change" : "no changes";
}

function table({ report, changes, unrefreshed, protectedIn }: PlanReport): string {
  const rows = [...report].map(([stack, outcome]) => {
    const numbers = EFFECTS.map((effect) => (changes.get(stack) ?? []).filter((change) => change.effect === effect).length);
    const cells = [code(stack), resultOf(outcome, unrefreshed.has(stack)), ...[...numbers, protectedIn(stack)].map((each) => each || "")];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `| stack | result | ${EFFECTS.join(" | ")} | protected |`,
    `|---|---|${"--:|".repeat(EFFECTS.length + 1)}`,
    ...rows,
    ...(unrefreshed.size > 0
      ? ["", "Not refreshed: a plan must not read the values of secrets, so it doesn't show what was changed outside of Terraform."]
      : []),
  ].join("\n");
}

function resultOf(outcome: Outcome, unrefreshed: boolean): string {
  if (outcome.kind === "waits") return "not planned yet";
  if (outcome.kind !== "done") return outcome.kind === "failed" ? "**failed**" : "not reached";
  return `${outcome.changes ? "changes" : "no changes"}${unrefreshed ? ", not refreshed" : ""}`;
}

function section(stack: string, outcome: Outcome, changes: readonly ResourceChange[], limits: Readonly<Record<Effect, number>>): string {
  const lists = EFFECTS.map((effect) => ({ effect, found: changes.filter((change) => change.effect === effect) }))
    .filter(({ found }) => found.length > 0)
    .map(({ effect, found }) => list(effect, found, limits[effect]));
  const message = outcome.kind === "done" ? [] : [code(describe(stack, outcome, "plan"))];
  if (message.length + lists.length === 0) return "";
  return [`### ${code(stack)}`, ...message, ...lists].join("\n\n");
}

function list(effect: Effect, found: readonly ResourceChange[], limit: number): string {
  const title = `${found.length} to ${effect}`;
  const left = found.length - limit;
  const lines = [...found.slice(0, limit).map(line), ...(left > 0 ? [`- … and ${left} more, which the log lists`] : [])];
  if (effect === "destroy" || effect === "replace") return [`**${title}**`, "", ...lines].join("\n");
  return ["<details>", `<summary>${title}</summary>`, "", ...lines, "", "</details>"].join("\n");
}

function line({ address, effect, arguments: names, holdsData, protectedBy }: ResourceChange): string {
  const deletes = effect === "destroy" || effect === "replace";
  const facts = [
    ...(names.length > 0 ? [`${effect === "replace" ? "because of " : ""}${names.map(code).join(", ")}`] : []),
    ...(deletes && holdsData ? ["**holds data**"] : []),
    ...(deletes && protectedBy.length > 0 ? [`protected by ${protectedBy.map(code).join(", ")}`] : []),
  ];
  return `- ${code(address)}${facts.length > 0 ? `: ${facts.join("; ")}` : ""}`;
}

/** Text that Markdown shows as it is, and that mentions no user: names and messages may contain anything. */
function code(text: string): string {
  return `\`${text.replace(/`/g, "'").replace(/\|/g, "¦").replace(/\s+/g, " ")}\``;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
