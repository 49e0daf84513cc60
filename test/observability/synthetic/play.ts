import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { ObservabilityStack } from "../../../constructs/observability";
import { objectiveRules } from "../../../constructs/observability/objectives";
import type { RuleGroup, RuleSubject } from "../../../constructs/observability/rules";
import { Missing, Wrong } from "../../aws/results";
import { aCluster } from "../../broker/data-cluster";
import { releasedAs } from "../../broker/moves";
import { all, type Body, synth } from "../../synth";
import { Clock, seconds } from "./clock";
import { FAULTS, type Fault } from "./faults";
import { healthy, LIVES_AT, type Part, WHOLE } from "./healthy";
import { System } from "./system";

export interface Playing {
  /** The programs of Prometheus and Alertmanager. */
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly say: (line: string) => void;
}

/** How many minutes pass in a second. */
const MINUTES_A_SECOND = 1;

/** How often targets are read, as the platform does it, and rules evaluated, in the time of the system. */
const [SCRAPES, EVALUATES] = ["30s", "1m"];

/**
 * When rules are evaluated, faults begin, and everything ends, in minutes. Prometheus reads nothing in the first five seconds; rates need
 * what was before a fault; and the slowest alert that is expected takes an hour.
 */
const [RULES, BEGIN, END] = [8, 24, 98];

/** Minutes that an alert may be late: a machine at work is late by seconds, which are minutes here. */
const MARGIN = 5;

/** Everything that the platform has rules about. */
export const SUBJECTS: readonly RuleSubject[] = [
  "kurrentdb",
  "cloud-native-pg",
  "aws-postgres",
  "aurora",
  "rds",
  "valkey",
  "elasticache",
  "nats",
  "read-models",
  "workloads",
  "jobs",
  "drills",
  "requests",
  "requests-seconds",
  "gateway",
  "certificates",
  "secrets",
  "controllers",
  "nodes",
  "ebs-volumes",
  "support",
  "nat-gateways",
  "load-balancers",
  "cloudfront",
  "aws-backup",
  "stream-backup",
  "audit",
  "probes",
  "pipeline",
  "health",
  "hub",
];

export const OBJECTIVES = join("constructs", "observability", "rules", "objectives.yaml");

/** Alerts of the chart: the one that always fires. */
const WATCHDOG: RuleGroup = {
  name: "general",
  rules: [{ alert: "Watchdog", expr: "vector(1)", labels: { severity: "none" }, annotations: { summary: "Everything works" } }],
};

/** A system that is played, and what people are told of it. */
interface Played {
  readonly cluster: string;
  readonly name: string;
  readonly told: Fault["told"];
  readonly always: boolean;
  readonly before: (elapsed: number) => string;
  readonly after: (elapsed: number) => string;
}

/** What somebody was told, and when: in minutes of the system. */
interface Told {
  readonly receiver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: number;
}

/**
 * Plays all faults at once, each in a system of its own that runs by a fast clock, and reads what arrives at the receivers. Wrong if
 * an alert is missing or late, goes to somebody else, or if anything else arrives: of a fault, of what is almost one, or of a
 * system in which nothing is wrong.
 */
export async function play({ prometheus, alertmanager, say }: Playing): Promise<void> {
  const directory = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "synthetic-"));
  const children: ChildProcess[] = [];
  const kill = () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  };
  const interrupted = () => process.exit(1);
  process.on("exit", kill);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupted);
  let server: Server | undefined;
  try {
    const systems = played();
    const installed = configuration();
    const clock = new Clock(MINUTES_A_SECOND * 60, Date.now(), LIVES_AT);
    const told: Told[] = [];
    server = exporter(systems, clock, told);
    const [port, prometheusPort, alertmanagerPort] = [await listening(server), await free(), await free()];

    const write = (name: string, content: object) => {
      const file = join(directory, name);
      writeFileSync(file, stringify(content));
      return file;
    };
    const rules = write("rules.yaml", { groups: [] });
    const receivers = installed.alertmanager.receivers.map(({ name }: Body) => ({
      name,
      webhook_configs: [{ url: `http://127.0.0.1:${port}/told/${name}`, send_resolved: false }],
    }));
    const alerting = write("alertmanager.yml", clock.alertmanager({ ...installed.alertmanager, receivers }));
    const scraping = write("prometheus.yml", {
      global: {
        scrape_interval: clock.duration(SCRAPES),
        scrape_timeout: clock.duration(SCRAPES),
        evaluation_interval: clock.duration(EVALUATES),
      },
      alerting: {
        alert_relabel_configs: installed.relabelings,
        alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }],
      },
      rule_files: [rules],
      scrape_configs: [
        {
          job_name: "synthetic",
          honor_labels: true,
          static_configs: systems.map(({ cluster }) => ({
            targets: [`127.0.0.1:${port}`],
            labels: { instance: cluster, __metrics_path__: `/metrics/${cluster}` },
          })),
        },
      ],
    });
    const start = (program: string, ...args: readonly string[]) => {
      const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: directory, env: { ...process.env, GOGC: "400" } });
      children.push(child);
      child.stderr?.on("data", (chunk: Buffer) => existsSync(directory) && writeFileSync(join(directory, "log"), chunk, { flag: "a" }));
      child.on("error", () => {});
      return child;
    };
    start(
      alertmanager,
      `--config.file=${alerting}`,
      `--storage.path=${join(directory, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
      "--cluster.listen-address=",
    );
    const reading = start(
      prometheus,
      `--config.file=${scraping}`,
      `--storage.tsdb.path=${join(directory, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      // Defaults of Prometheus, by the clock of the systems.
      `--query.lookback-delta=${clock.duration("5m")}`,
      `--rules.alert.resend-delay=${clock.duration("1m")}`,
      `--rules.alert.for-outage-tolerance=0s`,
    );
    const until = (minutes: number) =>
      new Promise((resolve) => setTimeout(resolve, clock.started + (minutes * 60_000) / clock.speed - Date.now()));
    await until(RULES);
    write("rules.yaml", { groups: clock.groups([...installed.groups, WATCHDOG]) });
    reading.kill("SIGHUP");
    await until(BEGIN);
    if (children.some(({ exitCode }) => exitCode !== null)) throw new Error(readFileSync(join(directory, "log"), "utf8"));
    await until(END);
    const ask = async (path: string) => ((await (await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`)).json()) as Body).data;
    const { alerts } = await ask("alerts");
    const { groups } = await ask("rules");
    const lines: string[] = [];
    const wrong = judge(systems, told, { alerts, groups }, (line) => lines.push(line));
    // What was judged on a machine that is too busy says nothing.
    if (wrong.length > 0 && told.some(({ labels }) => /^ScrapeTargets/.test(labels.alertname ?? "") && labels.job === "synthetic"))
      throw new Missing(
        "this machine is too busy: Prometheus could not read the synthetic system at its times; try again when it is quiet",
      );
    for (const line of lines) say(line);
    if (wrong.length > 0) throw new Wrong(wrong.join("\n"));
  } finally {
    process.off("exit", kill);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupted);
    server?.close();
    server?.closeAllConnections();
    kill();
  }
}

/** A system for each fault; systems to which something almost happens, one thing of each concern; and one that is well. */
function played(): readonly Played[] {
  const faults = Object.entries(FAULTS).flatMap(([concern, { parts, faults: of }]) =>
    of.map((fault, index) => written(`${concern}-${index + 1}`, fault.name, [...parts, ...(fault.also ?? [])], fault.told, [fault])),
  );
  const almost = Object.values(FAULTS).map(({ parts, faults: of }) =>
    of.flatMap(({ name, almost: happens, always }) => (happens ? [{ name, parts, happens, ...(always ? { always } : {}) }] : [])),
  );
  const misses = Array.from({ length: Math.max(...almost.map(({ length }) => length)) }, (_, index) => {
    const happenings = almost.flatMap((of) => of[index] ?? []);
    const parts = [...new Set(happenings.flatMap((one) => one.parts))];
    return written(`almost-${index + 1}`, happenings.map(({ name }) => `almost ${name}`).join("; "), parts, {}, happenings);
  });
  // Rules of the hub name a cluster that has to be there.
  return [written("write", "nothing is wrong", WHOLE, {}, []), ...misses, ...faults];
}

function written(
  cluster: string,
  name: string,
  parts: readonly Part[],
  told: Fault["told"],
  happenings: readonly Pick<Fault, "happens" | "always">[],
): Played {
  const before = new System(cluster, healthy(cluster, parts));
  for (const { happens, always } of happenings) if (always) happens(before);
  const after = before.from(BEGIN * 60);
  for (const { happens, always } of happenings) if (!always) happens(after);
  const always = happenings.some((one) => one.always);
  return { cluster, name, told, always, before: before.writer(), after: after.writer() };
}

/** What the platform installs: its rules, the configuration of Alertmanager, and what Prometheus does with the labels of alerts. */
function configuration() {
  const objectives: readonly RuleGroup[] = parse(readFileSync(OBJECTIVES, "utf8")).groups;
  const json = synth((stack) => {
    new ObservabilityStack(stack, "observability", {
      cluster: aCluster(stack),
      clusterName: "hub",
      system: "orders",
      environment: "production",
      series: 100_000,
      rules: SUBJECTS,
      moreRules: [
        ...objectiveRules([{ service: "command-api", namespace: "write-side", availability: 99.9, latency: { p95: "250ms" } }]),
        ...objectives,
      ],
      // Domains own what they run, and not the stores that are for all of them.
      owners: { "write-side": "commands", "read-side": "queries", "orders-market": "marketplace" },
      dependencies: {
        stores: [
          { store: "event-store", namespace: "event-store", dependents: ["write-side"] },
          { store: "read-database", namespace: "read-store", dependents: ["read-side", "read-store"] },
          { store: "broker", namespace: "broker", dependents: ["read-side", "write-side"] },
          { store: "cache", namespace: "read-store", dependents: ["read-side"] },
        ],
      },
      alerts: {
        receivers: {
          oncall: { kind: "pagerduty" },
          team: { kind: "slack", channel: "#orders" },
          market: { kind: "opsgenie" },
          heartbeat: { kind: "webhook" },
        },
        default: { critical: "oncall", warning: "team" },
        domains: { marketplace: "market" },
        heartbeat: "heartbeat",
      },
    });
  });
  const values = releasedAs(json, "metrics");
  const objects = all(json, "helm_release").flatMap(({ name }) => (releasedAs(json, name).objects ?? []) as readonly Body[]);
  return {
    groups: objects.filter(({ kind }) => kind === "PrometheusRule").flatMap(({ spec }) => spec.groups as readonly RuleGroup[]),
    alertmanager: values.alertmanager.config as Body,
    relabelings: values.prometheus.prometheusSpec.additionalAlertRelabelConfigs as readonly object[],
  };
}

/** What the exporters of the systems say, and what receivers are told. */
function exporter(systems: readonly Played[], clock: Clock, told: Told[]): Server {
  const writers = new Map(systems.map(({ cluster, before, after }) => [cluster, { before, after }]));
  return createServer((request, response) => {
    const [, what, name = ""] = request.url?.split("/") ?? [];
    const elapsed = clock.elapsed();
    if (what === "metrics") {
      const system = writers.get(name);
      response.setHeader("Content-Type", "text/plain; version=0.0.4");
      return response.end(elapsed < BEGIN * 60 ? system?.before(elapsed) : system?.after(elapsed));
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString());
      for (const { status, labels } of alerts) if (status === "firing") told.push({ receiver: name, labels, at: elapsed / 60 });
      response.end();
    });
    return undefined;
  });
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

function free(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = socket.address() as AddressInfo;
      socket.close(() => resolve(port));
    });
  });
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: string;
}

interface EvaluatedGroup {
  readonly name: string;
  readonly evaluationTime: number;
  readonly rules: readonly { readonly name: string; readonly lastError?: string }[];
}

/** What is wrong with what people were told, a line for each. */
export function judge(
  systems: readonly Pick<Played, "cluster" | "name" | "told" | "always">[],
  told: readonly Told[],
  { alerts, groups }: { readonly alerts: readonly Alert[]; readonly groups: readonly EvaluatedGroup[] },
  say: Playing["say"],
): readonly string[] {
  const wrong: string[] = [];
  const known = new Set(systems.map(({ cluster }) => cluster));
  const beats = told.filter(({ receiver, labels }) => receiver === "heartbeat" && labels.alertname === "Watchdog");
  // A busy machine takes its time to read so many rules. The first alert, which always fires, tells when it has.
  const evaluated = Math.max(RULES, beats[0]?.at ?? 0);
  for (const { cluster, name, told: expected, always } of systems) {
    const of = told.filter(({ labels }) => labels.cluster === cluster);
    const problems = Object.entries(expected).flatMap(([alert, [receiver, within]]) => {
      const first = of.find(({ labels, receiver: who }) => labels.alertname === alert && who === receiver);
      const state = alerts.find(({ labels }) => labels.cluster === cluster && labels.alertname === alert)?.state ?? "not found";
      if (!first) return [`${alert} does not arrive at ${receiver}; in Prometheus it is ${state}`];
      const minutes = first.at - (always ? evaluated : BEGIN);
      if (minutes < 0) return [`${alert} arrives before the fault`];
      if (minutes > seconds(within) / 60 + MARGIN)
        return [`${alert} arrives after ${minutes.toFixed(1)} minutes, and not within ${within}`];
      return [];
    });
    const others = of.filter(({ labels, receiver }) => expected[labels.alertname ?? ""]?.[0] !== receiver);
    const unexpected = new Map(others.map((one) => [`${one.labels.alertname} at ${one.receiver}`, one] as const).reverse());
    problems.push(...[...unexpected].map(([what, { at }]) => `nobody expects ${what}, ${(at - BEGIN).toFixed(1)} minutes after the fault`));
    const arrivals = Object.keys(expected).map((alert) => {
      const first = of.find(({ labels }) => labels.alertname === alert);
      return first ? `${alert} to ${first.receiver} after ${(first.at - (always ? evaluated : BEGIN)).toFixed(1)} min` : alert;
    });
    say(`${problems.length > 0 ? "FAILED " : "PASSED "} ${name}: ${arrivals.join(", ") || "silence"}`);
    for (const problem of problems) say(`        ${problem}`);
    wrong.push(...problems.map((problem) => `${cluster}, ${name}: ${problem}`));
  }
  for (const { receiver, labels } of told)
    if (labels.alertname !== "Watchdog" && !known.has(labels.cluster ?? "")) wrong.push(`${receiver} is told of ${JSON.stringify(labels)}`);
  if (beats.length < 10) wrong.push(`the heartbeat was sent ${beats.length} times`);
  for (const { rules } of groups)
    for (const { name, lastError } of rules) if (lastError) wrong.push(`${name} can't be evaluated: ${lastError}`);
  const slow = groups
    .filter(({ evaluationTime }) => evaluationTime > 1)
    .map(({ name, evaluationTime }) => `${name} ${evaluationTime.toFixed(1)} s`);
  if (slow.length > 0) say(`slow groups of rules: ${slow.join(", ")}`);
  return wrong;
}
