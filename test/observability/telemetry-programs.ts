import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Body } from "../synth";

/** Programs of the collector and of Jaeger. Tests that run them are skipped without. */
export const OTELCOL = process.env.OTELCOL ?? "";
export const JAEGER = process.env.JAEGER ?? "";

export const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
export const SPAN = "00f067aa0ba902b7";

/** A program on loopback, with ports and a directory of its own. */
abstract class TelemetryProgram {
  readonly directory = mkdtempSync(join(tmpdir(), "telemetry-"));
  readonly ports: Record<string, number> = {};
  private child: ChildProcess | undefined;
  private output = "";

  constructor(
    private readonly config: object,
    private readonly changes: (config: Body) => void = () => {},
  ) {}

  protected abstract readonly program: string;
  protected abstract readonly flags: readonly string[];
  protected abstract readonly listens: readonly string[];

  /** The port and the path that answer when it is ready. */
  protected abstract readonly health: readonly [string, string];

  /** Paths of a pod, and what they are called in its directory. */
  protected abstract readonly paths: Readonly<Record<string, string>>;

  async start(): Promise<void> {
    for (const port of this.listens) this.ports[port] ??= await freePort();
    const config = JSON.parse(this.localised(JSON.stringify(this.config)));
    this.changes(config);
    const file = join(this.directory, "config.yaml");
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(this.program, [`--config=${file}`, ...this.flags], { env: { MY_POD_IP: "127.0.0.1", OTEL_K8S_NODE_NAME: "a" } });
    child.stderr.on("data", (text) => {
      this.output += text;
    });
    this.child = child;
    await until(
      () => this.healthy(),
      () => this.output,
    );
  }

  /** Ends it as a node's failure would. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async healthy(): Promise<boolean> {
    if (this.child?.exitCode !== null) throw new Error(`it has ended: ${this.output}`);
    const [port, path] = this.health;
    return fetch(`http://127.0.0.1:${this.ports[port]}${path}`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  private localised(config: string): string {
    const local = Object.entries(this.paths).reduce((text, [path, name]) => text.replaceAll(path, join(this.directory, name)), config);
    return local
      .replaceAll(/(?:\$\{env:MY_POD_IP\}|0\.0\.0\.0):(\d+)/g, (_, port) => `127.0.0.1:${this.ports[port]}`)
      .replaceAll(/"port":(88\d\d)/g, (_, port) => `"port":${this.ports[port]}`);
  }
}

export class Collector extends TelemetryProgram {
  protected readonly program = OTELCOL;
  protected readonly flags = ["--feature-gates=stanza.synchronousLogEmitter"];
  protected readonly listens = ["4317", "4318", "14268", "8889", "13133"];
  protected readonly health = ["13133", "/"] as const;
  protected readonly paths = { "/var/lib/otelcol": "", "/etc/otelcol-secrets": "", "/var/log/pods": "pods" };

  constructor(config: object, changes: (config: Body) => void = () => {}) {
    super(config, (local) => {
      withoutKubernetes(local);
      changes(local);
    });
    for (const path of ["collector-elasticsearch", "pods"]) mkdirSync(join(this.directory, path), { recursive: true });
    for (const file of ["username", "password"]) writeFileSync(join(this.directory, "collector-elasticsearch", file), `its-${file}`);
  }

  async post(port: string, path: string, body: object | Buffer, type = "application/json"): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.ports[port]}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
    });
    return response.status;
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.ports["8889"]}/metrics`)).text();
  }
}

export class JaegerProgram extends TelemetryProgram {
  protected readonly program = JAEGER;
  protected readonly flags = [];
  protected readonly listens = ["4317", "16685", "16686", "8888", "13133"];
  protected readonly health = ["16686", "/api/services"] as const;
  protected readonly paths = { "/badger": "badger" };

  /** The spans of a trace, as the page gets them. */
  async spans(traceId: string): Promise<readonly Body[]> {
    const response = await fetch(`http://127.0.0.1:${this.ports["16686"]}/api/traces/${traceId}`);
    const { data } = (await response.json()) as Body;
    return (data ?? []).flatMap(({ spans, processes }: Body) =>
      spans.map((span: Body) => ({ ...span, process: processes[span.processID] })),
    );
  }
}

/** There is no API server here. */
function withoutKubernetes({ processors, service }: Body): void {
  delete processors.k8s_attributes;
  for (const pipeline of Object.values(service.pipelines as Body))
    pipeline.processors = pipeline.processors.filter((name: string) => name !== "k8s_attributes");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function until(holds: () => boolean | Promise<boolean>, otherwise: () => string = () => ""): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it did not happen: ${otherwise()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export const attributes = (all: Readonly<Record<string, string>>) =>
  Object.entries(all).map(([key, stringValue]) => ({ key, value: { stringValue } }));

export function aTrace(traceId: string, changes: object = {}): object {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId,
    spanId: SPAN,
    name: "CreateOrder",
    kind: 2,
    startTimeUnixNano: String(now - 20_000_000n),
    endTimeUnixNano: String(now),
    attributes: attributes({
      "correlation.id": "4111111111111111",
      "causation.id": "b",
      "customer.email": "jane@example.com",
      note: "ssn 123-45-6789",
    }),
    ...changes,
  };
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": "command-api", "k8s.namespace.name": "write-side" }) },
        scopeSpans: [{ scope: { name: "test" }, spans: [span] }],
      },
    ],
  };
}
