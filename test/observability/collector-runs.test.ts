import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ElasticsearchDestination, OtlpDestination } from "../../constructs/observability";
import { agentConfig, gatewayConfig, samplerConfig } from "../../constructs/observability/collector-config";
import type { Body } from "../synth";
import { aTrace, attributes, Collector, OTELCOL, SPAN, TRACE, until } from "./telemetry-programs";
import { TelemetrySink } from "./telemetry-sink";

const runs = existsSync(OTELCOL) ? describe : describe.skip;

const sinks: TelemetrySink[] = [];
const collectors: Collector[] = [];

async function aSink(): Promise<TelemetrySink> {
  const sink = new TelemetrySink();
  await sink.start();
  sinks.push(sink);
  return sink;
}

async function aCollector(config: object, changes?: (config: Body) => void): Promise<Collector> {
  const collector = new Collector(config, changes);
  collectors.push(collector);
  await collector.start();
  return collector;
}

const otlp = (sink: TelemetrySink): OtlpDestination => ({ protocol: "http", endpoint: `http://127.0.0.1:${sink.port}`, peer: "anywhere" });
const elastic = (sink: TelemetrySink): ElasticsearchDestination => ({
  protocol: "elasticsearch",
  endpoint: `http://127.0.0.1:${sink.port}`,
  peer: "anywhere",
  credentials: { secretName: "collector-elasticsearch" },
});

/** The sink reads JSON. */
function asJson({ exporters }: Body): void {
  for (const [id, exporter] of Object.entries(exporters as Body)) if (id.startsWith("otlp_http")) exporter.encoding = "json";
}

function aLog(body: string, all: Readonly<Record<string, string>> = {}): object {
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ "service.name": "command-api", "data_stream.dataset": "stolen" }) },
        scopeLogs: [
          {
            scope: { name: "test" },
            logRecords: [
              {
                timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
                traceId: TRACE,
                spanId: SPAN,
                body: { stringValue: body },
                attributes: attributes(all),
              },
            ],
          },
        ],
      },
    ],
  };
}

const ORIGIN = { environment: "production", clusterName: "write" } as const;

afterEach(async () => {
  for (const collector of collectors.splice(0)) await collector.end();
  for (const sink of sinks.splice(0)) await sink.stop();
});

runs(`collectors that run${existsSync(OTELCOL) ? "" : " (skipped: OTELCOL names no collector)"}`, () => {
  const gateway = (sink: TelemetrySink) =>
    gatewayConfig({ ...ORIGIN, traces: otlp(sink), metrics: otlp(sink), logs: elastic(sink), queueBytes: 2 ** 28, spanMetrics: true })
      .config;

  it("pass a trace on with its identifiers, masked, and with where it comes from", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    expect(await collector.post("4318", "/v1/traces", aTrace(TRACE))).toBe(200);
    await until(() => sink.spans.length > 0);
    expect(sink.spans[0]).toMatchObject({
      traceId: TRACE,
      spanId: SPAN,
      attributes: { "correlation.id": "4111111111111111", "causation.id": "b", "customer.email": "****", note: "ssn ****" },
      resource: { "service.name": "command-api", "deployment.environment.name": "production", "k8s.cluster.name": "write" },
    });
  });

  it("count spans with the labels of the platform, and without a pod", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    await collector.post("4318", "/v1/traces", aTrace(TRACE));
    await until(() => sink.points.some(({ metric }) => metric === "traces.span.metrics.calls"));
    const [calls] = sink.points.filter(({ metric }) => metric === "traces.span.metrics.calls");
    expect(calls?.attributes).toMatchObject({
      cluster: "write",
      namespace: "write-side",
      "service.name": "command-api",
      "span.name": "CreateOrder",
    });
  });

  it("label the metrics of applications", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    const point = {
      timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
      asInt: "1",
      attributes: attributes({ command_type: "CreateOrder" }),
    };
    const resource = {
      attributes: attributes({ "service.name": "command-api", "k8s.namespace.name": "write-side", "k8s.pod.name": "command-api-0" }),
    };
    const metrics = [{ name: "cqrs_command_total", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } }];
    await collector.post("4318", "/v1/metrics", { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "test" }, metrics }] }] });
    await until(() => sink.points.length > 0);
    expect(sink.points[0]).toMatchObject({
      metric: "cqrs_command_total",
      attributes: { cluster: "write", namespace: "write-side", pod: "command-api-0", command_type: "CreateOrder" },
    });
  });

  it("put a log record into the index of the environment, whatever its writer says, with trace and span", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    await collector.post(
      "4318",
      "/v1/logs",
      aLog("paid with 4111 1111 1111 1111", { "elasticsearch.index": "stolen", creditCard: "4000", "correlation.id": "a" }),
    );
    await until(() => sink.documents.length > 0);
    expect(sink.documents[0]).toMatchObject({
      index: "logs-workloads.otel-production",
      document: {
        trace_id: TRACE,
        span_id: SPAN,
        body: { text: "paid with ****" },
        attributes: { creditCard: "****", "correlation.id": "a" },
      },
    });
    expect(sink.requests.find(({ path }) => path.startsWith("/_bulk"))?.user).toBe("its-username:its-password");
  });

  it("lose neither traces nor logs when they are killed while their destinations are away", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    await sink.stop();
    for (let count = 0; count < 20; count += 1) {
      expect(await collector.post("4318", "/v1/traces", aTrace(TRACE.slice(2) + String(count).padStart(2, "0")))).toBe(200);
      expect(await collector.post("4318", "/v1/logs", aLog(`line ${count}`))).toBe(200);
    }
    await collector.kill();
    await collector.start();
    await sink.start();
    await until(
      () =>
        new Set(sink.spans.map(({ traceId }) => traceId)).size === 20 &&
        new Set(sink.documents.map(({ document }) => document.body.text)).size === 20,
    );
  });

  it("name their own metrics without units and suffixes", async () => {
    const sink = await aSink();
    const collector = await aCollector(gateway(sink), asJson);
    await collector.post("4318", "/v1/traces", aTrace(TRACE));
    await until(() => sink.spans.length > 0);
    await until(async () => /^otelcol_exporter_sent_spans\{/m.test(await collector.metrics()));
    const metrics = await collector.metrics();
    for (const name of [
      "otelcol_receiver_accepted_spans",
      "otelcol_exporter_queue_size",
      "otelcol_exporter_queue_capacity",
      "otelcol_process_memory_rss",
    ])
      expect([name, new RegExp(`^${name}[{ ]`, "m").test(metrics)]).toEqual([name, true]);
    expect(metrics).not.toMatch(/otel_scope_name/);
  });

  it("keep errors and drop the others in the second layer, whichever pod of the first they came by", async () => {
    const sink = await aSink();
    const rules = { percentage: 0, slowerThanMs: 1000, waitSeconds: 1, mostTraces: 1000 };
    const second = await aCollector(samplerConfig(otlp(sink), rules, 2 ** 26).config, asJson);
    const sampler = { hostname: "localhost", port: second.ports["4317"] as number };
    const options = { ...ORIGIN, traces: otlp(sink), sampler, queueBytes: 2 ** 26, spanMetrics: false };
    const first = await aCollector(gatewayConfig(options).config, asJson);
    const [ordinary, failed] = [TRACE.replace(/^../, "01"), TRACE.replace(/^../, "02")];
    await first.post("4318", "/v1/traces", aTrace(ordinary));
    await first.post("4318", "/v1/traces", aTrace(failed, { status: { code: 2 } }));
    await until(() => sink.spans.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(sink.spans.map(({ traceId }) => traceId)).toEqual([failed]);
  });

  describe("on a node", () => {
    const agent = (sink: TelemetrySink) =>
      agentConfig({ ...ORIGIN, gateway: otlp(sink), without: [], itself: "observability-nodes_collector-agent-*", queueBytes: 2 ** 26 })
        .config;

    /** A line as containerd writes it. */
    const line = (text: string) => `2026-11-28T09:25:38.123456789Z stdout F ${text}\n`;

    function logFile(collector: Collector, pod = "write-side_command-api-0_49cc7c1f-d370-4c40-b268-6ea7486091d6"): string {
      const directory = join(collector.directory, "pods", pod, "api");
      mkdirSync(directory, { recursive: true });
      return join(directory, "0.log");
    }

    it("make of a JSON line what OpenTelemetry has for it, masked", async () => {
      const sink = await aSink();
      const collector = await aCollector(agent(sink), asJson);
      const json = {
        level: "error",
        message: "card of jane@example.com refused",
        traceId: TRACE,
        spanId: SPAN,
        correlationId: "c-1",
        customer: { ssn: "1", name: "Jane" },
      };
      appendFileSync(logFile(collector), line(JSON.stringify(json)));
      await until(() => sink.logs.length > 0);
      expect(sink.logs[0]).toMatchObject({
        body: { stringValue: "card of **** refused" },
        severityNumber: 17,
        severityText: "error",
        traceId: TRACE,
        spanId: SPAN,
        attributes: { "correlation.id": "c-1", "customer.ssn": "****", "customer.name": "Jane" },
        resource: {
          "k8s.namespace.name": "write-side",
          "k8s.pod.name": "command-api-0",
          "k8s.container.name": "api",
          "k8s.cluster.name": "write",
        },
      });
      for (const key of ["message", "traceId", "spanId", "correlationId"]) expect(sink.logs[0]?.attributes).not.toHaveProperty(key);
    });

    it("understand pino's numbers, traceparent, and lines that are no JSON", async () => {
      const sink = await aSink();
      const collector = await aCollector(agent(sink), asJson);
      appendFileSync(
        logFile(collector),
        line(JSON.stringify({ level: 40, msg: "slow", traceparent: `00-${TRACE}-${SPAN}-01` })) + line("plain {text} password=hunter2"),
      );
      await until(() => sink.logs.length > 1);
      expect(sink.logs).toMatchObject([
        { body: { stringValue: "slow" }, severityNumber: 13, traceId: TRACE, spanId: SPAN },
        { body: { stringValue: "plain {text} ****" } },
      ]);
    });

    it("lose no line when they are killed while the gateway is away, and leave out their own", async () => {
      const sink = await aSink();
      const collector = await aCollector(agent(sink), asJson);
      const lines = (from: number) => Array.from({ length: 50 }, (_, index) => line(`line ${from + index}`)).join("");
      appendFileSync(logFile(collector), lines(0));
      appendFileSync(logFile(collector, "observability-nodes_collector-agent-x_49cc7c1f-d370-4c40-b268-6ea7486091d7"), line("its own"));
      await until(() => sink.logs.length >= 50);
      await sink.stop();
      appendFileSync(logFile(collector), lines(50));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await collector.kill();
      appendFileSync(logFile(collector), lines(100));
      await collector.start();
      await sink.start();
      const seen = () => new Set(sink.logs.map(({ body }) => body.stringValue));
      await until(() => seen().size >= 150);
      expect([...seen()].filter((text) => !/^line \d+$/.test(text))).toEqual([]);
    });
  });
});
