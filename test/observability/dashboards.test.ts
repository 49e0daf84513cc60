import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DASHBOARDS } from "../../dashboards";
import { DIRECTORY, files } from "../../dashboards/generate";
import { limitsOfAlerts } from "../../dashboards/kit";
import { type CheckedDashboard, dashboardProblems, limitProblems } from "./dashboard-checks";
import { knowledge } from "./knowledge";

const all = JSON.parse(JSON.stringify(DASHBOARDS)) as Readonly<Record<string, CheckedDashboard>>;
const known = knowledge();

/** ConfigMaps end at 1 MiB. */
const MOST = 1024 * 1024;

describe("dashboards", () => {
  it("are shipped as their sources make them (npm run dashboards writes them again)", () => {
    const committed = readdirSync(DIRECTORY).map((name) => [name, readFileSync(join(DIRECTORY, name), "utf8")] as const);
    expect(new Map(committed)).toEqual(files());
  });

  it("fit into ConfigMaps", () => {
    for (const [name, text] of files()) expect({ name, fits: Buffer.byteLength(text) < MOST }).toEqual({ name, fits: true });
  });

  it("ask only for series that somebody exports, in whole lines of described panels", () => {
    expect(dashboardProblems(all, known)).toEqual([]);
  });

  it("change colors where alerts fire", () => {
    expect(limitProblems(limitsOfAlerts(), known)).toEqual([]);
  });
});

const NATS = all.nats as CheckedDashboard;
const first = NATS.panels.findIndex(({ type }) => type === "stat");
const chart = NATS.panels.findIndex(({ type }) => type === "timeseries");

/** The dashboard of NATS with one fault. */
const broken = (change: (dashboard: any) => void) => {
  const copy = JSON.parse(JSON.stringify(NATS));
  change(copy);
  return { ...all, nats: copy };
};

const MUTANTS: readonly (readonly [string, (dashboard: any) => void, RegExp])[] = [
  [
    "a metric that no exporter has",
    (it) => (it.panels[first].targets[0].expr = "sum by (cluster) (nats_varz_conections)"),
    /no known exporter has nats_varz_conections/,
  ],
  ["a query that ends too early", (it) => (it.panels[first].targets[0].expr += " and"), /can't be parsed/],
  ["an aggregation over all clusters", (it) => (it.panels[first].targets[0].expr = "sum(nats_varz_connections)"), /drops cluster in sum/],
  [
    "a variable that is not there",
    (it) => (it.panels[first].targets[0].expr = 'nats_varz_connections{pod=~"$pod"}'),
    /there is no variable pod/,
  ],
  [
    "a variable with an unknown metric",
    (it) => (it.templating.list[0].definition = "label_values(nats_up, cluster)"),
    /variable cluster: no known exporter has nats_up/,
  ],
  ["a variable of one value", (it) => (it.templating.list[0].multi = false), /cluster does not take several values/],
  [
    "an annotation of an unknown metric",
    (it) => (it.annotations.list[0].expr = "nats_down"),
    /Critical alerts: no known exporter has nats_down/,
  ],
  ["two panels with one id", (it) => (it.panels[first + 1].id = it.panels[first].id), /is the id of several panels/],
  ["a uid of another", (it) => (it.uid = "cqrs-overview"), /cqrs-overview: is the uid of several dashboards/],
  ["a long uid", (it) => (it.uid = `cqrs-${"n".repeat(40)}`), /is not a uid of Grafana/],
  ["a dashboard without the tag", (it) => (it.tags = []), /has not the tag/],
  ["a narrow line", (it) => (it.panels[first].gridPos.w = 5), /are 23 of 24 columns wide/],
  ["a gap", (it) => (it.panels[chart].gridPos.y += 1), /of 24 columns wide/],
  ["neighbors of different heights", (it) => (it.panels[first].gridPos.h = 3), /differ in height/],
  ["a panel without a description", (it) => (it.panels[first].description = ""), /has no description/],
  [
    "a title that does not fit",
    (it) => (it.panels[first].title = "Messages that no consumer has been given"),
    /does not fit into 6 columns/,
  ],
  ["a unit that no other panel has", (it) => (it.panels[first].fieldConfig.defaults.unit = "decbytes"), /decbytes is not a unit/],
  [
    "bytes shown as a count",
    (it) => {
      it.panels[chart].targets = [{ ...it.panels[chart].targets[0], expr: 'nats_stream_total_bytes{cluster="read"}' }];
      it.panels[chart].fieldConfig.defaults.unit = "short";
    },
    /nats_stream_total_bytes is shown in short/,
  ],
  ["a data source by name", (it) => (it.panels[first].datasource.uid = "my-prometheus"), /has a data source of its own/],
  ["a hidden legend", (it) => (it.panels[chart].options.legend.showLegend = false), /has no legend/],
  ["a series without a name", (it) => (it.panels[chart].targets[0].legendFormat = ""), /has a series without a name/],
  ["latency without a way to traces", (it) => (it.panels[chart].title = "Slowest 5% of messages"), /shows no exemplars/],
  [
    "a link to nowhere",
    (it) => (it.panels[chart].fieldConfig.defaults.links = [{ title: "x", url: "/d/cqrs-x?" }]),
    /leads to cqrs-x, which is no dashboard/,
  ],
];

describe("the checks of dashboards", () => {
  it.each(MUTANTS)("find %s", (_, change, message) => {
    expect(dashboardProblems(broken(change), known).join("\n")).toMatch(message);
  });

  const [limit] = limitsOfAlerts().filter(({ alert }) => alert === "KurrentDbDiskFull");

  it.each([
    ["another value", { at: 0.85 }, "Fullest disk: KurrentDbDiskFull does not compare with 0.85"],
    ["another severity", { severity: "warning" as const }, "Fullest disk: KurrentDbDiskFull is critical, and shown as warning"],
    ["an alert that is not there", { alert: "KurrentDbDiskEmpty" }, "Fullest disk: there is no alert KurrentDbDiskEmpty"],
  ])("find a limit with %s", (_, change, message) => {
    if (!limit) throw new Error("no limit for the disk");
    expect(limitProblems([{ ...limit, ...change }], known)).toEqual([message]);
  });
});
