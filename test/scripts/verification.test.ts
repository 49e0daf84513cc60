import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer as createNetServer, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Check, checkFiles, type ObjectCheck } from "../../constructs/workload/checks";
import { Database, scripts } from "./server";

/** What the image has of BusyBox. */
const APPLETS = ["awk", "cat", "date", "grep", "head", "mktemp", "mv", "rm", "sed", "sleep", "tail", "tee", "tr"];

interface Answer {
  readonly status?: number;
  readonly body?: object | string;
}

/** Answers by method and address, one after the other; the last one stays. */
type Answers = Readonly<Record<string, Answer | readonly Answer[]>>;

interface Ran {
  readonly code: number | null;

  /** The verdict and the report, as the ConfigMap has them in the end. */
  readonly verdict?: string;
  readonly report?: readonly string[];

  /** Jobs that were made to expire. */
  readonly expired: readonly string[];
  readonly asked: readonly IncomingMessage[];
  readonly bodies: readonly string[];
  readonly log: string;
}

const RUN = "smoke-test-1a2b3c4d";
const REPORT = "PATCH /api/v1/namespaces/write-side/configmaps/smoke-test";

const TOOLS = ["busybox", "curl", "nc"];
const found = TOOLS.map((tool) => spawnSync("which", [tool], { encoding: "utf8" }).stdout.trim());
const missing = TOOLS.filter((_, index) => !found[index]);
if (missing.length > 0) process.stderr.write(`SKIPPED verifications: no ${missing.join(", ")} here\n`);

let root = "";
beforeAll(() => {
  if (missing.length > 0) return;
  root = mkdtempSync(join(tmpdir(), "verification-"));
  mkdirSync(join(root, "bin"));
  for (const applet of APPLETS) symlinkSync(found[0] ?? "", join(root, "bin", applet));
  for (const [index, tool] of TOOLS.entries()) symlinkSync(found[index] ?? "", join(root, "bin", tool));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The script of a verification with what it looks at, and a Kubernetes API, that only pretend; both at one address. */
async function verify(
  checks: (at: string) => readonly (Check | ObjectCheck)[],
  answers: Answers,
  more: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const asked: IncomingMessage[] = [];
  const bodies: string[] = [];
  const expired: string[] = [];
  let written: Record<string, string> = {};
  const counts = new Map<string, number>();
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const address = `${request.method} ${decodeURIComponent(request.url ?? "").replace(/[?&]pretty=true/, "")}`;
    const listed = answers[address];
    const count = counts.get(address) ?? 0;
    counts.set(address, count + 1);
    const answer = Array.isArray(listed) ? listed[Math.min(count, listed.length - 1)] : listed;
    const job = /^PATCH \/apis\/batch\/v1\/namespaces\/write-side\/jobs\/(.*)$/.exec(address)?.[1];
    if (!answer && address === REPORT) written = JSON.parse(body).data;
    else if (!answer && job) {
      const { metadata, spec } = JSON.parse(body);
      const { activeDeadlineSeconds, ttlSecondsAfterFinished } = spec;
      // By this mark Terraform knows at its next plan that the report is not the last word.
      if (ttlSecondsAfterFinished) expect(metadata).toEqual({ annotations: { verdict: "failed" } });
      expired.push(activeDeadlineSeconds === 1 ? `${job} ends` : `${job} after ${ttlSecondsAfterFinished} s`);
    } else {
      asked.push(request);
      bodies.push(body);
      if (!answer) {
        const nothing = { status: address.startsWith("GET /api/v1/namespaces/") ? 200 : 404, body: { items: [] } };
        return response.writeHead(nothing.status).end(JSON.stringify(nothing.body, null, 2));
      }
    }
    const said = answer?.body ?? "";
    response.writeHead(answer?.status ?? 200).end(typeof said === "string" ? said : JSON.stringify(said, null, 2));
  });
  const port = await new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
  const at = `http://127.0.0.1:${port}`;
  const directory = mkdtempSync(join(root, "run-"));
  const { files, bearers } = checkFiles(checks(at));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, "token"), "token-of-the-account");
  const child = spawn(found[0] ?? "", ["sh", join(scripts, "workload/verification/verify.sh")], {
    env: {
      PATH: join(root, "bin"),
      TMPDIR: directory,
      CHECKS: directory,
      JOB: RUN,
      NAMESPACE: "write-side",
      REPORT: "smoke-test",
      TIME: "0",
      POLL: "0",
      PATIENCE: "0",
      API: at,
      TOKEN: join(directory, "token"),
      ...Object.fromEntries(Object.entries(bearers).map(([name, { key }]) => [name, key])),
      ...more,
    },
  });
  // The container beside it, where there are queries.
  const beside = more.QUERIES
    ? spawn("sh", [join(scripts, "workload/verification/query.sh")], {
        env: { ...process.env, CHECKS: directory, TMPDIR: directory, TIME: "60", POLL: "1" },
        stdio: "ignore",
      })
    : undefined;
  const gone = new Promise((resolve) => (beside ? beside.on("close", resolve) : resolve(0)));
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      log += data;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  server.close();
  expect(await gone).toBe(0);
  const { of, verdict, report } = written;
  if (verdict) expect(of).toBe(RUN);
  return {
    code,
    ...(verdict ? { verdict, report: (report ?? "").replaceAll(at, "http://api").split("\n") } : {}),
    expired,
    asked,
    bodies,
    log,
  };
}

interface PublicEndpoint {
  readonly port: number;
  readonly authority: string;

  /** The first line of each connection. */
  readonly heard: readonly string[];
  readonly close: () => void;
}

/** Something that expects the PROXY protocol, and then TLS, for which it has a certificate of commands.example.com. */
async function anEntrance(directory: string): Promise<PublicEndpoint> {
  mkdirSync(directory);
  const [key, authority] = [join(directory, "key"), join(directory, "certificate")];
  const self = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", authority];
  const { status, stderr } = spawnSync("openssl", [
    ...self,
    "-subj",
    "/CN=commands.example.com",
    "-addext",
    "subjectAltName=DNS:commands.example.com",
  ]);
  if (status !== 0) throw new Error(String(stderr));
  const heard: string[] = [];
  const listening = (server: NetServer) =>
    new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
  const inner = createTlsServer({ key: readFileSync(key), cert: readFileSync(authority) }, (_, response) => void response.end("well"));
  const behind = await listening(inner);
  const outer = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const end = data.indexOf("\r\n");
      const first = data.subarray(0, end).toString();
      if (!first.startsWith("PROXY ")) return socket.destroy();
      heard.push(first);
      const on = connect(behind, "127.0.0.1");
      on.on("error", () => socket.destroy());
      on.write(data.subarray(end + 2));
      socket.pipe(on).pipe(socket);
    });
  });
  const port = await listening(outer);
  return { port, authority, heard, close: () => [inner, outer].forEach((server) => void server.close()) };
}

const DEPLOYMENT = "GET /apis/apps/v1/namespaces/write-side/deployments/command-api";
const rollout = (): readonly ObjectCheck[] => [
  {
    name: "rollout of command-api",
    object: {
      kind: "Deployment",
      namespace: "write-side",
      name: "command-api",
      labels: { "app.kubernetes.io/name": "command-api", "app.kubernetes.io/instance": "command-api" },
    },
  },
];
const PODS =
  "GET /api/v1/namespaces/write-side/pods?labelSelector=app.kubernetes.io/instance=command-api,app.kubernetes.io/name=command-api";
const EVENTS =
  "GET /api/v1/namespaces/write-side/events?fieldSelector=involvedObject.kind=Deployment,involvedObject.name=command-api,type=Warning";

/** A Deployment as the API has it once it is rolled out. */
const rolledOut = (status: object = {}) => ({
  body: {
    kind: "Deployment",
    metadata: { name: "command-api", generation: 7, labels: { "a.b/c": 'q"u,o{te\\' } },
    spec: { replicas: 3 },
    status: { observedGeneration: 7, replicas: 3, updatedReplicas: 3, availableReplicas: 3, readyReplicas: 3, ...status },
  },
});

const WELL = [{ type: "Ready", status: "True" }];

(missing.length > 0 ? describe.skip : describe)("a verification", () => {
  it("reports that all of its checks succeeded, and stays", async () => {
    const { code, verdict, report, expired } = await verify(
      (at) => [
        ...rollout(),
        { name: "health", url: `${at}/health`, contains: '"ok"' },
        { name: "port", tcp: { host: "127.0.0.1", port: Number(new URL(at).port) } },
      ],
      { [DEPLOYMENT]: rolledOut(), "GET /health": { body: { status: "ok" } } },
    );
    expect({ code, verdict, report, expired }).toEqual({ code: 0, verdict: "passed", report: ["3 of 3 checks succeeded"], expired: [] });
  });

  it("tries again until its time is over", async () => {
    const { verdict, asked } = await verify(
      (at) => [{ name: "health", url: `${at}/health` }],
      { "GET /health": [{ status: 503 }, { status: 503 }, { status: 200 }] },
      { TIME: "30" },
    );
    // The last time because what was waited for may not have been all.
    expect({ verdict, asked: asked.length }).toEqual({ verdict: "passed", asked: 4 });
  });

  it("tells everything that does not work, with the answer, and expires with a good end so that it is run again", async () => {
    const { code, verdict, report, expired } = await verify(
      (at) => [
        { name: "health", url: `${at}/health` },
        { name: "orders", url: `${at}/orders`, contains: '"items"' },
        { name: "nobody", url: "http://127.0.0.1:1/" },
        { name: "port", tcp: { host: "127.0.0.1", port: 1 } },
      ],
      { "GET /health": { status: 503, body: `{"status":"down","why":"a \\"quote\\"\t${"x".repeat(600)}` }, "GET /orders": { body: "[]" } },
    );
    expect({ code, verdict, expired }).toEqual({ code: 0, verdict: "failed", expired: [`${RUN} after 60 s`] });
    expect(report?.map((line) => line.replace(/x{400,}/, "xx"))).toEqual([
      "4 of 4 checks failed.",
      'health: GET http://api/health answers 503, not 200: {"status":"down","why":"a \\"quote\\" xx',
      'orders: GET http://api/orders answers without ""items"": []',
      expect.stringMatching(/^nobody: GET http:\/\/127.0.0.1:1\/ has no answer: \(7\) Failed to connect/),
      "port: 127.0.0.1:1 does not answer",
    ]);
    expect(report?.[1]?.length).toBeLessThan(600);
  });

  it("sends a command with headers, a body and a token, under one key in all tries", async () => {
    const command = {
      name: "create an order",
      url: "",
      headers: { "Idempotency-Key": "smoke-{run}", "Content-Type": "application/json" },
      body: '{"id":"{run}",\n "note":"a \\"b\\" $HOME"}',
      bearer: { secret: { name: "token", keys: {} } as never, home: "write-side", key: "a-token" },
      expect: 202,
    };
    const { verdict, asked, bodies } = await verify(
      (at) => [{ ...command, url: `${at}/orders?filter[a]={b}` }],
      { "POST /orders?filter[a]={b}": [{ status: 500 }, { status: 202 }] },
      { TIME: "30" },
    );
    expect(verdict).toBe("passed");
    expect(asked.map(({ headers }) => headers)).toMatchObject(
      ["first", "again"].map(() => ({
        "idempotency-key": `smoke-${RUN}`,
        "content-type": "application/json",
        authorization: "Bearer a-token",
      })),
    );
    expect(bodies).toEqual([0, 1].map(() => `{"id":"${RUN}",\n "note":"a \\"b\\" $HOME"}`));
  });

  it("goes to a gateway by a name that the world does not know yet", async () => {
    const { verdict, asked } = await verify(
      (at) => [{ name: "public", url: "http://orders.invalid/health", through: { host: "127.0.0.1", port: Number(new URL(at).port) } }],
      { "GET /health": {} },
    );
    expect({ verdict, host: asked[0]?.headers.host }).toEqual({ verdict: "passed", host: "orders.invalid" });
  });

  it.each([
    ["passed", { projections: [{ lag: 999 }, { lag: 0 }] }],
    ["failed", { projections: [{ lag: 3 }, { lag: 1000 }] }],
    ["failed", { projections: [{ lag: null }] }],
    ["failed", { projections: [] }],
    ["failed", { lag: "3" }],
  ])("has %s where projections say %j and are to be less than 1,000 events behind", async (expected, body) => {
    const { verdict } = await verify((at) => [{ name: "lag", url: `${at}/lag`, below: { field: "lag", limit: 1000 } }], {
      "GET /lag": { body: JSON.stringify(body) },
    });
    expect(verdict).toBe(expected);
  });

  it.each([
    [
      "has not been seen by its controller",
      { observedGeneration: 6 },
      "of 3 pods of command-api 3 are of the newest version and 3 available",
    ],
    [
      "has old pods",
      { replicas: 4, updatedReplicas: 3 },
      "of 3 pods of command-api 3 are of the newest version, with 1 old ones beside them; available: 3 of these 4",
    ],
    [
      "has new pods that can't serve beside old ones that do",
      { replicas: 4, updatedReplicas: 1 },
      "of 3 pods of command-api 1 are of the newest version, with 3 old ones beside them; available: 3 of these 4, perhaps only old ones",
    ],
    ["has pods that can't serve", { availableReplicas: 2 }, "of 3 pods of command-api 3 are of the newest version and 2 available"],
  ])("takes no rollout for done that %s", async (_, status, cause) => {
    const { verdict, report } = await verify(rollout, { [DEPLOYMENT]: rolledOut(status) });
    expect({ verdict, report }).toEqual({ verdict: "failed", report: ["1 of 1 checks failed.", `rollout of command-api: ${cause}`] });
  });

  it("waits until an autoscaler has asked for as many pods as there have to be, and they are there", async () => {
    const scaled = (least: number) => () => rollout().map(({ name, object }) => ({ name, object: { ...object, least } }));
    const runs = await Promise.all([3, 5].map((least) => verify(scaled(least), { [DEPLOYMENT]: rolledOut() })));
    expect(runs.map(({ report }) => report)).toEqual([
      ["1 of 1 checks succeeded"],
      [
        "1 of 1 checks failed.",
        "rollout of command-api: of 5 pods of command-api 3 are of the newest version and 3 available",
        "its autoscaler has asked for 3",
      ],
    ]);
  });

  it("says why pods are not ready, as Kubernetes and they themselves say it", async () => {
    const container = (state: object, lastState: object = {}) => ({ name: "command-api", ready: false, state, lastState });
    const { report } = await verify(rollout, {
      [DEPLOYMENT]: rolledOut({
        updatedReplicas: 1,
        conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "exceeded quota" }],
      }),
      [PODS]: {
        body: {
          items: [
            { metadata: { name: "well" }, status: { phase: "Running", conditions: WELL } },
            {
              metadata: { name: "no-image" },
              status: {
                phase: "Pending",
                conditions: [{ type: "Ready", status: "False" }],
                containerStatuses: [
                  container({ waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "orders:9": not <found>' } }),
                ],
              },
            },
            {
              metadata: { name: "crashes" },
              status: {
                phase: "Running",
                conditions: [{ type: "Ready", status: "False" }],
                containerStatuses: [
                  container(
                    { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } },
                    { terminated: { exitCode: 1, reason: "Error", message: "no JWT_KEY\nis set" } },
                  ),
                ],
              },
            },
            {
              metadata: { name: "waits" },
              status: {
                phase: "Pending",
                initContainerStatuses: [
                  {
                    name: "wait-for-connections",
                    ready: false,
                    state: { running: { startedAt: "2026-11-21T12:00:00Z" } },
                    lastState: {
                      terminated: { exitCode: 1, reason: "Error", message: "read-database has not answered at db:5432 for 300 s" },
                    },
                  },
                ],
                containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
              },
            },
            {
              metadata: { name: "no-room" },
              status: {
                phase: "Pending",
                conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" }],
              },
            },
            { metadata: { name: "slow" }, status: { phase: "Running", conditions: [{ type: "Ready", status: "False" }] } },
          ],
        },
      },
      [EVENTS]: {
        body: { items: [{ metadata: { name: "e1" }, reason: "FailedCreate", message: "pods are forbidden", source: { component: "x" } }] },
      },
    });
    expect(report).toEqual([
      "1 of 1 checks failed.",
      "rollout of command-api: of 3 pods of command-api 1 are of the newest version, with 2 old ones beside them; available: 3 of these 3",
      "FailedCreate: exceeded quota",
      '  pod no-image: command-api: ImagePullBackOff: Back-off pulling image "orders:9": not <found>',
      "  pod crashes: command-api: CrashLoopBackOff: back-off 40s",
      "  pod crashes: command-api: ended before with 1 (Error): no JWT_KEY is set",
      "  pod waits: wait-for-connections: ended before with 1 (Error): read-database has not answered at db:5432 for 300 s",
      "  pod no-room: Unschedulable: 0/3 nodes are available",
      "  pod slow: is running and not ready",
      "  pods are forbidden",
    ]);
  });

  it("says what a pod that runs answers where the kubelet asks it, on one line and no more than so much", async () => {
    const pod = (name: string, port: number | string, more: object = {}) => ({
      metadata: { name },
      spec: {
        containers: [
          { name: "command-api", readinessProbe: { httpGet: { path: `/health?${name}`, port, scheme: "HTTP" } } },
          { name: "exec", readinessProbe: { exec: { command: ["true"] } } },
        ],
      },
      status: { phase: "Running", podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "False" }], ...more },
    });
    const answers: Record<string, Answer> = {
      [DEPLOYMENT]: rolledOut({ availableReplicas: 1 }),
      "GET /health?lags": { status: 503, body: `{"status":"down",\n"cause":"120 events \u0007behind","all":"${"x".repeat(9999)}"}` },
      "GET /health?recovered": { body: "ok" },
    };
    const { report, asked } = await verify((at) => {
      const port = Number(new URL(at).port);
      const items = [pod("lags", port), pod("recovered", port), pod("named", "http"), pod("ready", port, { conditions: WELL })];
      answers[PODS] = { body: { items } };
      return rollout();
    }, answers);
    expect(report?.slice(2)).toEqual([
      "  pod lags: is running and not ready",
      expect.stringMatching(
        /^ {2}pod lags: GET \/health\?lags answers 503: \{"status":"down", "cause":"120 events behind","all":"x{400,460}$/,
      ),
    ]);
    expect(asked.filter(({ url = "" }) => url.startsWith("/health")).map(({ url }) => url)).toEqual(["/health?lags", "/health?recovered"]);
  });

  it("looks again at its end at what succeeded at its beginning, and sends no command a second time", async () => {
    const { verdict, report, asked } = await verify(
      (at) => [
        { name: "first", url: `${at}/first` },
        { name: "order", url: `${at}/orders`, body: "{}" },
        { name: "slow", url: `${at}/slow` },
      ],
      { "GET /first": [{}, { status: 500 }], "POST /orders": {}, "GET /slow": [{ status: 503 }, { status: 503 }, {}] },
      { TIME: "3", POLL: "1" },
    );
    expect({ verdict, report }).toEqual({
      verdict: "failed",
      report: ["1 of 3 checks failed.", "first: GET http://api/first answers 500, not 200: "],
    });
    expect(asked.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("asks an API again that does not answer at once, and fails where it goes on so", async () => {
    const busy: readonly Answer[] = [{ status: 503 }, { status: 429 }];
    const { verdict } = await verify(rollout, { [DEPLOYMENT]: [...busy, rolledOut()], [REPORT]: { status: 500 } }, { PATIENCE: "3" });
    expect(verdict).toBeUndefined();
    const again = await verify(rollout, { [DEPLOYMENT]: [...busy, rolledOut()] }, { PATIENCE: "9" });
    expect(again.verdict).toBe("passed");
  });

  it("says what the kubelet says of pods, which they don't themselves, and which secrets have not come", async () => {
    const pod = (name: string, phase: string, more: object = {}) => ({
      metadata: { name },
      status: { phase, conditions: [{ type: "Ready", status: "False" }], ...more },
    });
    const waits = {
      initContainerStatuses: [
        { name: "proxy", ready: true, started: true, state: { running: { startedAt: "2026-11-21T12:00:00Z" } } },
        { name: "wait-for-connections", ready: false, state: { running: { startedAt: "2026-11-21T12:00:00Z" } } },
      ],
    };
    const event = (name: string, reason: string, message: string, lastTimestamp = "2026-11-21T12:00:00Z") => ({
      metadata: { name: `${name}.1` },
      involvedObject: { kind: "Pod", name },
      lastTimestamp,
      message,
      reason,
    });
    const { report } = await verify(rollout, {
      [DEPLOYMENT]: rolledOut({ availableReplicas: 0 }),
      [PODS]: {
        body: {
          items: [
            pod("mounts-1", "Pending"),
            pod("mounts-2", "Pending"),
            pod("refuses", "Running"),
            pod("waits", "Pending", waits),
            { ...pod("old", "Running"), metadata: { name: "old", deletionTimestamp: "2026-11-21T12:00:00Z" } },
            { metadata: { name: "well" }, status: { phase: "Running", conditions: WELL } },
          ],
        },
      },
      "GET /api/v1/namespaces/write-side/events?fieldSelector=involvedObject.kind=Pod,type=Warning": {
        body: {
          items: [
            event("mounts-1", "FailedMount", 'secret "read-database-authority" not found'),
            event("mounts-2", "FailedMount", 'secret "read-database-authority" not found'),
            event("refuses", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "2026-11-21T12:05:00Z"),
            event("refuses", "Unhealthy", "Startup probe failed: connection refused"),
            event("well", "Unhealthy", "Readiness probe failed once"),
            event("waits", "BackOff", "Back-off restarting failed container"),
          ],
        },
      },
      "GET /apis/external-secrets.io/v1/namespaces/write-side/externalsecrets": {
        body: {
          items: [
            {
              metadata: { name: "event-store-commands" },
              status: { conditions: [{ type: "Ready", status: "False", message: "AccessDenied" }] },
            },
            { metadata: { name: "cache-users" }, status: { conditions: [{ type: "Ready", status: "True", message: "synced" }] } },
          ],
        },
      },
    });
    const [, , ...said] = report ?? [];
    expect(said.slice(0, 3)).toEqual([
      "  pod mounts-1: is pending and not ready",
      "  pod refuses: is running and not ready",
      "  pod waits: wait-for-connections: has not ended",
    ]);
    expect(said.slice(3, 5).sort()).toEqual([
      expect.stringMatching(/^ {2}pod mounts-[12]: FailedMount: secret "read-database-authority" not found$/),
      "  pod refuses: Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503",
    ]);
    expect(said.slice(5)).toEqual(["  secret event-store-commands: AccessDenied"]);
  });

  it("says what a rollout waits for that is only a pod that does not go", async () => {
    const lost = { name: "processors-3", deletionTimestamp: "2026-11-21T12:00:00Z" };
    const { report } = await verify(rollout, {
      [DEPLOYMENT]: rolledOut({ availableReplicas: 2 }),
      [PODS]: { body: { items: [{ metadata: lost, status: { phase: "Running", conditions: [{ type: "Ready", status: "False" }] } }] } },
    });
    expect(report?.slice(2)).toEqual(["  pod processors-3: has been going since 2026-11-21T12:00:00Z"]);
  });

  it("says which load balancer has not found a pod well that is", async () => {
    const gates = ["elb/a", "elb/b", "elb/c"].map((conditionType) => ({ conditionType }));
    const conditions = [
      { type: "Ready", status: "False" },
      { type: "elb/a", status: "False", reason: "Elb.InitialHealthChecking", message: "Initial health checks in progress" },
      { type: "elb/b", status: "True" },
    ];
    const pod = { metadata: { name: "nginx" }, spec: { readinessGates: gates }, status: { phase: "Running", conditions } };
    const { report } = await verify(rollout, {
      [DEPLOYMENT]: rolledOut({ availableReplicas: 0 }),
      [PODS]: { body: { items: [pod] } },
    });
    expect(report?.slice(2)).toEqual([
      "  pod nginx: elb/a: Elb.InitialHealthChecking: Initial health checks in progress",
      "  pod nginx: elb/c: nobody has said so",
    ]);
  });

  const condition = (type: string, status: string, [reason, message] = ["Fine", "as it should be"], observedGeneration = 3) => ({
    lastTransitionTime: "2026-11-21T12:00:00Z",
    message,
    observedGeneration,
    reason,
    status,
    type,
  });
  type Condition = ReturnType<typeof condition>;
  const well = (...types: readonly string[]) => types.map((type) => condition(type, "True"));
  const at = "/apis/gateway.networking.k8s.io/v1/namespaces/write-side";
  const object = (status: object) => ({ body: { metadata: { generation: 3 }, status } });
  const gateway = (own = well("Accepted", "Programmed"), listener = well("Accepted", "Programmed", "ResolvedRefs")): Answer =>
    object({
      conditions: own,
      listeners: [
        { name: "http", conditions: [...well("Accepted", "Programmed", "ResolvedRefs"), condition("Conflicted", "False")] },
        ...(listener.length > 0 ? [{ name: "https", conditions: listener }] : []),
      ],
    });
  const route = (conditions: readonly Condition[] = well("Accepted", "ResolvedRefs")): Answer =>
    object({ parents: [{ conditions, controllerName: "nginx.org/gateway", parentRef: { kind: "Gateway", name: "gateway" } }] });
  const policy = (conditions: readonly Condition[] = well("Accepted")): Answer =>
    object({ ancestors: [{ ancestorRef: { kind: "HTTPRoute", name: "api" }, conditions, controllerName: "nginx.org/gateway" }] });
  const filter = (conditions: readonly Condition[] = well("Accepted")): Answer =>
    object({ controllers: [{ conditions, controllerName: "nginx.org/gateway" }] });
  const OBJECTS = {
    Certificate: ["/apis/cert-manager.io/v1/namespaces/write-side/certificates/one", object({ conditions: well("Ready") })],
    Gateway: [`${at}/gateways/one`, gateway()],
    HTTPRoute: [`${at}/httproutes/one`, route()],
    ProxySettingsPolicy: ["/apis/gateway.nginx.org/v1alpha1/namespaces/write-side/proxysettingspolicies/one", policy()],
    SnippetsFilter: ["/apis/gateway.nginx.org/v1alpha1/namespaces/write-side/snippetsfilters/one", filter()],
  } as const;
  type OfOperator = keyof typeof OBJECTS;
  const looks = (kinds: readonly OfOperator[]) => () =>
    kinds.map((kind): ObjectCheck => ({ name: kind, object: { kind, namespace: "write-side", name: "one" } }));

  it("takes objects of operators as they say that they are", async () => {
    const kinds = Object.keys(OBJECTS) as OfOperator[];
    const answers = Object.fromEntries(kinds.map((kind) => [`GET ${OBJECTS[kind][0]}`, OBJECTS[kind][1]]));
    expect((await verify(looks(kinds), answers)).report).toEqual(["5 of 5 checks succeeded"]);
  });

  it.each<[string, OfOperator, Answer, readonly string[]]>([
    ["is not there", "HTTPRoute", { status: 404, body: {} }, ["httproutes one can't be read (404)"]],
    [
      "has said nothing",
      "Gateway",
      object({}),
      ["Accepted", "Programmed", "listener: Accepted", "listener: Programmed", "listener: ResolvedRefs"].map(
        (what) => `${what} is not known yet`,
      ),
    ],
    [
      "has not seen what it has become",
      "HTTPRoute",
      route([condition("Accepted", "True", undefined, 2), ...well("ResolvedRefs")]),
      ["parent gateway: Accepted is said of an older version"],
    ],
    [
      "is not in nginx",
      "Gateway",
      gateway([...well("Accepted"), condition("Programmed", "False", ["Invalid", "nginx did not reload"])]),
      ["Programmed is False: Invalid: nginx did not reload"],
    ],
    [
      "has a listener without its certificate",
      "Gateway",
      gateway(undefined, [
        condition("Accepted", "False", ["InvalidCertificateRef", "no Secret"]),
        condition("ResolvedRefs", "False", ["InvalidCertificateRef", "no Secret gateway-tls"]),
        condition("Programmed", "Unknown", ["Pending", "later"]),
      ]),
      [
        "listener https: Accepted is False: InvalidCertificateRef: no Secret",
        "listener https: Programmed is Unknown: Pending: later",
        "listener https: ResolvedRefs is False: InvalidCertificateRef: no Secret gateway-tls",
      ],
    ],
    [
      "has nobody behind it",
      "HTTPRoute",
      route([...well("Accepted"), condition("ResolvedRefs", "False", ["BackendNotFound", "no Service api"])]),
      ["parent gateway: ResolvedRefs is False: BackendNotFound: no Service api"],
    ],
    [
      "is left out in part",
      "HTTPRoute",
      route([...well("Accepted", "ResolvedRefs"), condition("PartiallyInvalid", "True", ["UnsupportedValue", "dropped rule 1"])]),
      ["parent gateway: PartiallyInvalid is True: UnsupportedValue: dropped rule 1"],
    ],
    [
      "was refused by one that it is for",
      "ProxySettingsPolicy",
      policy([condition("Accepted", "False", ["Conflicted", "another one was first"])]),
      ["ancestor api: Accepted is False: Conflicted: another one was first"],
    ],
    [
      "was refused by a controller",
      "SnippetsFilter",
      filter([condition("Accepted", "False", ["Invalid", "no such context"])]),
      ["controller nginx.org/gateway: Accepted is False: Invalid: no such context"],
    ],
  ])("takes no object for well that %s", async (_, kind, answer, why) => {
    const { report } = await verify(looks([kind]), { [`GET ${OBJECTS[kind][0]}`]: answer });
    expect(report).toEqual(["1 of 1 checks failed.", `${kind}: ${why[0]}`, ...why.slice(1).map((line) => `  ${line}`)]);
  });

  it("says what a certificate waits for: its authority, and the names that nobody answers for", async () => {
    const pending = condition("Ready", "False", ["Pending", "Waiting on certificate issuance"]);
    const { report } = await verify(looks(["Certificate"]), {
      [`GET ${OBJECTS.Certificate[0]}`]: object({ conditions: [condition("Ready", "False", ["DoesNotExist", "Secret does not exist"])] }),
      "GET /apis/cert-manager.io/v1/namespaces/write-side/certificaterequests": {
        body: {
          items: [
            { metadata: { name: "one-1" }, status: { conditions: [condition("Approved", "True"), condition("Ready", "True")] } },
            { metadata: { name: "one-2" }, status: { conditions: [condition("Approved", "True"), pending] } },
          ],
        },
      },
      "GET /apis/acme.cert-manager.io/v1/namespaces/write-side/challenges": {
        body: {
          items: [{ metadata: { name: "one-2-3" }, status: { reason: "DNS record for commands.orders.example.com not yet propagated" } }],
        },
      },
    });
    expect(report?.slice(1)).toEqual([
      "Certificate: Ready is False: DoesNotExist: Secret does not exist",
      "  one-2: Waiting on certificate issuance",
      "  one-2-3: DNS record for commands.orders.example.com not yet propagated",
    ]);
  });

  it("takes any answer of the service for the way to it, and none of the gateway's own", async () => {
    const page = "<html><body><center><h1>404 Not Found</h1></center><hr><center>nginx</center></body></html>";
    const asked = (answer: Answer) => verify((url) => [{ name: "way", url: `${url}/orders`, expect: "any" }], { "GET /orders": answer });
    const runs = await Promise.all(
      [{ status: 404, body: '{"error":"no such order"}' }, { status: 401 }, { status: 404, body: page }, { status: 503 }].map(asked),
    );
    expect(runs.map(({ report }) => report?.[1] ?? report?.[0])).toEqual([
      "1 of 1 checks succeeded",
      "1 of 1 checks succeeded",
      `way: GET http://api/orders answers 404, and not by the service: ${page}`,
      "way: GET http://api/orders answers 503, and not by the service: ",
    ]);
  });

  describe("through a gateway with TLS", () => {
    let entrance: PublicEndpoint;
    beforeAll(async () => {
      entrance = await anEntrance(join(root, "tls"));
    });
    afterAll(() => entrance.close());
    const ask = (host: string, proxyProtocol: boolean, authority: string) =>
      verify(
        () => [{ name: "way", url: `https://${host}/health`, through: { host: "127.0.0.1", port: entrance.port, proxyProtocol } }],
        {},
        { CURL_CA_BUNDLE: authority },
      );

    it("speaks as the load balancer before it does, and is shown the certificate of the public name", async () => {
      const { report } = await ask("commands.example.com", true, entrance.authority);
      expect(report).toEqual(["1 of 1 checks succeeded"]);
      expect(entrance.heard).toEqual([expect.stringMatching(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/)]);
    });

    it.each([
      ["is of another name", "queries.example.com", true, "", /SSL: no alternative certificate subject name matches/],
      ["nobody knows", "commands.example.com", true, "/dev/null", /\(77\)|\(60\)/],
      ["can't be seen, because it is not spoken to as it expects", "commands.example.com", false, "", /has no answer: /],
    ])("does not come to where the certificate %s", async (_, host, proxyProtocol, authority, cause) => {
      const { verdict, report } = await ask(host, proxyProtocol, authority || entrance.authority);
      expect(verdict).toBe("failed");
      expect(report?.[1]).toMatch(cause);
    });
  });

  const JOB = "GET /apis/batch/v1/namespaces/write-side/jobs/migration-5e6f7a8b";
  const job = (): readonly ObjectCheck[] => [
    {
      name: "migration",
      object: {
        kind: "Job",
        namespace: "write-side",
        name: "migration-5e6f7a8b",
        labels: { "batch.kubernetes.io/job-name": "migration-5e6f7a8b" },
      },
    },
  ];

  it("waits for a job until it has done its work", async () => {
    const done = {
      body: {
        status: {
          conditions: [
            { type: "SuccessCriteriaMet", status: "True" },
            { type: "Complete", status: "True" },
          ],
        },
      },
    };
    const { verdict } = await verify(job, { [JOB]: [{ body: { status: { active: 1 } } }, done] }, { TIME: "30" });
    expect(verdict).toBe("passed");
  });

  it("waits no longer for a job that failed, says what its container said, and has both expire", async () => {
    const { verdict, report, expired, code } = await verify(
      job,
      {
        [JOB]: {
          body: {
            status: {
              conditions: [
                { type: "FailureTarget", status: "True", reason: "BackoffLimitExceeded", message: "…" },
                { type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" },
              ],
            },
          },
        },
        "GET /api/v1/namespaces/write-side/pods?labelSelector=batch.kubernetes.io/job-name=migration-5e6f7a8b": {
          body: {
            items: [
              {
                metadata: { name: "migration-5e6f7a8b-x" },
                status: {
                  phase: "Failed",
                  conditions: [{ type: "Ready", status: "False" }],
                  containerStatuses: [
                    {
                      name: "migration",
                      state: { terminated: { exitCode: 2, reason: "Error", message: 'ERROR: column "total" of relation "orders" exists' } },
                    },
                  ],
                },
              },
            ],
          },
        },
      },
      { TIME: "60", EXPIRES: "migration-5e6f7a8b" },
    );
    expect({ code, verdict, report, expired }).toEqual({
      code: 0,
      verdict: "failed",
      report: [
        "1 of 1 checks failed.",
        "migration: job migration-5e6f7a8b failed: BackoffLimitExceeded: Job has reached the specified backoff limit",
        '  pod migration-5e6f7a8b-x: migration: ended with 2 (Error): ERROR: column "total" of relation "orders" exists',
      ],
      expired: ["migration-5e6f7a8b after 60 s", `${RUN} after 60 s`],
    });
  });

  const stuck = {
    metadata: { name: "one" },
    status: {
      phase: "Pending",
      containerStatuses: [{ name: "app", state: { waiting: { reason: "ImagePullBackOff", message: "orders:9 not found" } } }],
    },
  };

  it("waits some minutes and no longer for a job whose pods can't start, and stops it so that it can be run again", async () => {
    const pods = "GET /api/v1/namespaces/write-side/pods?labelSelector=batch.kubernetes.io/job-name=migration-5e6f7a8b";
    const { report, expired } = await verify(
      job,
      { [JOB]: { body: { status: { active: 1 } } }, [pods]: { body: { items: [stuck] } } },
      { TIME: "600", HOPE: "1", EXPIRES: "migration-5e6f7a8b" },
    );
    expect(report?.slice(1)).toEqual([
      "migration: job migration-5e6f7a8b can't start",
      "  pod one: app: ImagePullBackOff: orders:9 not found",
    ]);
    expect(expired).toEqual(["migration-5e6f7a8b ends", "migration-5e6f7a8b after 60 s", `${RUN} after 60 s`]);
  });

  describe("of a StatefulSet's nodes", () => {
    const NODES = "GET /api/v1/namespaces/write-side/pods?labelSelector=app=event-store";
    const waitsFor = { name: "event-store", labels: { app: "event-store" } };
    const waiting = () => job().map((check) => ({ ...check, object: { ...check.object, waitsFor } }));
    const node = (state: object, lastState = {}) => ({
      metadata: { name: "event-store-0" },
      status: { phase: "Running", containerStatuses: [{ name: "kurrentdb", ready: false, state, lastState }] },
    });
    const crashed = { terminated: { exitCode: 1, reason: "Error", message: "NODE_PROT: unknown option" } };
    const pods = (...items: object[]) => ({ body: { items } });
    const active = { [JOB]: { body: { status: { active: 1 } } } };

    it("gives a job up that waits for nodes which crash, though they run in between, with their last words", async () => {
      const crashes = [node({ waiting: { reason: "CrashLoopBackOff" } }, crashed), node({ running: {} }, crashed)];
      const answers = { ...active, [NODES]: [pods(crashes[0] as object), pods(crashes[1] as object)] };
      const { report, expired } = await verify(waiting, answers, { TIME: "600", HOPE: "1", EXPIRES: "migration-5e6f7a8b" });
      expect(report?.slice(1)).toEqual([
        "migration: what job migration-5e6f7a8b waits for can't start",
        "  pod event-store-0: kurrentdb: ended before with 1 (Error): NODE_PROT: unknown option",
      ]);
      expect(expired[0]).toBe("migration-5e6f7a8b ends");
    });

    it("waits for nodes that were restarted once, and for those that a repair has replaced", async () => {
      const complete = { body: { status: { conditions: [{ type: "Complete", status: "True" }] } } };
      const once = { [JOB]: [...Array(9).fill(active[JOB]), complete], [NODES]: pods(node({ running: {} }, crashed)) };
      expect((await verify(waiting, once, { TIME: "600", HOPE: "0" })).verdict).toBe("passed");
      const repaired = [pods(node({ waiting: { reason: "CrashLoopBackOff" } }, crashed)), pods(node({ running: {} }))];
      const answers = { [JOB]: [active[JOB], active[JOB], complete], [NODES]: repaired };
      expect((await verify(waiting, answers, { TIME: "600", HOPE: "60" })).verdict).toBe("passed");
    });

    it("tells why a node is not ready where the job that waited for it has failed", async () => {
      const failed = { type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "limit" };
      const { report } = await verify(waiting, {
        [JOB]: { body: { status: { conditions: [failed] } } },
        [NODES]: pods(node({ running: {} }, crashed)),
      });
      expect(report?.at(-1)).toBe("  pod event-store-0: kurrentdb: ended before with 1 (Error): NODE_PROT: unknown option");
    });
  });

  it("gives a rollout up whose new pods can't start, and not one that a late image lets begin", async () => {
    const half = rolledOut({ updatedReplicas: 1 });
    const given = await verify(rollout, { [DEPLOYMENT]: half, [PODS]: { body: { items: [stuck] } } }, { TIME: "600", HOPE: "1" });
    expect(given.report?.at(-1)).toBe("  pod one: app: ImagePullBackOff: orders:9 not found");
    const crashed = { terminated: { exitCode: 1, reason: "Error", message: "no JWT_KEY" } };
    const crashes = [{ waiting: { reason: "CrashLoopBackOff" } }, { running: {} }].map((state) => ({
      body: {
        items: [
          { metadata: { name: "one" }, status: { phase: "Running", containerStatuses: [{ name: "app", state, lastState: crashed }] } },
        ],
      },
    }));
    const over = await verify(rollout, { [DEPLOYMENT]: half, [PODS]: crashes }, { TIME: "600", HOPE: "1" });
    expect(over.report?.at(-1)).toBe("  pod one: app: ended before with 1 (Error): no JWT_KEY");
    const late = { [DEPLOYMENT]: [half, half, rolledOut({})], [PODS]: [{ body: { items: [stuck] } }, { body: { items: [] } }] };
    expect((await verify(rollout, late, { TIME: "600", HOPE: "60" })).verdict).toBe("passed");
  });

  (process.env.PGHOST ? it : it.skip)("tells the sentence by which a read model was refused its other slot", async () => {
    const database = new Database("refused_test");
    await database.begin();
    try {
      expect((await database.roles()).code).toBe(0);
      expect((await database.migrate(join(scripts, "projection/sql"))).code).toBe(0);
      const slots = { PROJECTION: "orders", SLOTS: '{"a": 1, "b": 1}' };
      expect((await database.slots("live", { ...slots, LIVE: "a" })).code).toBe(0);
      const writer = await database.as("writer");
      const { rows } = await writer.query("select token from projections.claim('orders', 'a', 0, 'one', '1 minute')");
      await writer.query("select projections.advance('orders', 'a', 0, $1, null, 12344)", [rows[0].token]);
      const { code: exitCode, output } = await database.slots("live", { ...slots, LIVE: "b" });
      // As the kubelet has it of a container that failed and left no message of its own.
      const terminated = { exitCode, reason: "Error", message: output.slice(-2048) };
      const failed = {
        type: "Failed",
        status: "True",
        reason: "BackoffLimitExceeded",
        message: "Job has reached the specified backoff limit",
      };
      const { report } = await verify(job, {
        [JOB]: { body: { status: { conditions: [failed] } } },
        "GET /api/v1/namespaces/write-side/pods?labelSelector=batch.kubernetes.io/job-name=migration-5e6f7a8b": {
          body: {
            items: ["orders-x", "orders-y"].map((name) => ({
              metadata: { name },
              status: { phase: "Failed", containerStatuses: [{ name: "psql", state: { terminated } }] },
            })),
          },
        },
      });
      expect(report?.slice(2)).toEqual([
        expect.stringMatching(
          /^ {2}pod orders-x: psql: ended with 3 \(Error\): psql:\S+live\.sql:\d+: ERROR: {2}orders\/b is 12345 behind orders\/a HINT: {2}wait until it has caught up; /,
        ),
      ]);
    } finally {
      await database.end();
    }
  });

  it("tells of pods as they were last, where a job's time was over and they were taken away", async () => {
    const failed = { type: "Failed", status: "True", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
    const waiting = { reason: "ImagePullBackOff", message: "not found" };
    const { report } = await verify(
      job,
      {
        [JOB]: [{ body: { status: { active: 1 } } }, { body: { status: { conditions: [failed] } } }],
        "GET /api/v1/namespaces/write-side/pods?labelSelector=batch.kubernetes.io/job-name=migration-5e6f7a8b": [
          {
            body: {
              items: [
                {
                  metadata: { name: "migration-5e6f7a8b-x" },
                  status: { phase: "Pending", containerStatuses: [{ name: "migration", state: { waiting } }] },
                },
              ],
            },
          },
          { body: { items: [] } },
        ],
        "GET /api/v1/namespaces/write-side/events?fieldSelector=involvedObject.kind=Job,involvedObject.name=migration-5e6f7a8b,type=Warning":
          {
            body: { items: [{ message: "Job was active longer than specified deadline" }] },
          },
      },
      { TIME: "60" },
    );
    expect(report).toEqual([
      "1 of 1 checks failed.",
      "migration: job migration-5e6f7a8b failed: DeadlineExceeded: Job was active longer than specified deadline",
      "  pod migration-5e6f7a8b-x: migration: ImagePullBackOff: not found",
      "  Job was active longer than specified deadline",
    ]);
  });

  (process.env.PGHOST ? it : it.skip)("asks a database what it was told, until it answers with true", async () => {
    const stamp = `verification_${process.pid}`;
    const queries = [
      { name: "caught up", query: `select case when now() > to_timestamp(${Date.now() / 1000 + 2}) then 't' else 'behind' end` },
      { name: "never", query: "select '5000 events behind'" },
      { name: "nowhere", query: `select 't' from ${stamp}` },
    ];
    const { verdict, report } = await verify(() => queries, {}, { TIME: "8", POLL: "1", QUERIES: "yes" });
    expect({ verdict, report }).toEqual({
      verdict: "failed",
      report: [
        "2 of 3 checks failed.",
        "never: the database answers: 5000 events behind",
        expect.stringContaining(`relation "${stamp}" does not exist`),
        expect.stringContaining("select 't' from"),
        expect.stringContaining("^"),
        "psql ended with 3",
      ],
    });
  });

  it("fails itself where it can't report, whether good or bad, and where it would stay", async () => {
    const health = (at: string) => [{ name: "health", url: `${at}/health` }];
    const refused = { status: 403, body: {} };
    const runs = await Promise.all([
      verify(health, { "GET /health": {}, [REPORT]: refused }),
      verify(health, { "GET /health": { status: 500 }, [REPORT]: refused }),
      verify(health, { "GET /health": { status: 500 }, [`PATCH /apis/batch/v1/namespaces/write-side/jobs/${RUN}`]: refused }),
    ]);
    expect(runs.map(({ code, log }) => [code, log.trim().split("\n").at(-1)])).toEqual([
      [1, "the ConfigMap smoke-test can't be written (403)"],
      [1, "the ConfigMap smoke-test can't be written (403)"],
      [1, `the job ${RUN} can't be made to expire (403)`],
    ]);
  });

  it("says what it may not read", async () => {
    const { report } = await verify(rollout, { [DEPLOYMENT]: { status: 403, body: {} } });
    expect(report).toEqual(["1 of 1 checks failed.", "rollout of command-api: deployments command-api can't be read (403)"]);
  });
});
