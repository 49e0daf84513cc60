import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { describe as line } from "../../constructs/core/errors";
import { type Objective, objectiveRules, objectivesProblems } from "../../constructs/observability/objectives";

/** What promtool tests: test/observability/objectives/objectives.test.yaml. */
const GENERATED = join(__dirname, "../../../test/observability/objectives/objectives.generated.yaml");

const HEADER = "# Generated: UPDATE_OBJECTIVES=1 npx jest objectives. Not to be edited.\n";

const PROMISED: readonly Objective[] = [
  { service: "orders", namespace: "shop", availability: 99.9, latency: { p95: "250ms" } },
  {
    service: "search",
    namespace: "shop",
    availability: 99,
    latency: { p99: "1s" },
    requests: {
      histogram: "search_duration_milliseconds",
      labels: { job: "shop/search" },
      failed: { label: "status", values: "error|timeout" },
      buckets: [100, 300, 1000],
      unit: "ms",
    },
  },
];

describe("objectives", () => {
  it("become the rules that promtool tests", () => {
    const generated = `${HEADER}${stringify({ groups: objectiveRules(PROMISED) }, { lineWidth: 0 })}`;
    if (process.env.UPDATE_OBJECTIVES) writeFileSync(GENERATED, generated);
    expect(readFileSync(GENERATED, "utf8")).toBe(generated);
  });

  it("make no rules where nothing is promised", () => {
    expect(objectiveRules([])).toEqual([]);
  });

  it("judge latency by the share below a bucket boundary", () => {
    expect(expressionOf({ ...PROMISED[0], latency: { p95: "250ms" } } as Objective, "p95-250ms")).toContain('le=~"0[.]25"');
    expect(expressionOf(PROMISED[1] as Objective, "p99-1s")).toContain('le=~"1000([.]0)?"');
  });

  it("judge latency of native histograms at any threshold", () => {
    const native: Objective = {
      service: "orders",
      namespace: "shop",
      availability: 99.9,
      latency: { p95: "310ms" },
      requests: { buckets: "native" },
    };
    expect(objectivesProblems([native])).toEqual([]);
    expect(expressionOf(native, "p95-310ms")).toContain("histogram_fraction(0, 0.31, ");
  });

  it("name labels and values that PromQL reads", () => {
    const problems = (requests: object) => objectivesProblems([{ service: "api", namespace: "shop", availability: 99.9, requests }]);
    expect(problems({ labels: { job: 'a"}' }, failed: { label: "code", values: "5..|429" } })).toEqual([]);
    expect(problems({ labels: { "a b": "c" }, failed: { label: "a-b", values: "([" } }).map(({ path, rule }) => `${path} ${rule}`)).toEqual(
      [
        "objectives[0].requests.labels can't be the name of a label in Prometheus",
        "objectives[0].requests.failed.label can't be the name of a label in Prometheus",
        "objectives[0].requests.failed.values is not a regular expression of Prometheus",
      ],
    );
    expect(problems({ failed: { label: "code", values: "(?!2)." } })).toHaveLength(1);
  });

  it("select the requests of the service in its namespace unless labels are named", () => {
    expect(expressionOf(PROMISED[0] as Objective, "availability")).toContain('{namespace="shop",app_kubernetes_io_name="orders",');
    expect(expressionOf(PROMISED[1] as Objective, "availability")).toContain('{job="shop/search",status=~"error|timeout"}');
  });
});

describe("an objective is refused", () => {
  const problemsOf = (changed: Partial<Objective>) =>
    objectivesProblems([{ service: "orders", namespace: "shop", availability: 99.9, ...changed }]).map(line);

  it("with a threshold between two bucket boundaries", () => {
    expect(problemsOf({ latency: { p95: "300ms" } })).toEqual([
      'objectives[0].latency.p95: "300ms" must be a bucket boundary of the histogram: how many requests are faster is unknown between ' +
        "two boundaries; use 250ms or 500ms, or add the boundary to the service and to requests.buckets",
    ]);
    expect(problemsOf({ latency: { p95: "300ms" }, requests: { buckets: [0.1, 0.3, 1] } })).toEqual([]);
    expect(problemsOf({ latency: { p99: "300ms" }, requests: { buckets: [100, 300, 1000], unit: "ms" } })).toEqual([]);
  });

  it("with a threshold above all boundaries", () => {
    expect(problemsOf({ latency: { p99: "20s" } })[0]).toMatch("; use 10s, or add");
  });

  it("with a threshold that is no duration", () => {
    expect(problemsOf({ latency: { p95: "0ms" } })).toEqual([
      'objectives[0].latency.p95: "0ms" must be a positive duration; write "300ms" or "2s"',
    ]);
  });

  it("with an availability that leaves no budget, or one that can't be used up fast", () => {
    for (const availability of [100, 94.9, Number.NaN])
      expect(problemsOf({ availability })).toEqual([
        `objectives[0].availability: ${availability} must be a percentage from 95 to 99.999; use 99.9`,
      ]);
    for (const availability of [95, 99.999]) expect(problemsOf({ availability })).toEqual([]);
  });

  it("if the service has another one", () => {
    const objective: Objective = { service: "orders", namespace: "shop", availability: 99.9 };
    expect(objectivesProblems([objective, { ...objective, namespace: "other" }, objective]).map(line)).toEqual([
      'objectives[2]: "shop/orders" has two objectives; join the two',
    ]);
  });
});

/** How what breaks an objective is counted. */
function expressionOf(objective: Objective, named: string): string {
  const rules = objectiveRules([objective]).flatMap((group) => group.rules);
  const found = rules.find((rule) => "record" in rule && rule.record === "service:slo_failures:rate5m" && rule.labels?.objective === named);
  return found?.expr ?? "";
}
