import { readFileSync } from "node:fs";
import { emptyPanels } from "../../docs/drawing/dashboard";
import { day, NOW } from "../../docs/drawing/day";
import { comparedWith, evaluate, type Labels, type Metrics, type Series } from "../../docs/drawing/promql";
import { THEMES } from "../../docs/drawing/svg";
import { format } from "../../docs/drawing/units";
import { DRAWN, drawn, images, NAMES } from "../../docs/observability";
import { fewOf } from "../thorough";

/** Panels that a usual system has nothing for. */
const EMPTY: Readonly<Record<string, readonly string[]>> = {};

describe("the drawings of dashboards", () => {
  it("show dashboards as they are (npm run docs draws them again)", () => {
    for (const [file, svg] of images(fewOf(NAMES, ["overview"])))
      expect({ file, same: readFileSync(file, "utf8") === svg }).toEqual({ file, same: true });
  });

  it("have series for every panel", () => {
    const today = { metrics: day(), now: NOW, hours: 24, theme: THEMES.dark, answers: new Map() };
    for (const file of Object.values(DRAWN))
      expect({ file, empty: emptyPanels(drawn(file), today) }).toEqual({ file, empty: EMPTY[file] ?? [] });
  });
});

const constant = (name: string, labels: Labels, value: number): [string, Series[]] => [name, [{ labels, at: () => value }]];

const metrics: Metrics = new Map<string, readonly Series[]>([
  ["up", [1, 0, 1].map((value, index) => ({ labels: { cluster: index < 2 ? "write" : "read", pod: `pod-${index}` }, at: () => value }))],
  constant("limit", { cluster: "write" }, 4),
  ["requests_total", [{ labels: { cluster: "write" }, at: (time: number) => 2 * time }]],
  ["late_total", [{ labels: {}, at: (time: number) => (time > 970 ? time - 970 : undefined) }]],
  ["reset_total", [{ labels: {}, at: (time: number) => (time < 880 ? time : time - 880) }]],
  [
    "latency_bucket",
    [
      ["0.1", 50],
      ["1", 100],
      ["+Inf", 100],
    ].map(([le, value]) => ({ labels: { le: String(le) }, at: () => Number(value) })),
  ],
]);

const answers = (query: string) =>
  evaluate(query, metrics, 1000).map(({ labels: { __name__, ...labels }, value }) => ({ ...labels, value }));

describe("the evaluation of PromQL for drawings", () => {
  it.each([
    [
      "sum by (cluster) (up)",
      [
        { cluster: "write", value: 1 },
        { cluster: "read", value: 1 },
      ],
    ],
    [
      "count without (pod) (up)",
      [
        { cluster: "write", value: 2 },
        { cluster: "read", value: 1 },
      ],
    ],
    ['up{pod=~"pod-(1|2)",cluster!="read"}', [{ cluster: "write", pod: "pod-1", value: 0 }]],
    ["up == 0", [{ cluster: "write", pod: "pod-1", value: 0 }]],
    ["max(up > bool 0)", [{ value: 1 }]],
    ["rate(requests_total[1m])", [{ cluster: "write", value: 2 }]],
    ["increase(reset_total[5m])", [{ value: 240 }]],
    ["sum(up) or vector(7)", [{ value: 2 }]],
    ["sum by (cluster) (up) / on (cluster) limit", [{ cluster: "write", value: 0.25 }]],
    [
      "up * on (cluster) group_left () limit",
      [
        { cluster: "write", pod: "pod-0", value: 4 },
        { cluster: "write", pod: "pod-1", value: 0 },
      ],
    ],
    ["limit and on (cluster) up == 0", [{ cluster: "write", value: 4 }]],
    ["up unless on (cluster) limit", [{ cluster: "read", pod: "pod-2", value: 1 }]],
    ["histogram_quantile(0.75, latency_bucket)", [{ value: 0.55 }]],
    [
      "topk by (cluster) (1, up)",
      [
        { cluster: "write", pod: "pod-0", value: 1 },
        { cluster: "read", pod: "pod-2", value: 1 },
      ],
    ],
    ['label_replace(limit, "store", "$1-db", "cluster", "(.+)")', [{ cluster: "write", store: "write-db", value: 4 }]],
    ["time() - 400", [{ value: 600 }]],
    ["2 * 3 + -1", [{ value: 5 }]],
    ["requests_total offset 1m", [{ cluster: "write", value: 1880 }]],
  ])("answers %s", (query, expected) => {
    expect(answers(query)).toEqual(expected.map((each) => ({ ...each, value: expect.closeTo(each.value, 6) })));
  });

  it("refuses what Prometheus would refuse", () => {
    expect(() => answers("sum by (cluster) (")).toThrow("syntax error");
    expect(() => answers("limit * on (cluster) up")).toThrow("many-to-many");
    expect(() => answers("up * on (cluster) limit")).toThrow("many-to-one");
  });

  it("finds the numbers that a rule compares with", () => {
    expect(comparedWith("a > 14 * 86400 and b == bool 1 and c > d")).toEqual([
      { operator: ">", value: 1_209_600 },
      { operator: "==", value: 1 },
    ]);
  });
});

describe("units in drawings", () => {
  it.each([
    [0.0312, "s", "31.2 ms"],
    [93_600, "s", "1.08 days"],
    [27_472_691, "bytes", "26.2 MiB"],
    [0.606, "percentunit", "60.6%"],
    [5331, "short", "5.33 K"],
    [10.12, "reqps", "10.1 req/s"],
    [100, "short", "100"],
  ] as const)("write %d in %s as %s", (value, unit, text) => {
    expect(format(value, unit)).toBe(text);
  });
});
