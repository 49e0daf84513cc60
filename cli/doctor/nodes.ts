import { type Amount, inWords, quantity } from "../../constructs/capacity";
import type { MeasuredSite } from "../../stacks/capacity";
import type { Finding } from "./finding";
import { type Kubectl, lines } from "./kubectl";

const REQUESTS = "{.spec.containers[*].resources.requests";

/** Compares the requests of an environment with nodes whose size the program doesn't have, and that others may use too. */
export function nodes(subject: string, { site: { ledger }, objects }: MeasuredSite, kubectl: Kubectl): readonly Finding[] {
  if (ledger.pool) return [];
  const each = (fields: string) => ["--output", `jsonpath={range .items[*]}${fields}{"\\n"}{end}`];
  const all = lines(kubectl(["get", "nodes", ...each('{.status.allocatable.cpu}{"\\t"}{.status.allocatable.memory}')]));
  const own = objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  const pods = ["get", "pods", "--all-namespaces", "--field-selector", "status.phase=Running"];
  const others = lines(kubectl([...pods, ...each(`{.metadata.namespace}{"\\t"}${REQUESTS}.cpu}{"\\t"}${REQUESTS}.memory}`)]))
    .map((line) => line.split("\t"))
    .filter(([namespace = ""]) => !own.includes(namespace));
  const [allocatable, used] = [sum(all.map((line) => line.split("\t"))), sum(others.map(([, ...requests]) => requests))];
  const needed = ledger.demand(all.length);
  const count = `${all.length} node${all.length === 1 ? "" : "s"}`;
  const found = `${inWords(allocatable)} allocatable on ${count}, ${inWords(used)} requested by others, ${inWords(needed)} needed`;
  const fits = (key: keyof Amount) => needed[key] + used[key] <= allocatable[key];
  if (fits("millicores") && fits("memoryBytes")) return [{ subject, found }];
  return [{ subject, state: "wrong", found, remedy: "give the nodes more CPU and memory, add nodes, or reduce the requests of workloads" }];
}

/** Sum of rows of CPU and memory, each a list of quantities. */
function sum(rows: readonly (readonly string[])[]): Amount {
  const total = (column: number, scale: 1 | 1000) =>
    rows
      .flatMap((row) => row[column]?.split(" ").filter(Boolean) ?? [])
      .map((text) => quantity(text, scale))
      .reduce((all: number, each) => all + (typeof each === "number" ? each : 0), 0);
  return { millicores: total(0, 1000), memoryBytes: total(1, 1) };
}
