import { rulesAbout } from "../../constructs/observability/rules";
import { fewOf } from "../thorough";
import { knowledge } from "./knowledge";
import { Clock, seconds } from "./synthetic/clock";
import { FAULTS } from "./synthetic/faults";
import { healthy, WHOLE } from "./synthetic/healthy";
import { judge, OBJECTIVES, SUBJECTS } from "./synthetic/play";
import { System } from "./synthetic/system";

const clock = new Clock(60, 1_000_000, 5_000_000);

describe("a fast clock", () => {
  it.each([
    ["rate(a[5m]) > 1", "(rate(a[5000ms]) / 60) > 1"],
    ["increase(a[1h30m])", "increase(a[90000ms])"],
    ["max_over_time((a / b)[15m:1m])", "max_over_time((a / b)[15000ms:1000ms])"],
    ["last_over_time(a[1h] offset 1d)", "last_over_time(a[60000ms] offset 1440000ms)"],
    ["predict_linear(a[6h], 86400) < 0", "predict_linear(a[360000ms], 86400 / 60) < 0"],
    ["time() - a > 900", "((time() - 1000) * 60 + 5000000) - a > 900"],
    ["sum by (cluster) (rate(a[5m]))", "sum by (cluster) ((rate(a[5000ms]) / 60))"],
    ["avg_over_time(a[1h]) * 3600 >= 10", "avg_over_time(a[60000ms]) * 3600 >= 10"],
  ])("asks %s", (text, asked) => {
    expect(clock.expression(text)).toBe(asked);
  });

  it("refuses what depends on the time of day", () => {
    expect(() => clock.expression("hour() > 8")).toThrow("hour() asks for the time of day, which a fast clock has not");
  });

  it("makes the times of rules and of Alertmanager shorter", () => {
    const rule = { alert: "Down", expr: "up == 0", for: "10m", keep_firing_for: "1h" };
    expect(clock.groups([{ name: "a", interval: "1m", rules: [rule] }])).toEqual([
      { name: "a", interval: "1000ms", rules: [{ alert: "Down", expr: "up == 0", for: "10000ms", keep_firing_for: "60000ms" }] },
    ]);
    expect(clock.alertmanager({ route: { receiver: "team", group_wait: "30s", routes: [{ repeat_interval: "12h" }] } })).toEqual({
      route: { receiver: "team", group_wait: "500ms", routes: [{ repeat_interval: "720000ms" }] },
    });
  });

  it("knows no duration without a unit", () => {
    expect(seconds("1d2h")).toBe(93_600);
    expect(() => seconds("15")).toThrow("15 is no duration");
  });
});

describe("a synthetic system", () => {
  it("has at least thirty faults, and an opposite of most", () => {
    const faults = Object.values(FAULTS).flatMap(({ faults: of }) => of);
    expect(faults.length).toBeGreaterThan(100);
    expect(faults.filter(({ almost }) => almost).length).toBeGreaterThan(faults.length / 2);
  });

  it("is watched by the rules that its faults are to be told by", () => {
    const rules = [
      ...SUBJECTS.flatMap((subject) => rulesAbout(subject)).flatMap((group) => group.rules),
      ...(knowledge().rules[OBJECTIVES] ?? []),
    ];
    const alerts = new Set(rules.map((rule) => ("alert" in rule ? rule.alert : "")));
    const told = Object.values(FAULTS).flatMap(({ faults }) => faults.flatMap((fault) => Object.keys(fault.told)));
    expect(told.filter((alert) => !alerts.has(alert))).toEqual([]);
  });

  const cases = Object.values(FAULTS).map(({ parts, faults }) =>
    faults.map((fault) => [fault.name, [...parts, ...(fault.also ?? [])], fault] as const),
  );

  it.each(
    fewOf(
      cases.flat(),
      cases.flatMap((faults) => faults.slice(0, 1)),
    ),
  )("says something else when %s", (_, parts, { happens, almost }) => {
    const said = (change?: (system: System) => unknown) => {
      const system = new System("read", healthy("read", parts));
      change?.(system);
      return [60, 300, 600, 1000, 2000].map(system.writer());
    };
    const broken = said(happens);
    expect(broken).not.toEqual(said());
    if (almost) expect(said(almost)).not.toEqual(broken);
  });

  it("says what exporters are known to say", () => {
    const known = new Map(Object.values(knowledge().metrics).flatMap(({ metrics }) => Object.entries(metrics)));
    const unknown = healthy("read", WHOLE).filter(({ name }) => {
      const histogram = known.get(name.replace(/_(bucket|count|sum)$/, ""));
      return !known.has(name) && histogram?.type !== "histogram";
    });
    expect(unknown).toEqual([]);
  });

  it("says nothing twice", () => {
    const series = healthy("read", WHOLE).map(({ name, labels }) => name + JSON.stringify(Object.entries(labels).sort()));
    expect(series.filter((one, index) => series.indexOf(one) !== index)).toEqual([]);
  });
});

describe("what people are told", () => {
  const system = { cluster: "a", name: "down", told: { Down: ["oncall", "5m"] }, always: true } as const;
  const beats = Array.from({ length: 10 }, () => ({ receiver: "heartbeat", labels: { alertname: "Watchdog" }, at: 1 }));
  const down = { receiver: "oncall", labels: { cluster: "a", alertname: "Down" }, at: 12 };
  const sound = { alerts: [], groups: [] };

  it("is right", () => {
    expect(judge([system], [...beats, down], sound, () => {})).toEqual([]);
  });

  it.each([
    ["too little", [], "a, down: Down does not arrive at oncall; in Prometheus it is not found"],
    ["too late", [{ ...down, at: 30 }], "a, down: Down arrives after 22.0 minutes, and not within 5m"],
    ["too early", [{ ...down, at: 3 }], "a, down: Down arrives before the fault"],
    [
      "too much",
      [down, { ...down, labels: { ...down.labels, alertname: "Up" } }],
      "a, down: nobody expects Up at oncall, -12.0 minutes after the fault",
    ],
    ["by the wrong way", [down, { ...down, receiver: "team" }], "a, down: nobody expects Down at team, -12.0 minutes after the fault"],
    ["about nobody knows what", [down, { ...down, labels: { alertname: "Down" } }], 'oncall is told of {"alertname":"Down"}'],
  ])("is %s", (_, told, says) => {
    expect(judge([system], [...beats, ...told], sound, () => {})).toEqual([says]);
  });

  it("has no heartbeat", () => {
    expect(judge([system], [down], sound, () => {})).toEqual(["the heartbeat was sent 0 times"]);
  });

  it("comes of rules that can be evaluated", () => {
    const groups = [{ name: "g", evaluationTime: 0, rules: [{ name: "Down", lastError: "many-to-many" }] }];
    expect(judge([system], [...beats, down], { alerts: [], groups }, () => {})).toEqual(["Down can't be evaluated: many-to-many"]);
  });
});
