import { withoutEndpoint } from "../../../stacks/model/derive/connections";
import { exposedOf } from "../../../stacks/model/derive/endpoints";
import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

export function endpoints({ name, part, system }: Described): Markup {
  const unreached = withoutEndpoint(system).flatMap((domain) => exposedOf(domain).map((service) => `${domain.name} / ${service.name}`));
  return html`${
    part.publicEndpoints.length === 0
      ? nothing("None: no load balancer is created, and nothing is reachable from outside of its cluster.")
      : table({
          caption: `Public endpoints of ${name}`,
          head: ["endpoint", "answers at"],
          rows: part.publicEndpoints.map((endpoint) => [endpoint.name, endpoint.answers]),
        })
  }${unreached.length > 0 && html`<p>On an existing cluster you provide the ingress to ${unreached.join(", ")}.</p>`}`;
}
