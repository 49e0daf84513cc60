import { upstreamOf } from "../../summary";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

export function stacks({ name, part, bootstrap }: Described): Markup {
  if (part.stacks.length === 0) return nothing("No stacks.");
  const rows = part.stacks.map(({ id, resources, after }, index) => [`${index + 1}. ${id}`, resources, upstreamOf(part, after).join(", ")]);
  const before = bootstrap ? [[`0. ${bootstrap.id}`, bootstrap.resources, "once for each account"]] : [];
  return html`${table({ caption: `Stacks of ${name}`, head: ["stack", "resources", "after"], numbers: [1], rows: [...before, ...rows] })}
${part.next && html`<p>Deploy with <code>${part.next}</code></p>`}`;
}
