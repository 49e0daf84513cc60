import { describe } from "../../../constructs/core/errors";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

/** Exceptions with reasons, warnings, and settings without effect. */
export function exceptions({ name, part: { exceptions: rows, ineffective }, warnings }: Described): Markup {
  return html`${
    rows.length === 0
      ? nothing("No exceptions: every secure default applies.")
      : table({
          caption: `Exceptions of ${name}`,
          head: ["exception", "consequence", "reason"],
          rows: rows.map(({ name: exception, weaker, reason }) => [exception, weaker, reason]),
        })
  }
${warnings.length > 0 && html`<ul class="warnings">${warnings.map((problem) => html`<li>${describe(problem)}</li>`)}</ul>`}
${
  ineffective.length > 0 &&
  table({
    caption: `Settings of ${name} without effect`,
    head: ["configured without effect", "reason"],
    rows: ineffective.map(({ setting, why }) => [setting, why]),
  })
}`;
}
