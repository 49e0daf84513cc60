import type { Environment } from "../../stacks";
import type { Described } from "./contents";
import { counted, html, type Markup, nothing, whole } from "./html";

/** One setting in all environments. */
export interface SettingRow {
  /** Path below the environment: `readDatabase.engine`. */
  readonly path: string;

  /** Value in each environment; undefined where it is not set. */
  readonly values: readonly (string | undefined)[];
}

/** Characters of a value that are shown. */
const SHOWN = 90;

/** Settings of environments as they are written, one row each, in the order in which they are first written. */
export function settingRows(environments: readonly Environment[]): readonly SettingRow[] {
  const written = environments.map((environment) => new Map(leaves(environment)));
  const paths = [...new Set(written.flatMap((settings) => [...settings.keys()]))].filter((path) => path !== "name");
  return inOrder(paths).map((path) => ({ path, values: written.map((settings) => settings.get(path)) }));
}

/** Paths with the same first key together, each in its first place. */
function inOrder(paths: readonly string[]): readonly string[] {
  const first = [...new Set(paths.map(topOf))];
  return first.flatMap((key) => paths.filter((path) => topOf(path) === key));
}

function topOf(path: string): string {
  return path.split(".")[0] ?? path;
}

function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return [[path, value.join(", ")]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path, "{}"]];
  return entries.flatMap(([key, each]) => leaves(each, path === "" ? key : `${path}.${key}`));
}

/** Settings side by side. Check boxes choose the environments to compare; the style sheet shows the rows that differ between them. */
export function differences(environments: readonly Described[]): Markup {
  if (environments.length < 2) return nothing("There is only one environment here, and nothing to compare it with.");
  const rows = settingRows(environments.map(({ written }) => written));
  const differing = rows.filter(({ values }) => new Set(values).size > 1).length;
  return html`<div class="compare">
<fieldset><legend>Compare</legend>
${environments.map(({ name }, index) => html`<label><input type="checkbox" id="compare-${index}" checked>${name}</label>`)}
<label class="apart"><input type="checkbox" id="compare-all">also rows that are equal</label>
</fieldset>
<p>${counted(differing, "setting")} of ${rows.length} ${differing === 1 ? "differs" : "differ"} between all environments. A dash marks a setting that is not written: its default applies.</p>
<div class="wide" role="region" aria-label="Differences, scrollable" tabindex="0"><table>
<caption>Settings of all environments</caption>
<thead><tr><th scope="col">setting</th>${environments.map(({ name }, index) => html`<th scope="col" class="of-${index}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(rowOf)}</tbody></table></div>
</div>`;
}

function rowOf({ path, values }: SettingRow): Markup {
  const differing = pairs(values.length).filter(([one, other]) => values[one] !== values[other]);
  const classes = differing.map(([one, other]) => `differs-${one}-${other}`).join(" ");
  return html`<tr class="${classes}"><th scope="row">${path}</th>${values.map((value, index) => html`<td class="of-${index}">${value === undefined ? html`<span class="unset">–</span>` : whole(shortened(value))}</td>`)}</tr>
`;
}

/** Beginning of a value. Of a file's content only the length is shown. */
function shortened(value: string): string {
  if (value.includes("\n")) return counted(value.length, "character");
  return value.length <= SHOWN ? value : `${value.slice(0, SHOWN)}… (${counted(value.length, "character")})`;
}

/** Rules that hide columns and rows, by the check boxes. */
export function differenceStyles(count: number): string {
  const on = (index: number) => `:has(#compare-${index}:checked)`;
  const off = Array.from({ length: count }, (_, index) => `.compare:has(#compare-${index}:not(:checked)) .of-${index}{display:none}`);
  const chosen = (one: number, other: number, more = "") => `.compare${on(one)}${on(other)}${more} .differs-${one}-${other}`;
  const shown = pairs(count).map(([one, other]) => `${chosen(one, other)}{display:table-row}`);
  const marked = pairs(count).map(([one, other]) => `${chosen(one, other, ":has(#compare-all:checked)")}{background:var(--mark)}`);
  return [...off, ".compare:not(:has(#compare-all:checked)) tbody tr{display:none}", ...shown, ...marked].join("\n");
}

function pairs(count: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, one) =>
    Array.from({ length: count - one - 1 }, (_, after) => [one, one + 1 + after] as const),
  ).flat();
}
