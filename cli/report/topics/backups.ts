import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

export function backups({ name, part: { backups: rows, otherState } }: Described): Markup {
  return html`${
    rows.length === 0
      ? nothing("No part keeps data.")
      : table({
          caption: `Backups of ${name}`,
          head: ["part", "backup", "frequency", "retention", "location", "lock", "data loss", "RTO", "alert if late", "drill"],
          rows: rows.map(({ part, how, often, kept, where, locked, loss, restore, alert, drill }) => [
            part,
            how.startsWith("none") ? html`<span class="bad">${how}</span>` : how,
            often,
            without("kept ", kept),
            where,
            locked,
            without("loses ", loss),
            without("RTO ", restore),
            without("alert ", alert),
            drill.includes("last: FAILED") ? html`<span class="bad">${drill}</span>` : without("drill ", drill),
          ]),
        })
  }
${
  otherState.length > 0 &&
  table({ caption: `Other state of ${name}`, head: ["other state", "kept"], rows: otherState.map(({ what, kept }) => [what, kept]) })
}`;
}

/** Text of a summary without the word that the column's name says. */
function without(word: string, text: string): string {
  return text.startsWith(word) ? text.slice(word.length) : text;
}
