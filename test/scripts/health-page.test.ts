import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Body } from "../synth";
import { scripts } from "./server";

jest.setTimeout(60_000);

const PAGE = join(scripts, "observability/health-page");
const QUESTION = "cqrs:health or up";
const BUSYBOX = ["/usr/bin/busybox", "/bin/busybox"].find((path) => existsSync(path));
/** The commands that the image has from BusyBox: another `awk` would prove nothing. */
const COMMANDS = "sh awk wget grep head date stat sleep timeout tr cp chmod mkdir mv cat rm httpd".split(" ");

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const free = () =>
  new Promise<number>((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

type Series = readonly [answer: string, of: Readonly<Record<string, string>>, value: number | string];

/** What a Prometheus answers whose system has these states, in its own order: labels by name. */
const answerOf = (series: readonly Series[]) =>
  JSON.stringify({
    status: "success",
    data: {
      resultType: "vector",
      result: series.map(([answer, of, value]) => ({ metric: { answer, ...of }, value: [1_795_858_403.123, String(value)] })),
    },
  });

const STATES = { system: 2, write_side: 2, read_side: 2, event_store: 2, projections: 2 };
const partsOf = (states: Readonly<Record<string, number | string>>, age: Readonly<Record<string, number>> = {}): Series[] =>
  Object.entries(states).flatMap(([part, state]) => [
    ["health", { part }, state],
    ["age", { part }, age[part] ?? 12.5],
  ]);
const projection = (name: string, behind: number | undefined, position: number | undefined, advanced: number): Series[] => [
  ...(behind === undefined ? [] : [["behind", { projection: name }, behind] as const]),
  ...(position === undefined ? [] : [["position", { projection: name }, position] as const]),
  ["advanced", { projection: name }, advanced],
];

const ADVANCED = Date.UTC(2026, 10, 28, 9, 30, 5) / 1000;

if (!BUSYBOX) process.stderr.write("SKIPPED the health page: busybox is not installed\n");

(BUSYBOX ? describe : describe.skip)("the health page", () => {
  let place: string;
  let page: ChildProcess;
  let prometheus: Server;
  let address: string;
  let said = "";
  let answer: { status?: number; body: string; delay?: number };
  const asked: string[] = [];

  const start = async (more: NodeJS.ProcessEnv = {}, waits = true) => {
    rmSync(join(place, "state/html"), { force: true });
    const { port } = prometheus.address() as AddressInfo;
    const own = await free();
    address = `http://127.0.0.1:${own}`;
    said = "";
    page = spawn("sh", [join(PAGE, "health-page.sh")], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: join(place, "bin"),
        PAGE,
        STATE: join(place, "state"),
        ADDRESS: "127.0.0.1",
        PORT: String(own),
        PROMETHEUS: `http://127.0.0.1:${port}`,
        QUESTION: encodeURIComponent(QUESTION),
        TITLE: 'orders <production> & "more" \\ $(id)',
        PARTS: "write_side read_side event_store projections",
        MAX_AGE: "120",
        MAX_SILENCE: "60",
        SCRIPT_HASH: "sha256-abc=",
        TZ: "UTC",
        EVERY: "0.2",
        LIMIT: "2",
        ...more,
      },
    });
    for (const stream of [page.stdout, page.stderr]) stream?.on("data", (data) => (said += data));
    if (waits) await written();
  };
  const stop = async () => {
    if (page.exitCode !== null || page.signalCode !== null) return;
    const ended = new Promise((resolve) => page.once("close", resolve));
    page.kill("SIGTERM");
    await ended;
  };
  /** Waits for what is written after a question that is asked from now on. */
  const written = async () => {
    const file = join(place, "state/html");
    for (let turn = 0; turn < 2; turn += 1) {
      rmSync(file, { force: true });
      for (const deadline = Date.now() + 30_000; !existsSync(file); await sleep(30))
        if (Date.now() > deadline) throw new Error(`nothing was written; said: ${said}`);
    }
  };
  const told = async (next: typeof answer) => {
    answer = next;
    await written();
    const json = await fetch(`${address}/health.json`);
    const html = await fetch(address);
    return { code: json.status, json: (await json.json()) as Body, html: await html.text(), page: html };
  };

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), "cdktf-cqrs-health-"));
    for (const directory of ["bin", "state"]) mkdirSync(join(place, directory));
    for (const command of COMMANDS) symlinkSync(BUSYBOX ?? "", join(place, "bin", command));
    answer = { body: answerOf(partsOf(STATES)) };
    prometheus = createHttpServer((request, response) => {
      asked.push(request.url ?? "");
      setTimeout(() => {
        response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
        response.end(answer.body);
      }, answer.delay ?? 0).unref();
    });
    await new Promise<void>((resolve) => prometheus.listen(0, "127.0.0.1", resolve));
    await start();
  });

  afterAll(async () => {
    await stop();
    prometheus.closeAllConnections();
    prometheus.close();
    rmSync(place, { recursive: true });
  });

  it("tells a person and a machine that the system is healthy, and how far projections are", async () => {
    const series = [
      ...partsOf(STATES),
      ...projection("orders", 3, 123_456_789, ADVANCED),
      ...projection("order_totals", 812, 123_455_980, ADVANCED - 75),
    ];
    const { code, json, html, page } = await told({ body: answerOf(series) });
    const { at, ...rest } = json;
    expect(code).toBe(200);
    expect(rest).toEqual({
      status: "healthy",
      reason: null,
      parts: { write_side: "healthy", read_side: "healthy", event_store: "healthy", projections: "healthy" },
      lastProcessedEvent: { projection: "orders", position: 123_456_789, at: "2026-11-28T09:30:05Z" },
      behind: 812,
      projections: {
        orders: { behind: 3, position: 123_456_789, at: "2026-11-28T09:30:05Z" },
        order_totals: { behind: 812, position: 123_455_980, at: "2026-11-28T09:28:50Z" },
      },
      ageSeconds: 12,
    });
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(5_000);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(html).toContain("<title>Healthy – orders &lt;production&gt; &amp; &quot;more&quot; \\ $(id)</title>");
    expect(html).toContain("up to 812 events behind");
    expect(html).toContain('Last processed event: 123,456,789, <time datetime="2026-11-28T09:30:05Z">2026-11-28 09:30:05 UTC</time>');
    expect(html).toContain('<th scope="row">order_totals</th><td>812</td><td>123,455,980</td>');
    expect(html).toContain("Data is 12 s old.");
    expect(html).not.toMatch(/@[A-Z]+@|<!-- /);
    expect(asked.at(-1)).toBe("/api/v1/query?query=cqrs%3Ahealth%20or%20up");
  });

  it.each([
    ["degraded", { projections: 1, system: 1 }, 200],
    ["unhealthy", { event_store: 0, write_side: 1, system: 0 }, 503],
  ])("says that it is %s, as the rules say", async (status, states, expected) => {
    const { code, json, html } = await told({ body: answerOf(partsOf({ ...STATES, ...states })) });
    expect([code, json.status]).toEqual([expected, status]);
    const words = ["unhealthy", "degraded", "healthy"];
    const wanted = Object.entries({ ...STATES, ...states }).filter(([part]) => part !== "system");
    expect(json.parts).toEqual(Object.fromEntries(wanted.map(([part, state]) => [part, words[state]])));
    expect(html).toContain(`<p class="status ${status}">`);
  });

  it("says unknown where a part is missing, whatever the others are", async () => {
    const { event_store: _, ...others } = STATES;
    const { code, json, html } = await told({ body: answerOf(partsOf(others)) });
    expect([code, json.status, json.reason, json.parts.event_store]).toEqual([503, "unknown", "Event store: no data", "unknown"]);
    expect(json.parts.write_side).toBe("healthy");
    expect(html).toContain("Event store: no data.");
  });

  it("says unhealthy where the system is, also if a part is missing", async () => {
    const { event_store: _, ...others } = STATES;
    const { json } = await told({ body: answerOf(partsOf({ ...others, system: 0 })) });
    expect([json.status, json.reason]).toEqual(["unhealthy", "Event store: no data"]);
  });

  it("says unknown where nothing says what the system as a whole is", async () => {
    const { system: _, ...others } = STATES;
    expect((await told({ body: answerOf(partsOf(others)) })).json.status).toBe("unknown");
  });

  it("takes nothing for current that is older than two minutes", async () => {
    const still = await told({ body: answerOf(partsOf(STATES, { read_side: 119 })) });
    expect([still.code, still.json.status, still.json.ageSeconds]).toEqual([200, "healthy", 119]);
    const { code, json } = await told({ body: answerOf(partsOf(STATES, { read_side: 121 })) });
    expect([code, json.status, json.reason]).toEqual([503, "unknown", "Read side: last data is from 2 min ago"]);
    expect(json.parts).toMatchObject({ read_side: "unknown", write_side: "healthy" });
  });

  it.each([["3"], ["-1"], ["1.5"], ["NaN"]])("knows no state %s", async (state) => {
    const { json } = await told({ body: answerOf(partsOf({ ...STATES, write_side: state })) });
    expect([json.status, json.parts.write_side]).toEqual(["unknown", "unknown"]);
  });

  it("does not count a projection as up to date that does not know how far it is behind", async () => {
    const { json, html } = await told({
      body: answerOf([...partsOf(STATES), ...projection("orders", 3, 10, ADVANCED), ...projection("new", undefined, -1, 0)]),
    });
    expect([json.behind, json.projections.new]).toEqual([null, { behind: null, position: -1, at: null }]);
    expect(html).toContain('<th scope="row">new</th><td>unknown</td><td>none</td><td>never</td>');
    expect(html).not.toContain("up to");
  });

  it("has no projections where there are none", async () => {
    const { json, html } = await told({ body: answerOf(partsOf(STATES)) });
    expect(json).toMatchObject({ status: "healthy", behind: null, lastProcessedEvent: null, projections: {} });
    expect(html).toContain("No projection reports its progress.");
  });

  it.each([["<script>alert(1)</script>"], ['quote" \\ back\\n'], ["a&b;@TITLE@"], ["tab\tand\nline"], ["größer 注文 %s \\1"]])(
    "shows the name %j as what it is",
    async (name) => {
      const { json, html } = await told({ body: answerOf([...partsOf(STATES), ...projection(name, 1, 2, ADVANCED)]) });
      const shown = name.replace(/[\t\n]/g, " ");
      expect(Object.keys(json.projections)).toEqual([shown]);
      const escaped = shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
      expect(html).toContain(`<th scope="row">${escaped}</th>`);
      expect(html.match(/<script/g)).toHaveLength(1);
    },
  );

  it("reads an answer that is written with spaces, and with characters by their numbers", async () => {
    const spaced = JSON.stringify(JSON.parse(answerOf([...partsOf(STATES), ...projection("a<b", 1, 2, ADVANCED)])), null, 2);
    const { json } = await told({ body: spaced.replaceAll("a<b", "a\\u003cb") });
    expect([json.status, Object.keys(json.projections)]).toEqual(["healthy", ["a<b"]]);
  });

  const healthy = answerOf(partsOf(STATES));
  it.each([
    ["nothing", ""],
    ["a page", "<html><body>Service Unavailable</body></html>"],
    ["half an answer", healthy.slice(0, -30)],
    ["more than an answer", `${healthy}{}`],
    ["an answer with garbage in it", healthy.replace(",", ";")],
    ["an open string", healthy.replace('"success"', '"success')],
    ["an error", '{"status":"error","errorType":"bad_data","error":"parse error"}'],
    ["a matrix", healthy.replace('"vector"', '"matrix"')],
    ["an array without an end", "[".repeat(100_000)],
    ["more than it reads", answerOf([...partsOf(STATES), ...Array.from({ length: 4_000 }, (_, n) => projection(`p${n}`, 1, 1, 1)).flat()])],
  ])("says unknown where Prometheus answers with %s", async (_, body) => {
    const { code, json, html } = await told({ body });
    expect([code, json.status, json.behind]).toEqual([503, "unknown", null]);
    expect(json.reason).toMatch(/^Prometheus has not answered since 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d UTC: not an answer to a query$/);
    expect(html).toContain('<p class="status unknown">');
    expect(new Set(Object.values(json.parts))).toEqual(new Set(["unknown"]));
  });

  it("says unknown where Prometheus refuses, and what it said", async () => {
    const { code, json } = await told({ status: 503, body: healthy });
    expect([code, json.status]).toEqual([503, "unknown"]);
    expect(json.reason).toMatch(/503 Service Unavailable$/);
  });

  it("says unknown where Prometheus is away, and healthy when it is back", async () => {
    const { port } = prometheus.address() as AddressInfo;
    prometheus.closeAllConnections();
    await new Promise((resolve) => prometheus.close(resolve));
    const { code, json } = await told({ body: healthy });
    expect([code, json.status]).toEqual([503, "unknown"]);
    expect(json.reason).toMatch(/Connection refused$/);
    await new Promise<void>((resolve) => prometheus.listen(port, "127.0.0.1", resolve));
    expect((await told({ body: healthy })).json.status).toBe("healthy");
    // Once for each reason, whatever the number of turns.
    expect(said.match(/Connection refused/g)).toHaveLength(1);
  });

  it("says unknown where Prometheus takes the question and never answers", async () => {
    const { json } = await told({ body: healthy, delay: 30_000 });
    expect(json.status).toBe("unknown");
    expect(json.reason).toMatch(/: no answer within 2 s$/);
    prometheus.closeAllConnections();
  });

  it("answers HEAD, and nothing that changes anything", async () => {
    await told({ body: answerOf(partsOf({ ...STATES, system: 0 })) });
    const head = await fetch(`${address}/health.json`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([503, ""]);
    expect((await fetch(`${address}/health.json`, { method: "POST", body: "x=1" })).status).toBe(405);
    expect((await fetch(`${address}/health.json?x=$(id)`)).status).toBe(503);
    // A client may normalize the path: either way nothing but www is served.
    expect([403, 404]).toContain((await fetch(`${address}/../httpd.conf`)).status);
  });

  it("lets a browser run its own script alone, and keep nothing", async () => {
    const { page } = await told({ body: healthy });
    expect(page.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; script-src 'sha256-abc='",
    );
    expect(page.headers.get("cache-control")).toBe("no-store");
  });

  it("asks Prometheus no more often for more requests", async () => {
    await told({ body: healthy });
    await stop();
    await start({ EVERY: "60" }, false);
    for (const deadline = Date.now() + 20_000; !existsSync(join(place, "state/html")) && Date.now() < deadline; ) await sleep(30);
    const before = asked.length;
    await Promise.all(Array.from({ length: 40 }, () => fetch(`${address}/health.json`)));
    expect(asked.length).toBe(before);
    await stop();
    await start();
  });

  it("says unknown, and is restarted, where its own loop is stuck", async () => {
    await told({ body: healthy });
    expect((await fetch(`${address}/live.cgi`)).status).toBe(200);
    process.kill(page.pid as number, "SIGSTOP");
    const age = (seconds: number) => {
      const time = Date.now() / 1000 - seconds;
      for (const file of ["html", "json"]) utimesSync(join(place, "state", file), time, time);
    };
    age(70);
    const json = await fetch(`${address}/health.json`);
    expect([json.status, ((await json.json()) as { reason: string }).reason]).toEqual([503, "This page has stopped asking Prometheus"]);
    expect(await (await fetch(address)).text()).toContain('<p class="status unknown">');
    expect((await fetch(`${address}/live.cgi`)).status).toBe(200);
    age(130);
    expect((await fetch(`${address}/live.cgi`)).status).toBe(503);
    expect((await fetch(`${address}/ready.txt`)).status).toBe(200);
    process.kill(page.pid as number, "SIGCONT");
  });

  it("ends where nobody serves any more, and takes its server along where it is told to end", async () => {
    const ended = new Promise((resolve) => page.once("close", resolve));
    const children = readFileSync(`/proc/${page.pid}/task/${page.pid}/children`, "utf8").trim().split(" ");
    const server = children.find((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("httpd"));
    process.kill(Number(server), "SIGKILL");
    await ended;
    expect([page.exitCode, said.includes("httpd ended")]).toEqual([1, true]);
    await start();
    await stop();
    await expect(fetch(address)).rejects.toThrow("fetch failed");
    // Files of the run before are in its way no more than those of a container that was restarted.
    writeFileSync(join(place, "state/answers"), "garbage");
    await start();
    expect((await told({ body: healthy })).json.status).toBe("healthy");
  });
});
