import type { AllowedFlow } from "../../../constructs/network";
import type { Described } from "../contents";
import { counted, html, type Markup, nothing, table } from "../html";

/** Connections that the security groups allow. */
export function traffic({ name, traffic: { parties, flows, networks } }: Described): Markup {
  if (flows.length === 0)
    return nothing(
      "Network policies allow the connections of the diagram, those of the platform (DNS, probes, metrics), and no others. The owner of the existing cluster manages its firewalls.",
    );
  const descriptions = new Map(parties.map((party) => [party.name, party.description]));
  const cidr = new Map(Object.entries(networks));
  const end = (of: string) =>
    html`<span title="${descriptions.get(of) ?? cidr.get(of) ?? "all addresses outside of the network"}">${of}</span>`;
  return html`<p>Security groups allow these connections between machines and deny all others. Network policies restrict pods further: to the connections of the diagram, and those of the platform (DNS, probes, metrics).</p>
<details><summary>${counted(flows.length, "allowed connection")} between ${counted(parties.length, "security group")}</summary>
${table({
  caption: `Connections that the security groups of ${name} allow`,
  head: ["from", "to", "port", "purpose"],
  rows: flows.map((flow) => [end(flow.from), end(flow.to), portsOf(flow), flow.description]),
})}</details>`;
}

function portsOf({ port, lastPort, protocol = "tcp" }: AllowedFlow): string {
  return `${lastPort === undefined ? port : `${port}–${lastPort}`}/${protocol}`;
}
