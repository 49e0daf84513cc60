import type { Case } from "../../../constructs/capacity";
import type { MeasuredSite } from "../../../stacks/capacity";
import { CLUSTER_NAMES } from "../../../stacks/model/derive/clusters";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

const GI = 2 ** 30;

/** Requests of required pods against the nodes of each cluster: all nodes, and with each zone down. */
export function capacity({ sites, name }: Described): Markup {
  if (sites.length === 0) return nothing("No cluster.");
  return html`${sites.map((site) => clusterOf(name, site))}`;
}

function clusterOf(name: string, { site, headroom }: MeasuredSite): Markup {
  const verdict = site.ledger.verdict();
  return html`<h4>${CLUSTER_NAMES[site.key]}</h4>
<p>${headroom}.</p>
${
  verdict.known &&
  table({
    caption: `Capacity of ${CLUSTER_NAMES[site.key]} of ${name}`,
    head: ["zones", "nodes", "CPU requested", "memory requested", "result"],
    numbers: [1],
    rows: verdict.cases.map((one) => [
      one.lostZone === undefined ? "all zones" : `without ${one.lostZone}`,
      one.nodes,
      bar(one, ({ millicores }) => millicores / 1000, "cores"),
      bar(one, ({ memoryBytes }) => memoryBytes / GI, "Gi"),
      one.fits ? html`<span class="good">fits</span>` : html`<span class="bad">does not fit</span>`,
    ]),
  })
}`;
}

function bar({ asked, room }: Case, of: (amount: Case["room"]) => number, unit: string): Markup {
  const [used, all] = [of(asked), of(room)];
  const share = all === 0 ? 100 : Math.min(100, Math.round((used / all) * 100));
  return html`<span class="bar" aria-hidden="true"><span style="width:${share}%"></span></span><span class="share">${used.toFixed(1)} of ${all.toFixed(1)} ${unit} (${share}%)</span>`;
}
