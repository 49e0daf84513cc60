import { promql } from "../observability/promql";
import { all, type Body } from "../synth";

/** The workload of a type and name that a stack makes. The name of a job ends in a hash of what it runs. */
export function workload(json: Body, type: "deployment" | "cron_job" | "job", name: string): Body {
  const found = all(json, `kubernetes_${type}_v1`).find(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, "") === name);
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found;
}

/** The container of a workload, with its variables by name: their values, or the secrets and keys that they are from. */
export function container({ spec }: Body): Body & { readonly variables: Readonly<Record<string, string>> } {
  const { template } = spec.job_template?.spec ?? spec;
  const [own] = template.spec.container;
  const variables = own.env.map(({ name, value, value_from: from }: Body) => [
    name,
    value ?? (from.secret_key_ref ? `${from.secret_key_ref.name}/${from.secret_key_ref.key}` : from.field_ref.field_path),
  ]);
  return { ...own, variables: Object.fromEntries(variables) };
}

/** The objects of a kind that a stack sends as a release, in the order of its resources. */
export function objects(json: Body, kind: string): readonly Body[] {
  return all(json, "helm_release")
    .flatMap(({ values }) => JSON.parse(values[0]).objects ?? [])
    .filter((object: Body) => object.kind === kind);
}

/** The values of a chart's release. */
export function values(json: Body, name: string): Body {
  const release = all(json, "helm_release").find((each) => each.name === name);
  if (!release) throw new Error(`there is no release ${name}`);
  return JSON.parse(release.values[0].replaceAll("$${", "${"));
}

/** The queries of a dashboard in a stack, a line for each. Each can be read as PromQL. */
export function queriesOn(json: Body, dashboard: string): string {
  const map = all(json, "kubernetes_config_map_v1").find(({ metadata }) => metadata.name === `dashboard-${dashboard}`);
  if (!map) throw new Error(`there is no dashboard ${dashboard}`);
  const { panels } = JSON.parse(map.data[`${dashboard}.json`].replaceAll("$$", "$"));
  const queries: readonly string[] = panels.flatMap(({ targets = [] }: Body) => targets.map(({ expr }: Body) => expr));
  for (const query of queries)
    expect([query, promql(query.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h")).errors]).toEqual([query, []]);
  return queries.join("\n");
}

/** The alerts of a stack by name. */
export function alertsOf(json: Body): ReadonlyMap<string, Body> {
  const rules = objects(json, "PrometheusRule").flatMap(({ spec }) => spec.groups.flatMap((group: Body) => group.rules));
  return new Map(rules.filter(({ alert }: Body) => alert).map((rule: Body) => [rule.alert, rule]));
}

/** The file of a workload that ends so. */
export function file(json: Body, workload: string, content: RegExp): string {
  const files = all(json, "kubernetes_config_map_v1")
    .filter((map) => map["//"].metadata.path.includes(`/${workload}/pod/files`))
    .flatMap(({ data }) => Object.values(data as Readonly<Record<string, string>>));
  const found = files.find((text) => content.test(text));
  if (found === undefined) throw new Error(`no file of ${workload} has ${content}`);
  return found;
}
