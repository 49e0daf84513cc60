import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { Body } from "../synth";

/** A destination of telemetry on loopback that keeps what it is sent: OTLP as JSON, and bulk requests of Elasticsearch. */
export class TelemetrySink {
  readonly requests: { readonly path: string; readonly user: string; readonly body: string }[] = [];
  private server: Server | undefined;

  /** The same at each start, so that senders find it again. */
  port = 0;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const raw = Buffer.concat(chunks);
        const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString();
        const [, credentials = ""] = (request.headers.authorization ?? "").split(" ");
        this.requests.push({ path: request.url ?? "", user: Buffer.from(credentials, "base64").toString(), body });
        response.writeHead(200, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
        response.end(
          request.url?.startsWith("/_bulk")
            ? JSON.stringify({ errors: false, items: bulk(body).map(() => ({ create: { status: 201 } })) })
            : "{}",
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  get logs(): readonly Body[] {
    return this.otlp("/v1/logs")
      .flatMap(({ resourceLogs = [] }) => resourceLogs)
      .flatMap(recordsOf("scopeLogs", "logRecords"));
  }

  get spans(): readonly Body[] {
    return this.otlp("/v1/traces")
      .flatMap(({ resourceSpans = [] }) => resourceSpans)
      .flatMap(recordsOf("scopeSpans", "spans"));
  }

  /** Data points of gauges, sums and histograms, each with the name of its metric. */
  get points(): readonly Body[] {
    return this.otlp("/v1/metrics")
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(recordsOf("scopeMetrics", "metrics"))
      .flatMap(({ name, gauge, sum, histogram }: Body) =>
        ((gauge ?? sum ?? histogram).dataPoints as Body[]).map((point) => ({
          metric: name,
          ...point,
          attributes: plain(point.attributes),
        })),
      );
  }

  /** Documents with the index that each goes into. */
  get documents(): readonly Body[] {
    return this.requests.filter(({ path }) => path.startsWith("/_bulk")).flatMap(({ body }) => bulk(body));
  }

  private otlp(path: string): readonly Body[] {
    return this.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body));
  }
}

function bulk(body: string): readonly Body[] {
  const lines = body
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Body);
  return lines.flatMap((line, index) => (index % 2 === 0 ? [{ index: line.create?._index, document: lines[index + 1] }] : []));
}

const recordsOf =
  (scopes: string, records: string) =>
  (resource: Body): readonly Body[] =>
    (resource[scopes] as Body[]).flatMap((scope) =>
      (scope[records] as Body[]).map((record) => ({
        ...record,
        attributes: plain(record.attributes),
        resource: plain(resource.resource.attributes),
      })),
    );

/** Attributes as an object. */
function plain(attributes: readonly Body[] = []): Body {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
