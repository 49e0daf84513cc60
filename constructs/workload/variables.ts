import type { ConnectionVariable, PodConnections } from "../connection";
import type { Problem } from "../core/errors";
import { literal } from "../core/templates";
import type { PodProps, Telemetry } from "./contract";
import { portOf } from "./problems";

/** An environment variable and the source of its value. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: NonNullable<ConnectionVariable["valueFrom"]> | { readonly fieldRef: { readonly fieldPath: string } };
}

interface Told extends PodProps {
  readonly name: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly told?: Readonly<Record<string, string>>;
}

/** A collector's port for OTLP over HTTP (OpenTelemetry, OTLP exporters). */
const OTLP_HTTP = 4318;

/** Distinguishes the telemetry of pods. */
const POD_NAME = "POD_NAME";

/** All variables of a workload. Those that reference others come last: Kubernetes expands only variables defined before. */
export function variables(props: Told, connections: Pick<PodConnections, "env" | "trust">, image: string): Variable[] {
  const { env = {}, secrets = {}, told = {}, telemetry } = props;
  const taken = new Set([...connections.env.map(({ name }) => name), ...Object.keys(secrets)]);
  const trust = Object.fromEntries(Object.entries(connections.trust).filter(([name]) => !taken.has(name)));
  const own: Variable[] = [
    ...Object.entries(fieldsOf(props)).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ...Object.entries(secrets).map(([name, { secret, key }]) => ({ name, valueFrom: { secretKeyRef: { name: secret.name, key } } })),
    ...values({ ...trust, ...(telemetry ? telemetryOf(props, telemetry, image) : {}), ...env, ...told }),
  ];
  return [...connections.env, ...inOrder(own)];
}

/** Variables with non-secret values. */
export function values(env: Readonly<Record<string, string>>): Variable[] {
  return inOrder(Object.entries(env).map(([name, value]) => ({ name, value: literal(value) })));
}

/** Returns variable names from two sources. The user's variables override those of telemetry. */
export function variableProblems(props: Told, connections: Pick<PodConnections, "env">): readonly Omit<Problem, "path">[] {
  const sources = [
    ["its connections", connections.env.map(({ name }) => name)],
    ["the platform", Object.keys({ ...fieldsOf(props), ...props.told })],
    ["secrets", Object.keys(props.secrets ?? {})],
    ["env", Object.keys(props.env ?? {})],
  ] as const;
  return sources.flatMap(([, names], index) =>
    names.flatMap((value) => {
      const other = sources.slice(0, index).find(([, before]) => (before as readonly string[]).includes(value));
      return other ? [{ value, rule: `is a variable of ${other[0]} as well`, remedy: "give one of them another name" }] : [];
    }),
  );
}

function fieldsOf({ telemetry, fields = {} }: Told): Readonly<Record<string, string>> {
  return { ...(telemetry ? { [POD_NAME]: "metadata.name" } : {}), ...fields };
}

function telemetryOf({ namespace, name }: Told, { endpoint, attributes = {} }: Telemetry, image: string): Record<string, string> {
  const version = /:(\w[\w.-]*)(?:@|$)/.exec(image)?.[1];
  const all = {
    "service.namespace": namespace,
    ...(version ? { "service.version": version } : {}),
    "k8s.namespace.name": namespace,
    "k8s.pod.name": `$(${POD_NAME})`,
    ...attributes,
  };
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: portOf(endpoint) === OTLP_HTTP ? "http/protobuf" : "grpc",
    OTEL_SERVICE_NAME: name,
    OTEL_RESOURCE_ATTRIBUTES: Object.entries(all)
      .map((pair) => pair.join("="))
      .join(","),
  };
}

function inOrder(all: readonly Variable[]): Variable[] {
  const isMade = ({ value = "" }: Variable) => Number(value.includes("$("));
  return [...all].sort((one, other) => isMade(one) - isMade(other) || (one.name < other.name ? -1 : 1));
}
