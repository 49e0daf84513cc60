import { HorizontalPodAutoscalerV2 } from "@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2";
import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { SecretReference } from "../connection";
import type { Unreadable } from "../core/quantities";
import { type ApiObject, CustomResources, egressTo, type KubernetesTarget, type TrafficRule } from "../kubernetes";
import type { NatsSignal, PostgresSignal, PrometheusSignal, Replicas, Scaling, Signal } from "./contract";
import { type PropProblem, portOf } from "./problems";

export interface AutoscalingProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The name of the Deployment to scale. */
  readonly target: string;
  readonly between: Exclude<Replicas, number>;
  readonly on: Scaling;

  /** The Deployment. Its resource requests are the base of CPU and memory utilization. */
  readonly after: readonly ITerraformDependable[];
}

/** Default target of CPU utilization, in percent of the request. The rest absorbs bursts until the next pod is ready. */
const CPU_PERCENT = 70;

/** Scales up by 100% or 4 pods per minute, whichever is more; scales down by 25% per minute, after 5 minutes of lower load. */
const UP = {
  window: 0,
  policies: [
    ["Percent", 100],
    ["Pods", 4],
  ],
} as const;
const DOWN = { window: 300, policies: [["Percent", 25]] } as const;
const PERIOD_SECONDS = 60;

/** Interval between polls of a signal (KEDA, ScaledObject: pollingInterval). */
const POLLED_SECONDS = 30;

/** The client that reads signals: KEDA's namespace in the platform and its operator pods. Servers of signals must allow it. */
export const SIGNAL_READER = { namespace: "keda", labels: { app: "keda-operator" } } as const;

/** Returns the problems of a number of instances. */
export function replicasProblems(replicas: Replicas, property = "replicas"): readonly PropProblem[] {
  const counts = typeof replicas === "number" ? [replicas] : [replicas.min, replicas.max];
  const problem = (rule: string, remedy: string) => [{ property, value: replicas, rule, remedy }];
  if (!counts.every((count) => Number.isInteger(count) && count >= 1))
    return problem("must be a valid number of instances", "use 1 or more");
  return typeof replicas !== "number" && replicas.min > replicas.max ? problem("has a minimum above its maximum", "swap the two") : [];
}

/** Returns the problems of the scaling settings. */
export function scalingProblems(replicas: Replicas, on: Scaling | undefined): readonly PropProblem[] {
  if (!on) return [];
  if (typeof replicas === "number") {
    const remedy = "write replicas as { min: 2, max: 10 }, or leave it out";
    return [{ property: "scaleOn", rule: `scales nothing, as replicas is always ${replicas}`, remedy }];
  }
  const uses = Object.entries({ cpu: on.cpu, memory: on.memory }).flatMap(([use, value]): PropProblem[] =>
    value === undefined || (Number.isInteger(value) && value >= 1 && value <= 100)
      ? []
      : [{ property: `scaleOn.${use}`, value, rule: "must be a percentage of the request", remedy: "use percents, from 1 to 100" }],
  );
  return [...uses, ...(on.signals ?? []).flatMap((signal, index) => signalProblems(signal, `scaleOn.signals[${index}]`))];
}

/** Returns the reason why a signal can't have a target. KEDA counts in thousandths, with 64 bits. */
export function targetProblem(target: unknown): Unreadable | undefined {
  if (typeof target === "number" && target >= 0.001 && target <= 1_000_000_000) return undefined;
  return { rule: "can't be requested by a single instance", remedy: "use a number from 0.001 to 1000000000" };
}

function signalProblems(signal: Signal, property: string): PropProblem[] {
  const { address, port } = READERS[signal.kind];
  const found: PropProblem[] = [];
  const target = targetProblem(signal.targetPerReplica);
  if (target) found.push({ property: `${property}.targetPerReplica`, value: signal.targetPerReplica, ...target });
  if (port(signal as never) === undefined) {
    const rule = "names no port, so that no way to it can be opened";
    found.push({ property, value: address(signal as never), rule, remedy: "write one, like server:8222" });
  }
  return found;
}

/**
 * The autoscaler of a Deployment, which itself sets no number of replicas: a HorizontalPodAutoscaler for CPU and memory, a KEDA
 * ScaledObject if signals are followed.
 */
export class Autoscaling extends Construct {
  /** The autoscaler's resource: what waits for the minimum depends on it. */
  readonly ready: ITerraformDependable;

  constructor(scope: Construct, id: string, props: AutoscalingProps) {
    super(scope, id);
    const { cluster, namespace, target, on, after } = props;
    const { signals = [], isolated = true } = on;
    if (signals.length === 0) {
      this.ready = this.byUse(props);
      return;
    }
    const out = isolated ? [this.letOut(props, signals)] : [];
    const objects = [...signals.flatMap((signal, index) => credentials(props, signal, index)), scaledObject(props)];
    const name = `${target}-scaling`;
    this.ready = new CustomResources(this, "signals", {
      cluster,
      namespace,
      name,
      objects,
      after: [...after, ...out],
    }).release;
  }

  /** Allows KEDA's egress to the signals' servers. The servers' own ingress rules must allow KEDA; this construct doesn't add them. */
  private letOut({ namespace, target }: AutoscalingProps, signals: readonly Signal[]): NetworkPolicyV1 {
    return new NetworkPolicyV1(this, "traffic", {
      metadata: { name: `${namespace}-${target}`, namespace: SIGNAL_READER.namespace },
      spec: {
        podSelector: { matchLabels: { ...SIGNAL_READER.labels } },
        policyTypes: ["Egress"],
        egress: signals.map((signal) => egressTo(openingTo(signal))),
      },
    });
  }

  private byUse({ namespace, target, between, on, after }: AutoscalingProps): ITerraformDependable {
    const direction = ({ window, policies }: typeof UP | typeof DOWN) => [
      {
        stabilizationWindowSeconds: window,
        selectPolicy: "Max",
        policy: policies.map(([type, value]) => ({ type, value, periodSeconds: PERIOD_SECONDS })),
      },
    ];
    return new HorizontalPodAutoscalerV2(this, "by-use", {
      metadata: { name: target, namespace },
      spec: {
        minReplicas: between.min,
        maxReplicas: between.max,
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: target },
        metric: usesOf(on).map(([name, averageUtilization]) => ({
          type: "Resource",
          resource: { name, target: { type: "Utilization", averageUtilization } },
        })),
        behavior: { scaleUp: direction(UP), scaleDown: direction(DOWN) },
      },
      dependsOn: [...after],
    });
  }
}

function usesOf({ cpu = CPU_PERCENT, memory }: Scaling): readonly (readonly [string, number])[] {
  return [["cpu", cpu], ...(memory === undefined ? [] : [["memory", memory] as const])];
}

/** Mapping from a kind of signal to KEDA's scaler (KEDA 2.20, scalers). */
interface Reader<S extends Signal> {
  readonly type: string;
  readonly address: (signal: S) => string;
  readonly port: (signal: S) => number | undefined;
  readonly metadata: (signal: S) => Readonly<Record<string, string>>;
  readonly secrets?: (signal: S) => Readonly<Record<string, SecretReference>>;
}

const READERS: { readonly [K in Signal["kind"]]: Reader<Extract<Signal, { kind: K }>> } = {
  nats: {
    type: "nats-jetstream",
    address: ({ monitoring }: NatsSignal) => monitoring,
    port: ({ monitoring }) => portOf(monitoring),
    metadata: ({ monitoring, account = "$G", stream, consumer, targetPerReplica: each }) => ({
      natsServerMonitoringEndpoint: monitoring,
      account,
      stream,
      consumer,
      lagThreshold: String(each),
      useHttps: "false",
    }),
  },
  prometheus: {
    type: "prometheus",
    address: ({ server }: PrometheusSignal) => server,
    port: ({ server }) => portOf(server),
    // Otherwise KEDA takes an empty result for zero.
    metadata: ({ server, query, targetPerReplica: each }) => ({
      serverAddress: server,
      query,
      threshold: String(each),
      ignoreNullValues: "false",
    }),
  },
  postgres: {
    type: "postgresql",
    address: ({ host }: PostgresSignal) => host,
    port: ({ port = 5432 }) => port,
    metadata: ({ host, port = 5432, database, query, targetPerReplica: each }) => ({
      host,
      port: String(port),
      dbName: database,
      // KEDA has no file with the server's CA certificate to verify it with.
      sslmode: "require",
      query,
      targetQueryValue: String(each),
    }),
    secrets: ({ user, password }) => ({ userName: user, password }),
  },
};

function openingTo(signal: Signal): TrafficRule {
  const port = READERS[signal.kind].port(signal as never);
  return { name: signal.kind, peer: signal.peer, ports: port === undefined ? [] : [port] };
}

function credentials({ namespace, target }: AutoscalingProps, signal: Signal, index: number): ApiObject[] {
  const secrets = READERS[signal.kind].secrets?.(signal as never);
  if (!secrets) return [];
  const secretTargetRef = Object.entries(secrets).map(([parameter, { secret, key }]) => ({ parameter, name: secret.name, key }));
  const object = {
    apiVersion: "keda.sh/v1alpha1",
    kind: "TriggerAuthentication",
    metadata: { name: `${target}-${index}`, namespace },
    spec: { secretTargetRef },
  };
  return [object];
}

/** Secrets that KEDA needs to read signals; they must be available in the namespace. */
export function signalSecrets({ signals = [] }: Scaling = {}): readonly SecretReference[] {
  return signals.flatMap((signal) => Object.values(READERS[signal.kind].secrets?.(signal as never) ?? {}));
}

function scaledObject({ namespace, target, between, on }: AutoscalingProps): ApiObject & { readonly spec: object } {
  const { signals = [] } = on;
  const triggers = signals.map((signal, index) => {
    const { type, metadata, secrets } = READERS[signal.kind];
    return {
      type,
      name: `signal-${index}`,
      metricType: "AverageValue",
      metadata: metadata(signal as never),
      ...(secrets ? { authenticationRef: { name: `${target}-${index}` } } : {}),
    };
  });
  const uses = usesOf(on).map(([type, percent]) => ({ type, metricType: "Utilization", metadata: { value: String(percent) } }));
  const direction = ({ window, policies }: typeof UP | typeof DOWN) => ({
    stabilizationWindowSeconds: window,
    selectPolicy: "Max",
    policies: policies.map(([type, value]) => ({ type, value, periodSeconds: PERIOD_SECONDS })),
  });
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    // Takes over the HorizontalPodAutoscaler of the same name, from before a signal was followed.
    metadata: { name: target, namespace, annotations: { "scaledobject.keda.sh/transfer-hpa-ownership": "true" } },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: target },
      pollingInterval: POLLED_SECONDS,
      minReplicaCount: between.min,
      maxReplicaCount: between.max,
      // No fallback: when it begins, KEDA stops counting errors, and the alert about a lost signal ends. Without one the autoscaler itself
      // removes no pod while a metric is missing, and keeps the minimum.
      advanced: { horizontalPodAutoscalerConfig: { name: target, behavior: { scaleUp: direction(UP), scaleDown: direction(DOWN) } } },
      triggers: [...triggers, ...uses],
    },
  };
}
