import { podGroups } from "../../constructs/capacity/pod-groups";
import { postgresUser } from "../../constructs/postgres";
import type { Scaling } from "../../constructs/workload";
import type { Body } from "../synth";
import { aWorker, refused, Sent } from "./workloads";

const secret = postgresUser("orders", "reader");
const nats = {
  kind: "nats",
  monitoring: "broker.read-store.svc.cluster.local:8222",
  stream: "commands",
  consumer: "processors",
  targetPerReplica: 100,
  peer: { namespace: "read-store" },
} as const;
const prometheus = {
  kind: "prometheus",
  server: "http://prometheus.observability:9090",
  query: "sum(event_store_lag)",
  targetPerReplica: 500,
  peer: { namespace: "observability" },
} as const;
const postgres = {
  kind: "postgres",
  host: "reader.example.com",
  database: "orders",
  user: { secret, home: "read-store", key: "user" },
  password: { secret, home: "read-store", key: "password" },
  query: "SELECT count(*) FROM outbox",
  targetPerReplica: 50,
  peer: { cidr: "10.0.0.0/16" },
} as const;

const between = { min: 5, max: 20 };
const following = (signals: NonNullable<Scaling["signals"]>) => aWorker({ replicas: between, scaleOn: { cpu: 60, signals } });
const sent = new Sent(following([nats, prometheus, postgres]));

describe("Worker", () => {
  it("serves nobody", () => {
    const plain = new Sent(aWorker());
    expect(plain.names("Service")).toEqual([]);
    expect(plain.container).not.toHaveProperty("ports");
    expect(plain.pod).not.toHaveProperty("initContainers");
  });

  it("is asked for its health where it has any", () => {
    const { container } = new Sent(aWorker({ health: { port: 9000, path: "/health" } }));
    expect(container.readinessProbe.httpGet).toMatchObject({ port: 9000, path: "/health" });
    expect(container.livenessProbe.tcpSocket).toEqual({ port: 9000 });
  });

  it("leaves its count to the autoscaler, by CPU where nothing else is said", () => {
    const byUse = new Sent(aWorker({ replicas: between }));
    expect(byUse.one("Deployment").spec).not.toHaveProperty("replicas");
    expect(byUse.one("HorizontalPodAutoscaler").spec.metrics).toMatchObject([
      { resource: { name: "cpu", target: { averageUtilization: 70 } } },
    ]);
    expect(sent.one("Deployment").spec).not.toHaveProperty("replicas");
    expect(sent.names("HorizontalPodAutoscaler")).toEqual([]);
  });

  it("grows at once and shrinks a quarter at a time, after a while", () => {
    const { behavior } = new Sent(aWorker({ replicas: between })).one("HorizontalPodAutoscaler").spec;
    expect(behavior.scaleUp).toMatchObject({ stabilizationWindowSeconds: 0, selectPolicy: "Max" });
    expect(behavior.scaleDown).toMatchObject({
      stabilizationWindowSeconds: 300,
      policies: [{ type: "Percent", value: 25, periodSeconds: 60 }],
    });
    expect(sent.one("ScaledObject").spec.advanced.horizontalPodAutoscalerConfig.behavior).toEqual(behavior);
  });

  it("follows signals, and CPU beside them", () => {
    const { triggers } = sent.one("ScaledObject").spec;
    expect(triggers.map(({ type, metricType, metadata }: Body) => ({ type, metricType, ...metadata }))).toEqual([
      {
        type: "nats-jetstream",
        metricType: "AverageValue",
        natsServerMonitoringEndpoint: "broker.read-store.svc.cluster.local:8222",
        account: "$G",
        stream: "commands",
        consumer: "processors",
        lagThreshold: "100",
        useHttps: "false",
      },
      {
        type: "prometheus",
        metricType: "AverageValue",
        serverAddress: "http://prometheus.observability:9090",
        query: "sum(event_store_lag)",
        threshold: "500",
        ignoreNullValues: "false",
      },
      {
        type: "postgresql",
        metricType: "AverageValue",
        host: "reader.example.com",
        port: "5432",
        dbName: "orders",
        sslmode: "require",
        query: "SELECT count(*) FROM outbox",
        targetQueryValue: "50",
      },
      { type: "cpu", metricType: "Utilization", value: "60" },
    ]);
  });

  it("stays as many as it is when a signal is lost, and never fewer than its minimum", () => {
    const { minReplicaCount, maxReplicaCount, fallback, idleReplicaCount } = sent.one("ScaledObject").spec;
    expect({ minReplicaCount, maxReplicaCount, idleReplicaCount }).toEqual({ minReplicaCount: 5, maxReplicaCount: 20 });
    // With one, KEDA would count no more errors, which the alert about lost signals asks for.
    expect(fallback).toBeUndefined();
  });

  it("leaves the ways out of a KEDA alone that nobody has closed: one of its own would be the only one", () => {
    const shared = new Sent(aWorker({ replicas: between, scaleOn: { signals: [prometheus], isolated: false } }));
    expect(shared.names("NetworkPolicy")).toEqual(["orders"]);
    expect(shared.names("ScaledObject")).toEqual(["orders"]);
  });

  it("lets KEDA out to what it asks, and gives it credentials out of secrets that the namespace has", () => {
    expect(sent.one("NetworkPolicy", "write-side-orders")).toMatchObject({
      metadata: { namespace: "keda" },
      spec: { podSelector: { matchLabels: { app: "keda-operator" } }, policyTypes: ["Egress"] },
    });
    expect(sent.one("NetworkPolicy", "write-side-orders").spec.egress.map((rule: Body) => rule.ports[0].port)).toEqual([8222, 9090, 5432]);
    expect(sent.one("TriggerAuthentication", "orders-2").spec.secretTargetRef).toEqual([
      { parameter: "userName", name: secret.name, key: "user" },
      { parameter: "password", name: secret.name, key: "password" },
    ]);
    expect(sent.one("ExternalSecret", secret.name).metadata.namespace).toBe("write-side");
  });

  it("must find room for its minimum, whoever scales it", () => {
    expect(podGroups(sent.objects)).toMatchObject([{ name: "write-side/orders", pods: 5, most: 20, surge: 2 }]);
  });

  it.each([
    [
      "of nothing for one instance",
      { ...nats, targetPerReplica: 0 },
      "orders.scaleOn.signals[0].targetPerReplica: 0 can't be requested by a single instance; use a number from 0.001 to 1000000000",
    ],
    [
      "of less than KEDA counts in",
      { ...nats, targetPerReplica: 0.0001 },
      "orders.scaleOn.signals[0].targetPerReplica: 0.0001 can't be requested by a single instance; use a number from 0.001 to 1000000000",
    ],
    [
      "of a server without a port",
      { ...prometheus, server: "http://prometheus" },
      'orders.scaleOn.signals[0]: "http://prometheus" names no port, so that no way to it can be opened; write one, like server:8222',
    ],
  ])("refuses a signal %s", (_, signal, message) => {
    expect(refused(following([signal]))).toEqual([message]);
  });

  it("refuses to be none", () => {
    expect(refused(aWorker({ replicas: 0 }))).toEqual(["orders.replicas: 0 must be a valid number of instances; use 1 or more"]);
  });
});
