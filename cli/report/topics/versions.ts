import { supportedVersions } from "../../../stacks/model/support";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

/** Versions with a known end of support, and the charts on the clusters. */
export function versions({ name, system, sites }: Described): Markup {
  const known = supportedVersions(system);
  const charts = new Map(
    sites.flatMap(({ releases }) => releases).map(({ chart, version }) => [chart.split("/").at(-1) ?? chart, version ?? "in its address"]),
  );
  return html`${
    known.length === 0
      ? nothing("No version here has an end of support that the platform knows.")
      : table({
          caption: `End of support in ${name}`,
          head: ["part", "version", "support"],
          rows: known.map(({ part, version, support }) => [part, version, support]),
        })
  }
${
  charts.size > 0 &&
  html`<details><summary>Charts on its clusters: ${charts.size}</summary>
<p>The platform doesn't know when support of a chart or of another engine ends.</p>
${table({ caption: `Charts of ${name}`, head: ["chart", "version"], rows: [...charts].sort(([one], [other]) => one.localeCompare(other)) })}</details>`
}`;
}
