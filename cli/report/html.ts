/** HTML that is safe to print: everything in it was escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Content = Markup | string | number | undefined | false | readonly Content[];

/** HTML of a template. Values are escaped, unless they are markup themselves; `undefined` and `false` print nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, string, index) => text + textOf(values[index - 1]) + string));
}

export function textOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Id of an element, from any name. */
export function idOf(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[^A-Za-z0-9_-]/g, (character) => `.${character.charCodeAt(0)}.`)).join("-");
}

interface Table {
  /** Content of the table, for readers who don't see its surroundings. */
  readonly caption: string;

  readonly head: readonly string[];
  readonly rows: readonly (readonly Content[])[];

  /**
   * Columns of numbers, by index.
   * @default - none
   */
  readonly numbers?: readonly number[];
}

/** Class of tables with more columns than a page below 1,440 pixels shows. */
export const MANY = "many";

/** A table. On a narrow page each row is a block, with the column's name before each cell; roles keep it a table for screen readers. */
export function table({ caption, head, rows, numbers = [] }: Table): Markup {
  const kind = (column: number) => (numbers.includes(column) ? new Markup(' class="number"') : undefined);
  return html`<div class="table"><table role="table"${head.length > 7 && new Markup(` class="${MANY}"`)}><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head.map((name, column) => html`<th role="columnheader" scope="col"${kind(column)}>${name}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(
    (row) => html`<tr role="row">${row.map((cell, column) =>
      column === 0
        ? html`<th role="rowheader" scope="row"${kind(column)}>${whole(cell, NAME)}</th>`
        : html`<td role="cell"${kind(column)} data-column="${head[column]}">${whole(cell)}</td>`,
    )}</tr>
`,
  )}</tbody></table></div>`;
}

/** Name of a region or zone. */
const REGION = /\b([a-z]{2}(?:-[a-z]+)+-\d[a-z]?)\b/;

/** Name with hyphens that is short enough for a narrow column. */
const NAME = /(?<![\w-])(?=[\w-]{1,22}(?![\w-]))(\w+(?:-\w+)+)/;

/** Content in which names, by default those of regions, don't break at their hyphens. */
export function whole(content: Content, names = REGION): Content {
  if (typeof content !== "string") return content;
  return content.split(names).map((part, index) => (index % 2 === 1 ? html`<span class="whole">${part}</span>` : part));
}

/** A sentence in place of a table without rows. */
export function nothing(sentence: string): Markup {
  return html`<p class="nothing">${sentence}</p>`;
}

/** A number with its noun: `1 stack`, `7 stacks`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}
