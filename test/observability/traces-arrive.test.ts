import { existsSync } from "node:fs";
import { Jaeger } from "../../constructs/observability";
import { gatewayConfig } from "../../constructs/observability/collector-config";
import { aCluster } from "../broker/data-cluster";
import { releasedAs } from "../broker/moves";
import { synth } from "../synth";
import { aTrace, Collector, JAEGER, JaegerProgram, OTELCOL, SPAN, TRACE, until } from "./telemetry-programs";

const found = existsSync(OTELCOL) && existsSync(JAEGER);
const runs = found ? describe : describe.skip;

const THRIFT = { byte: 3, i32: 8, i64: 10, text: 11, struct: 12, list: 15 } as const;

const int = (bytes: 4 | 8, value: bigint) => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 4) buffer.writeInt32BE(Number(value));
  else buffer.writeBigInt64BE(BigInt.asIntN(64, value));
  return buffer;
};
const sized = (text: string) => Buffer.concat([int(4, BigInt(Buffer.byteLength(text))), Buffer.from(text)]);
const field = (type: number, id: number, value: Buffer) => Buffer.concat([Buffer.from([type, 0, id]), value]);
const struct = (...fields: readonly Buffer[]) => Buffer.concat([...fields, Buffer.from([0])]);

/** A batch with one span in Thrift's binary protocol, as clients of Jaeger send it (jaeger-idl, thrift/jaeger.thrift). */
function aThriftBatch(traceId: string, name: string): Buffer {
  const started = BigInt(Date.now()) * 1000n;
  const span = struct(
    field(THRIFT.i64, 1, int(8, BigInt(`0x${traceId.slice(16)}`))),
    field(THRIFT.i64, 2, int(8, BigInt(`0x${traceId.slice(0, 16)}`))),
    field(THRIFT.i64, 3, int(8, BigInt(`0x${SPAN}`))),
    field(THRIFT.i64, 4, int(8, 0n)),
    field(THRIFT.text, 5, sized(name)),
    field(THRIFT.i32, 7, int(4, 1n)),
    field(THRIFT.i64, 8, int(8, started)),
    field(THRIFT.i64, 9, int(8, 1000n)),
  );
  return struct(
    field(THRIFT.struct, 1, struct(field(THRIFT.text, 1, sized("legacy-api")))),
    field(THRIFT.list, 2, Buffer.concat([Buffer.from([THRIFT.struct]), int(4, 1n), span])),
  );
}

jest.setTimeout(180_000);

runs(`traces${found ? "" : " (skipped: OTELCOL and JAEGER name no programs)"}`, () => {
  const ended: (Collector | JaegerProgram)[] = [];
  afterEach(async () => {
    for (const program of ended.splice(0)) await program.end();
  });

  async function aSystem() {
    const json = synth((stack) => {
      new Jaeger(stack, "jaeger", { cluster: aCluster(stack), namespace: "a", storage: { engine: "badger" }, senders: [], readers: [] });
    });
    const jaeger = new JaegerProgram(releasedAs(json, "jaeger").userconfig);
    ended.push(jaeger);
    await jaeger.start();
    const endpoint = `http://127.0.0.1:${jaeger.ports["4317"]}` as const;
    const { config } = gatewayConfig({
      environment: "production",
      clusterName: "write",
      traces: { protocol: "grpc", endpoint, peer: "anywhere" },
      queueBytes: 2 ** 26,
      spanMetrics: false,
    });
    const collector = new Collector(config);
    ended.push(collector);
    await collector.start();
    return { jaeger, collector };
  }

  it("arrive in Jaeger by OTLP with their identifiers, masked, and with where they come from", async () => {
    const { jaeger, collector } = await aSystem();
    expect(await collector.post("4318", "/v1/traces", aTrace(TRACE))).toBe(200);
    await until(async () => (await jaeger.spans(TRACE)).length > 0);
    const [span] = await jaeger.spans(TRACE);
    expect(span).toMatchObject({ traceID: TRACE, spanID: SPAN, operationName: "CreateOrder", process: { serviceName: "command-api" } });
    const tags = (of: readonly { readonly key: string; readonly value: unknown }[]) =>
      Object.fromEntries(of.map(({ key, value }) => [key, value]));
    expect(tags(span?.tags)).toMatchObject({ "correlation.id": "4111111111111111", "causation.id": "b", "customer.email": "****" });
    expect(tags(span?.process.tags)).toMatchObject({ "k8s.cluster.name": "write", "deployment.environment.name": "production" });
  });

  it("arrive in Jaeger by Thrift over HTTP", async () => {
    const { jaeger, collector } = await aSystem();
    expect(await collector.post("14268", "/api/traces", aThriftBatch(TRACE, "GetOrder"), "application/x-thrift")).toBe(202);
    await until(async () => (await jaeger.spans(TRACE)).length > 0);
    expect((await jaeger.spans(TRACE))[0]).toMatchObject({
      traceID: TRACE,
      spanID: SPAN,
      operationName: "GetOrder",
      process: { serviceName: "legacy-api" },
    });
  });

  it("are kept when Jaeger is away, the collector is killed, and Jaeger is killed after it has stored them", async () => {
    const { jaeger, collector } = await aSystem();
    const traces = Array.from({ length: 20 }, (_, index) => TRACE.slice(2) + String(index).padStart(2, "0"));
    const arrived = async () =>
      (await Promise.all(traces.map(async (id) => (await jaeger.spans(id)).length))).every((count) => count === 1);
    await jaeger.kill();
    for (const id of traces) expect(await collector.post("4318", "/v1/traces", aTrace(id))).toBe(200);
    await collector.kill();
    await collector.start();
    await jaeger.start();
    await until(arrived);
    await jaeger.kill();
    await jaeger.start();
    expect(await arrived()).toBe(true);
  });
});
