import type { Described } from "../contents";
import { html, type Markup, nothing, table } from "../html";

export function workloads({ name, part }: Described): Markup {
  const { workloads: running, stores } = part;
  return html`${
    running.length === 0
      ? nothing("No workloads.")
      : table({
          caption: `Workloads of ${name}`,
          head: ["workload", "instances", "version"],
          rows: running.map(({ path, instances, versions }) => [path, instances, versions]),
        })
  }
${
  stores.length === 0
    ? nothing("No stores.")
    : table({ caption: `Stores of ${name}`, head: ["store", "settings"], rows: stores.map(({ store, settings }) => [store, settings]) })
}`;
}
