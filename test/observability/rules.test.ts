import { type Knowledge, knowledge, problems, type Rule } from "./knowledge";
import { promql } from "./promql";

const FILE = "constructs/broker/rules/nats.yaml";
const PAGE = "docs/runbooks/natsdown.md";
const TESTS = "test/observability/rules/nats.test.yaml";

const EXPR = "sum by (cluster, namespace) (nats_varz_connections) == 0";

/** The smallest knowledge without a fault. */
function sound(): Knowledge {
  return {
    rules: {
      [FILE]: [
        {
          alert: "NatsDown",
          expr: EXPR,
          for: "2m",
          labels: { severity: "critical" },
          annotations: { summary: "It is down", description: "Look at its pods." },
        },
      ],
    },
    groups: { [FILE]: ["nats.servers"] },
    metrics: { "test/observability/metrics/nats.yaml": { source: "nats 2", metrics: { nats_varz_connections: { type: "gauge" } } } },
    runbooks: { [PAGE]: "# NatsDown\n\n## Meaning\n\nm\n\n## Impact\n\ni\n\n## Diagnosis\n\nd\n\n## Mitigation\n\n1. f\n" },
    tests: {
      [TESTS]: {
        rule_files: ["../../../constructs/broker/rules/nats.yaml"],
        tests: [
          {
            alert_rule_test: [
              {
                alertname: "NatsDown",
                exp_alerts: [{ exp_labels: { severity: "critical", cluster: "read" }, exp_annotations: { summary: "It is down" } }],
              },
            ],
          },
          { alert_rule_test: [{ alertname: "NatsDown", exp_alerts: [] }] },
        ],
      },
    },
  };
}

const [first] = sound().rules[FILE] as [Rule];
const withRule = (changes: Partial<Rule>): Knowledge => ({ ...sound(), rules: { [FILE]: [{ ...first, ...changes }] } });
const withRecord = (record: string, expr: string): Knowledge => ({ ...sound(), rules: { [FILE]: [first, { record, expr }] } });
const withPage = (change: (text: string) => string): Knowledge => ({
  ...sound(),
  runbooks: { [PAGE]: change(sound().runbooks[PAGE] ?? "") },
});

const withGroups = (...names: readonly string[]): Knowledge => ({ ...sound(), groups: { [FILE]: names } });

const withTests = (change: (tests: string) => string): Knowledge => ({
  ...sound(),
  tests: JSON.parse(change(JSON.stringify(sound().tests))),
});

/** Each is one fault, and what is said of it. */
const MUTANTS: readonly (readonly [string, Knowledge, readonly string[]])[] = [
  ["an expression that ends too early", withRule({ expr: `${EXPR} and` }), [`${FILE}: NatsDown: can't be parsed at its end`]],
  [
    "a function that PromQL has not",
    withRule({ expr: "sum by (cluster) (average(nats_varz_connections))" }),
    [`${FILE}: NatsDown: can't be parsed at (nats_varz_connections))`],
  ],
  [
    "a metric that no known exporter has",
    withRule({ expr: "sum by (cluster) (nats_varz_conections)" }),
    [`${FILE}: NatsDown: no known exporter has nats_varz_conections`],
  ],
  [
    "a recorded series that no rule records",
    withRule({ expr: "store:nats_servers:ready == 0" }),
    [`${FILE}: NatsDown: no known exporter has store:nats_servers:ready`],
  ],
  ["a selector without a name", withRule({ expr: '{job="nats"} == 0' }), [`${FILE}: NatsDown: selects series without a name`]],
  [
    "a bucket of a gauge",
    withRule({ expr: "nats_varz_connections_bucket == 0" }),
    [`${FILE}: NatsDown: no known exporter has nats_varz_connections_bucket`],
  ],
  [
    "an aggregation by labels without cluster",
    withRule({ expr: "sum by (namespace) (nats_varz_connections)" }),
    [`${FILE}: NatsDown: drops cluster in sum by (namespace) (nats_varz_connections)`],
  ],
  [
    "an aggregation over everything",
    withRule({ expr: "sum(nats_varz_connections)" }),
    [`${FILE}: NatsDown: drops cluster in sum(nats_varz_connections)`],
  ],
  [
    "an aggregation without cluster",
    withRule({ expr: "sum without (cluster, pod) (nats_varz_connections)" }),
    [`${FILE}: NatsDown: drops cluster in sum without (cluster, pod) (nats_varz_connections)`],
  ],
  [
    "a matching across clusters",
    withRecord("store:nats:up", "nats_varz_connections and on (namespace) up"),
    [`${FILE}: store:nats:up: drops cluster in on (namespace)`],
  ],
  [
    "a matching that ignores clusters",
    withRecord("store:nats:up", "nats_varz_connections / ignoring (cluster) up"),
    [`${FILE}: store:nats:up: drops cluster in ignoring (cluster)`],
  ],
  ["a record without a level", withRecord("nats_up", "nats_varz_connections"), [`${FILE}: nats_up: is not level:metric:operations`]],
  [
    "an unknown severity",
    withRule({ labels: { severity: "page" } }),
    [`${FILE}: NatsDown: has no severity of critical, warning, info`, "NatsDown: a test expects another severity, or no cluster"],
  ],
  [
    "groups whose order is left to chance",
    withGroups("nats.records", "nats.servers"),
    [`${TESTS}: leaves to chance when nats.records, nats.servers are evaluated: group_eval_order names all groups`],
  ],
  ["an alert without a time", withRule({ for: "" }), [`${FILE}: NatsDown: has no for`]],
  ["an alert without a summary", withRule({ annotations: { description: "d" } }), [`${FILE}: NatsDown: has no summary`]],
  [
    "an alert without a description",
    withRule({ annotations: { summary: "s", description: " " } }),
    [`${FILE}: NatsDown: has no description`],
  ],
  [
    "a link in the file",
    withRule({ annotations: { ...first.annotations, runbook_url: "https://example.com" } }),
    [`${FILE}: NatsDown: has a runbook_url, which is added when rules are loaded`],
  ],
  ["two alerts of one name", { ...sound(), rules: { [FILE]: [first, first] } }, ["NatsDown: is the name of several alerts"]],
  [
    "metrics without a source",
    { ...sound(), metrics: { "nats.yaml": { metrics: { nats_varz_connections: { type: "gauge" } } } } },
    ["nats.yaml: has no source"],
  ],
  ["an alert without a runbook", { ...sound(), runbooks: {} }, [`NatsDown: has no runbook ${PAGE}`]],
  [
    "a runbook without an alert",
    { ...sound(), runbooks: { ...sound().runbooks, "docs/runbooks/natsup.md": "# NatsUp\n" } },
    ["docs/runbooks/natsup.md: is about no alert"],
  ],
  ["a runbook of another name", withPage((text) => text.replace("# NatsDown", "# NATS down")), [`${PAGE}: is not called NatsDown`]],
  [
    "a runbook without a section",
    withPage((text) => text.replace("## Impact\n\ni\n\n", "")),
    [`${PAGE}: has not the sections Meaning, Impact, Diagnosis, Mitigation`],
  ],
  ["a runbook with an empty section", withPage((text) => text.replace("\ni\n", "")), [`${PAGE}: Impact is empty`]],
  [
    "a runbook whose query has no data",
    withPage((text) => text.replace("\nd\n", "\n```promql\nnats_varz_conections\n```\n")),
    [`${PAGE}: no known exporter has nats_varz_conections`],
  ],
  [
    "an alert that no test has seen firing",
    withTests((text) => text.replace(/"exp_alerts":\[\{.*?\}\]/, '"exp_alerts":[]')),
    ["NatsDown: no test shows it firing"],
  ],
  [
    "an alert that no test has seen quiet",
    withTests((text) => text.replace(/,\{"alert_rule_test":\[\{"alertname":"NatsDown","exp_alerts":\[\]\}\]\}/, "")),
    ["NatsDown: no test shows it quiet"],
  ],
  [
    "a test without cluster",
    withTests((text) => text.replace(',"cluster":"read"', "")),
    ["NatsDown: a test expects another severity, or no cluster"],
  ],
  ["a test without summary", withTests((text) => text.replace('"summary":"It is down"', "")), ["NatsDown: a test expects no summary"]],
  [
    "a test of other rules",
    withTests((text) => text.replace("rules/nats.yaml", "rules/kafka.yaml")),
    [
      `${TESTS}: loads no rules from constructs/broker/rules/kafka.yaml`,
      `${TESTS}: knows no alert NatsDown`,
      "NatsDown: no test shows it firing",
      "NatsDown: no test shows it quiet",
    ],
  ],
  [
    "a test of an alert that is gone",
    withTests((text) => text.replace('"alertname":"NatsDown","exp_alerts":[]', '"alertname":"NatsAway","exp_alerts":[]')),
    [`${TESTS}: knows no alert NatsAway`, "NatsDown: no test shows it quiet"],
  ],
];

describe("what is known of operating a system", () => {
  const all = knowledge();

  it("is without a fault: rules, metrics, runbooks and tests fit together", () => {
    expect(problems(all)).toEqual([]);
  });

  it("is found: rules of every engine that the platform runs", () => {
    expect(Object.keys(all.rules)).toEqual(
      expect.arrayContaining([
        "constructs/broker/rules/nats.yaml",
        "constructs/event-store/rules/kurrentdb.yaml",
        "constructs/postgres/rules/aws.yaml",
        "constructs/postgres/rules/cloud-native-pg.yaml",
        "constructs/redis/rules/elasticache.yaml",
        "constructs/redis/rules/valkey.yaml",
      ]),
    );
  });
});

describe("the check of what is known", () => {
  it("has nothing to say about what is right", () => {
    expect(problems(sound())).toEqual([]);
  });

  it.each(MUTANTS)("finds %s", (_, mutant, said) => {
    expect([...new Set(problems(mutant))]).toEqual(said);
  });

  it("takes a histogram for its series", () => {
    const metrics = {
      "http.yaml": { source: "s", metrics: { http_seconds: { type: "histogram" }, nats_varz_connections: { type: "gauge" } } },
    };
    const rule = { record: "service:http:fast", expr: 'sum by (cluster) (rate(http_seconds_bucket{le="0.1"}[5m]))' };
    expect(problems({ ...sound(), metrics, rules: { [FILE]: [first, rule] } })).toEqual([]);
  });

  it("reads labels that are joined apart from those that are matched", () => {
    const joined = "up * on (cluster, pod) group_left (namespace) nats_varz_connections";
    expect(promql(joined)).toMatchObject({ errors: [], metrics: ["up", "nats_varz_connections"] });
    expect(promql(joined).dropping("cluster")).toEqual([]);
    expect(promql("up * on (pod) group_left (cluster) nats_varz_connections").dropping("cluster")).toEqual([
      "on (pod) group_left (cluster)",
    ]);
  });
});
