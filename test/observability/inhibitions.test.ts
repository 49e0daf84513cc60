import { type Dependencies, type Inhibition, inhibitions } from "../../constructs/observability/inhibitions";
import { knowledge } from "./knowledge";

const all = knowledge();

/** Labels that every alert of a name has, as the tests of its rule see them. */
const LABELS = new Map<string, ReadonlySet<string>>();
for (const { tests } of Object.values(all.tests))
  for (const { alert_rule_test = [] } of tests)
    for (const { alertname, exp_alerts = [] } of alert_rule_test)
      for (const { exp_labels } of exp_alerts) {
        const known = LABELS.get(alertname);
        LABELS.set(alertname, new Set(Object.keys(exp_labels).filter((label) => known?.has(label) ?? true)));
      }

/** Alerts of the chart that a rule names. */
const OF_CHART = ["InfoInhibitor"];

/** Labels that alerts get, or may have, for other reasons: of the domain, and what only alerts of the chart name. */
const NOT_OF_RULES = ["alertname", "domain", "instance", "node", "device"];

/** Causes that concern a whole cluster. Others need a label that ties their consequences to them. */
const CLUSTER_WIDE = ["ClusterDnsDown", "ClusterDnsErrors", "ControllerDown", "NodeNotReady", "NodesNotReady", "PostgresOperatorDown"];

/** `(A|B)C|D` as AC, BC, D. */
function expanded(pattern: string): readonly string[] {
  const group = /^(.*?)\(([^()]*)\)(.*)$/.exec(pattern);
  if (!group) return pattern.split("|");
  const [, before = "", inner = "", after = ""] = group;
  // A group belongs to the alternative in which it stands.
  const [head, tail] = [before.lastIndexOf("|") + 1, after.indexOf("|")];
  const end = tail < 0 ? after.length : tail;
  const own = inner.split("|").map((one) => `${before.slice(head)}${one}${after.slice(0, end)}`);
  return [...expanded(before.slice(0, head).replace(/\|$/, "")), ...own.flatMap(expanded), ...expanded(after.slice(end + 1))].filter(
    Boolean,
  );
}

/** Names in matchers, undefined for a rule of any name. */
function namesIn(matchers: readonly string[]): readonly string[] | undefined {
  const pattern = matchers.map((matcher) => /^alertname=~?"(.*)"$/.exec(matcher)?.[1]).find((found) => found !== undefined);
  return pattern === undefined ? undefined : expanded(pattern);
}

const alertsOf = (pattern: string) => [...LABELS.keys(), ...OF_CHART].filter((name) => new RegExp(`^(?:${pattern})$`).test(name));

/** What is wrong with a rule: its names, and its scope. */
function problems({ because, source, target, equal }: Inhibition): readonly string[] {
  const sides = [source, target].map((matchers) => ({ matchers, names: namesIn(matchers) }));
  const named = sides.flatMap(({ names = [] }) => names);
  const required = (matchers: readonly string[]) => matchers.flatMap((matcher) => /^(\w+)=~?"[^"]/.exec(matcher)?.[1] ?? []);
  return [
    ...(because.length > 25 ? [] : ["has no reason"]),
    ...(equal.includes("cluster") ? [] : ["crosses clusters"]),
    ...named.filter((name) => alertsOf(name).length === 0).map((name) => `names no alert: ${name}`),
    // Labels that both lack count as equal, so a rule would suppress more than it says.
    ...sides.flatMap(({ matchers, names }) =>
      equal
        .filter((label) => label !== "cluster" && !NOT_OF_RULES.includes(label) && !required(matchers).includes(label))
        .flatMap((label) =>
          (names ?? [])
            .flatMap(alertsOf)
            .filter((alert) => LABELS.has(alert) && !LABELS.get(alert)?.has(label))
            .map((alert) => `${alert} has no label ${label}`),
        ),
    ),
    ...(equal.join() === "cluster" && !required(target).includes("namespace")
      ? (sides[0]?.names ?? []).filter((name) => !CLUSTER_WIDE.includes(name)).map((name) => `${name} suppresses in the whole cluster`)
      : []),
  ];
}

const STORES: Dependencies = {
  stores: [{ store: "event-store", namespace: "event-store", dependents: ["write-side", "projections"] }],
  gateways: 2,
};

describe("an inhibition", () => {
  it.each(
    inhibitions(STORES)
      .filter(({ source, target }) => !target.some((one) => /SystemUnhealthy|ReadModelNotSeen/.test(one)) || source.length > 2)
      .map((rule) => [`${rule.source.join(" ")} → ${rule.target.join(" ")}`.slice(0, 140), rule] as const),
  )("has a reason and a scope: %s", (_, rule) => {
    expect(problems(rule)).toEqual([]);
  });

  it("is wider only where no label ties a consequence to its cause", () => {
    const wide = inhibitions().filter((rule) => problems(rule).length > 0);
    expect(wide.map(({ source, target }) => [namesIn(source)?.join(" "), namesIn(target)?.[0]])).toEqual([
      // Stores whose dependents are not known.
      ["KurrentDbDown KurrentDbNoLeader PostgresDown PostgresPoolerDown NatsDown NatsNoMetaLeader", "RequestErrors"],
      ["ValkeyDown", "RequestErrors"],
      // One event store, and read models whose exporters name their database only.
      ["KurrentDbDown KurrentDbNoLeader", "ReadModelNotSeen"],
      // The only gateway.
      ["GatewayDown", "CdnErrors"],
      ["LoadBalancerWithoutHealthyTargets", "EndpointDown"],
    ]);
  });

  const [sound] = inhibitions(STORES).filter(({ source }) => source.some((one) => one.includes("KurrentDbSeveralLeaders")));

  it.each<[string, Partial<Inhibition>, string]>([
    ["no reason", { because: "" }, "has no reason"],
    ["a scope of all clusters", { equal: ["namespace", "store"] }, "crosses clusters"],
    ["an alert that was renamed", { target: ['alertname=~"KurrentDb(Elections|Gone)"'] }, "names no alert: KurrentDbGone"],
    ["a label that its targets lack", { equal: ["cluster", "namespace", "store", "pod"] }, "KurrentDbSeveralLeaders has no label pod"],
    ["a scope that is too wide", { equal: ["cluster"] }, "KurrentDbSeveralLeaders suppresses in the whole cluster"],
  ])("is refused with %s", (_, change, says) => {
    expect(problems({ ...(sound as Inhibition), ...change })).toContain(says);
  });
});
