import { type KubernetesObject, kubernetesObjects } from "../../constructs/kubernetes";
import type { WorkloadPlace } from "../../stacks/workloads/place";
import { scalingOf } from "../../stacks/workloads/scaling";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import type { Body } from "../synth";

const image = "registry.example.com/orders/app:1.0.0";
const PROMETHEUS = { server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "sum(lag)", targetPerReplica: 200 };

/** A cluster that exists, with a signal of every name followed on it. */
const environment = anEnvironment({
  aws: undefined,
  size: "small",
  cluster: { context: "kind-orders" },
  eventStore: { engine: "postgres", server: { engine: "cloudnative-pg" } },
  commandProcessors: {
    image,
    replicas: { min: 2, max: 20 },
    scaleOn: {
      cpu: 60,
      broker: { stream: "commands", consumer: "processors", targetPerReplica: 100 },
      eventStore: { query: "SELECT count(*) FROM events", targetPerReplica: 500 },
      readDatabase: { query: "SELECT sum(behind) FROM lag", targetPerReplica: 50, database: "search" },
      prometheus: PROMETHEUS,
    },
  },
  queryApi: { image, replicas: { min: 2, max: 4 } },
  readDatabase: [
    { engine: "cloudnative-pg", name: "orders" },
    { engine: "cloudnative-pg", name: "search" },
  ],
  broker: { engine: "nats" },
  exceptions: { disposable: "a test" },
});

const objects: readonly KubernetesObject[] = [...synthesisOf(aProgram(environment)).stacks.values()].flatMap(
  ({ json }) => kubernetesObjects(json).objects as readonly KubernetesObject[],
);
const found = (kind: string, where: string): Body => {
  const one = objects.find(({ kind: of, metadata: { namespace, name } }) => of === kind && `${namespace}/${name}` === where);
  if (!one) throw new Error(`no ${kind} ${where}`);
  return one;
};

const { triggers } = found("ScaledObject", "write-side/command-processors").spec as Body;

/** Whether a policy's end names KEDA's pods. */
const isKeda = (end: Body) =>
  end.namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"] === "keda" && end.podSelector?.matchLabels.app === "keda-operator";

/** The namespaces whose pods let KEDA in, with the ports. */
const doors = objects
  .filter(({ kind }) => kind === "NetworkPolicy")
  .flatMap(({ metadata, spec }) =>
    ((spec as Body).ingress ?? [])
      .filter(({ from = [] }: Body) => from.some(isKeda))
      .flatMap(({ ports }: Body) => ports.map(({ port }: Body) => `${metadata.namespace}/${metadata.name}:${port}`)),
  )
  .sort();

describe("an autoscaled workload follows", () => {
  it("what waits in the broker, of the account of workloads, asked of each server by its name", () => {
    expect(triggers[0]).toMatchObject({
      type: "nats-jetstream",
      metadata: {
        natsServerMonitoringEndpoint: "broker-headless.read-store.svc.cluster.local:8222",
        account: "WORKLOADS",
        stream: "commands",
        consumer: "processors",
        lagThreshold: "100",
        useHttps: "false",
      },
    });
  });

  it("answers of databases, as a reader, with what the namespace has copies of", () => {
    expect(triggers[1]).toMatchObject({
      type: "postgresql",
      metadata: {
        host: "event-store-rw.event-store.svc",
        dbName: "event_store",
        query: "SELECT count(*) FROM events",
        targetQueryValue: "500",
      },
    });
    expect(triggers[2]).toMatchObject({ type: "postgresql", metadata: { host: "search-rw.read-store.svc", dbName: "search" } });
    for (const [index, secret, home] of [
      [1, "event-store-reader", "event-store"],
      [2, "search-reader", "read-store"],
    ] as const) {
      expect(found("TriggerAuthentication", `write-side/command-processors-${index}`).spec).toEqual({
        secretTargetRef: [
          { parameter: "userName", name: secret, key: "user" },
          { parameter: "password", name: secret, key: "password" },
        ],
      });
      expect(JSON.stringify(found("ExternalSecret", `write-side/${secret}`).spec)).toContain(`${home}`);
    }
  });

  it("a Prometheus that is there, and CPU beside it all", () => {
    expect(triggers[3]).toMatchObject({
      type: "prometheus",
      metadata: { serverAddress: PROMETHEUS.server, query: "sum(lag)", threshold: "200" },
    });
    expect(triggers[4]).toMatchObject({ type: "cpu", metadata: { value: "60" } });
  });
});

describe("what is followed", () => {
  it("lets in who asks, and only what is asked does", () => {
    expect(doors).toEqual(["event-store/event-store:5432", "read-store/broker:8222", "read-store/search:5432"]);
  });

  it("is reached by who asks, and nothing else is", () => {
    const { spec } = found("NetworkPolicy", "keda/write-side-command-processors");
    const ways = ((spec as Body).egress as Body[]).map(({ to, ports }) => [
      to[0].namespaceSelector.matchLabels["kubernetes.io/metadata.name"],
      ports.map(({ port }: Body) => port),
    ]);
    expect(ways).toEqual([
      ["read-store", [8222]],
      ["event-store", [5432]],
      ["read-store", [5432]],
      ["monitoring", [9090]],
    ]);
  });

  it("is reached by a KEDA that was there before as its owner has it, who has not closed everything else", () => {
    const { signals, isolated } = scalingOf(
      { site: { cluster: { context: "kind-orders", preinstalled: ["keda"] } } } as unknown as WorkloadPlace,
      {
        prometheus: PROMETHEUS,
      },
    );
    expect([signals?.length, isolated]).toEqual([1, false]);
  });

  it("is not asked for by what follows CPU alone", () => {
    expect(objects.filter(({ kind }) => kind === "ScaledObject")).toHaveLength(1);
    expect(found("HorizontalPodAutoscaler", "read-side/query-api")).toBeDefined();
  });
});
