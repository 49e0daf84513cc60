import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";

interface Configuration {
  readonly of: string;
  readonly chart: string;
  readonly config: Body;
}

/** What each chart takes as the configuration of its program, the variable that names the program, and further arguments. */
const PROGRAMS = {
  "opentelemetry-collector": { key: "alternateConfig", variable: "OTELCOL", flags: ["--feature-gates=stanza.synchronousLogEmitter"] },
  jaeger: { key: "userconfig", variable: "JAEGER", flags: [] },
} as const;

const ENV = { MY_POD_IP: "127.0.0.1", OTEL_K8S_NODE_NAME: "a", STORAGE_USER: "jaeger" };

/** A text as Terraform passes it on. */
const rendered = (text: string) => text.replaceAll(/(?<!\$)\$\{data\.terraform_remote_state\.[^}]+\}/g, "output").replaceAll("$${", "${");

/** Configurations in the stacks of this repository's environments. Outputs of other stacks are part of host names only. */
const shipped: readonly Configuration[] = [...synthesisOf(program).stacks].flatMap(([stack, made]) =>
  (stack.endsWith("-observability") ? all(made.json, "helm_release") : [])
    .filter(({ chart }) => chart in PROGRAMS)
    .map(({ chart, name, values }) => ({
      of: `${stack}: ${name}`,
      chart,
      config: JSON.parse(rendered(values[0]))[PROGRAMS[chart as "jaeger"].key],
    })),
);

it("stand in the stacks of environments with traces and logs", () => {
  const charts = (environment: string) => new Set(shipped.filter(({ of }) => of.startsWith(environment)).map(({ chart }) => chart));
  expect(charts("production")).toEqual(new Set(Object.keys(PROGRAMS)));
});

describe.each(Object.entries(PROGRAMS))("configurations of the chart %s", (chart, { variable, flags }) => {
  const binary = process.env[variable];
  const [ran, why] = binary ? [it, ""] : [it.skip, ` (skipped: ${variable} names no program)`];

  const validate = (config: object) => {
    const directory = mkdtempSync(join(tmpdir(), "telemetry-"));
    try {
      const file = join(directory, "config.yaml");
      writeFileSync(file, JSON.stringify(config).replaceAll("/var/lib/otelcol", directory));
      execFileSync(binary ?? "", ["validate", `--config=${file}`, ...flags], { env: ENV, stdio: "pipe" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  const found = shipped.filter((one) => one.chart === chart);
  ran.each(found.map(({ of, config }) => [of, config] as const))(`are accepted by their program${why}: %s`, (_, config) => {
    validate(config);
  });

  ran(`are refused by it with a setting that it does not know${why}`, () => {
    const [{ config }] = found as [Configuration];
    expect(() => validate({ ...config, receivers: { otlp: { protocols: { grpc: { port: 4317 } } } } })).toThrow(/port/);
  });
});
