import { podGroups } from "../../constructs/capacity/pod-groups";
import type { HttpService } from "../../constructs/workload";
import type { Body } from "../synth";
import { aService, refused, Sent } from "./workloads";

const plain = new Sent(aService({ clients: [{ namespace: "gateway" }] }));
const scaled = new Sent(aService({ replicas: { min: 3, max: 10 }, scaleOn: { cpu: 60, memory: 80 } }));
const blue = { image: "registry.example.com/orders/api:1.0.0" };
const green = { image: "registry.example.com/orders/api:1.1.0" };
const slotted = (changes: object = {}) => new Sent(aService({ slots: { blue, green }, replicas: 3, ...changes }));
const both = slotted();

describe("HttpService", () => {
  it("is a Deployment, a Service, a budget and traffic from its clients", () => {
    expect(plain.names()).toEqual([
      "NetworkPolicy orders",
      "ServiceAccount orders",
      "Service orders",
      "Deployment orders",
      "PodDisruptionBudget orders",
    ]);
    expect(plain.one("Deployment").spec).toMatchObject({ replicas: 2, revisionHistoryLimit: 10 });
    expect(plain.one("NetworkPolicy").spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "gateway" } } }],
        ports: [{ port: 8080, protocol: "TCP" }],
      },
    ]);
    expect(plain.one("PodDisruptionBudget").spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
  });

  it("answers on its port, in the zone of who asks where there is room", () => {
    const { metadata, spec } = plain.one("Service");
    expect(metadata.annotations).toEqual({ "service.kubernetes.io/topology-mode": "Auto" });
    expect(spec.ports).toEqual([{ name: "http", port: 8080, targetPort: "http", protocol: "TCP", appProtocol: "http" }]);
    expect(spec.selector).toEqual({ "app.kubernetes.io/name": "orders", "app.kubernetes.io/instance": "orders" });
    expect(plain.container.env).toEqual([{ name: "PORT", value: "8080" }]);
  });

  it("is asked for its health until it is ready and while it is, and started anew when it takes no connections any more", () => {
    const { startupProbe, readinessProbe, livenessProbe } = plain.container;
    expect(startupProbe).toMatchObject({ httpGet: { path: "/health", port: 8080 }, periodSeconds: 5, failureThreshold: 36 });
    expect(readinessProbe).toMatchObject({ httpGet: { path: "/health", port: 8080 }, periodSeconds: 10, failureThreshold: 3 });
    expect(livenessProbe).toMatchObject({ tcpSocket: { port: 8080 }, periodSeconds: 20, failureThreshold: 6 });
    expect(livenessProbe).not.toHaveProperty("httpGet");
  });

  it("is connected to, and not asked, where it speaks TCP alone", () => {
    const tcp = new Sent(aService({ port: 1883, health: "tcp", morePorts: { admin: 9000 } }));
    const { startupProbe, readinessProbe, livenessProbe, ports } = tcp.container;
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      expect(probe).toMatchObject({ tcpSocket: { port: 1883 } });
      expect(probe).not.toHaveProperty("httpGet");
    }
    expect(readinessProbe).toMatchObject({ periodSeconds: 10, failureThreshold: 3 });
    expect(ports).toMatchObject([
      { name: "tcp", containerPort: 1883 },
      { name: "admin", containerPort: 9000 },
    ]);
    expect(tcp.one("Service").spec.ports[0]).toEqual({ name: "tcp", port: 1883, targetPort: "tcp", protocol: "TCP" });
  });

  it("serves on for a while after it is told to go, with what is beside it, by a program of its own, and has time after it", () => {
    const { pod, container } = new Sent(aService({ drain: "2m", terminationGracePeriod: "45s", sidecars: [{ name: "proxy" }] }));
    expect(container.lifecycle).toEqual({ preStop: { exec: { command: ["/drain/busybox", "sleep", "120"] } } });
    expect(container.volumeMounts[0]).toMatchObject({ name: "drain", mountPath: "/drain", readOnly: true });
    expect(pod.containers[1].lifecycle).toEqual(container.lifecycle);
    expect(pod.initContainers[0]).toMatchObject({ name: "drain", command: ["cp", "/bin/busybox", "/drain/busybox"] });
    expect(pod.terminationGracePeriodSeconds).toBe(165);
    expect(plain.pod.terminationGracePeriodSeconds).toBe(45);
  });

  it("replaces no pod before another is ready, and gives up in time to say so", () => {
    expect(plain.one("Deployment").spec).toMatchObject({
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      // Three minutes for the node and the image, as long to start, and half a minute to prove itself.
      progressDeadlineSeconds: 390,
      minReadySeconds: 30,
    });
    const [deployment] = Object.values(plain.json.resource.kubernetes_deployment_v1 as Body);
    expect(deployment.wait_for_rollout).toBe(true);
    expect(deployment.timeouts).toEqual({ create: "2175s", update: "2175s" });
    expect(Number.parseInt(deployment.timeouts.update, 10)).toBeGreaterThan(plain.one("Deployment").spec.progressDeadlineSeconds);
  });

  it("stays as `kubectl rollout restart` left it", () => {
    const [deployment] = Object.values(plain.json.resource.kubernetes_deployment_v1 as Body);
    expect(deployment.lifecycle.ignore_changes).toEqual([
      'spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]',
    ]);
  });

  it("leaves its count to the autoscaler", () => {
    expect(scaled.one("Deployment").spec).not.toHaveProperty("replicas");
    expect(scaled.one("HorizontalPodAutoscaler").spec).toMatchObject({
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "orders" },
      minReplicas: 3,
      maxReplicas: 10,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } },
        { type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 80 } } },
      ],
    });
  });

  it("must find room for its minimum and the pods of a release, and is told of at its maximum", () => {
    expect(podGroups(scaled.objects)).toMatchObject([{ name: "write-side/orders", pods: 3, most: 10, surge: 1 }]);
    expect(podGroups(both.objects)).toMatchObject([
      { name: "write-side/orders-blue", pods: 3, surge: 1 },
      { name: "write-side/orders-green", pods: 3, surge: 1 },
    ]);
  });

  it("has no budget for a single pod, which would be none", () => {
    expect(new Sent(aService({ replicas: 1 })).names("PodDisruptionBudget")).toEqual([]);
  });

  it("has each slot as a service of its own, so that another version changes one of them", () => {
    for (const kind of ["Deployment", "Service", "PodDisruptionBudget"]) expect(both.names(kind)).toEqual(["orders-blue", "orders-green"]);
    for (const kind of ["NetworkPolicy", "ServiceAccount"]) expect(both.names(kind)).toEqual(["orders"]);
    expect(both.one("Service", "orders-blue").spec.selector).toEqual({
      "app.kubernetes.io/name": "orders",
      "app.kubernetes.io/instance": "orders-blue",
    });
    const next = slotted({ slots: { blue, green: { image: "registry.example.com/orders/api:1.2.0", replicas: 1 } } });
    const changed = next.objects.filter((object) => !both.objects.some((other) => JSON.stringify(other) === JSON.stringify(object)));
    expect(changed.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(["Deployment orders-green"]);
  });

  it("keeps the addresses of one slot when the other comes or goes", () => {
    const addresses = ({ json }: Sent) => Object.keys(json.resource.kubernetes_deployment_v1);
    expect(addresses(both)).toEqual(expect.arrayContaining(addresses(slotted({ slots: { blue } }))));
  });

  it("goes only when requests have been turned to another, also where one apply does both, unless it may have to be made anew", () => {
    const flags = ({ json }: Sent) =>
      ["kubernetes_deployment_v1", "kubernetes_service_v1"].flatMap((type) =>
        Object.values<{ lifecycle?: { create_before_destroy?: boolean } }>(json.resource[type]).map(
          ({ lifecycle }) => lifecycle?.create_before_destroy,
        ),
      );
    expect(flags(slotted({ waitForRollout: false }))).toEqual([true, true, true, true]);
    // What Terraform waited for in vain it destroys, and makes again under the same name.
    expect(flags(both)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("says where requests go", () => {
    const backendsOf = (props: object) => {
      let found: unknown;
      new Sent((stack) => {
        aService(props)(stack);
        found = (stack.node.findChild("orders") as HttpService).backends;
      });
      return found;
    };
    expect(backendsOf({ port: 5002 })).toEqual([{ service: "orders", port: 5002 }]);
    expect(backendsOf({ port: 5002, servicePort: 80 })).toEqual([{ service: "orders", port: 80 }]);
    expect(backendsOf({ slots: { green, blue } })).toEqual([
      { slot: "blue", service: "orders-blue", port: 8080 },
      { slot: "green", service: "orders-green", port: 8080 },
    ]);
  });

  it("opens further ports to its clients", () => {
    const sent = new Sent(aService({ morePorts: { broker: 5050 }, clients: ["namespace"] }));
    expect(sent.one("Service").spec.ports[1]).toEqual({ name: "broker", port: 5050, targetPort: "broker", protocol: "TCP" });
    expect(sent.one("NetworkPolicy").spec.ingress[0].ports.map(({ port }: Body) => port)).toEqual([8080, 5050]);
    expect(sent.container.ports.map(({ containerPort }: Body) => containerPort)).toEqual([8080, 5050]);
  });

  it.each([
    ["no image", { image: undefined }, "orders: has no image; name one, or one for each slot"],
    ["slots of which none is filled", { slots: {} }, "orders: has slots, and none of them is filled; fill blue or green"],
    [
      "an image beside slots",
      { slots: { blue }, ...blue },
      `orders: "registry.example.com/orders/api:1.0.0" can't be combined with the images of slots; keep one of the two`,
    ],
    [
      "a slot's image that moves",
      { slots: { blue: { image: "api:dev" } } },
      'orders.slots.blue.image: "api:dev" can change under a running system; name a version or a digest, like registry.example.com/orders/api:1.0.0',
    ],
    [
      "no pods in a slot",
      { slots: { blue: { ...blue, replicas: 0 } } },
      "orders.slots.blue.replicas: 0 must be a valid number of instances; use 1 or more",
    ],
    ["a port of root's", { port: 80 }, "orders.port: 80 is not a port that it can open; use 1024 to 65535: what is below is root's"],
    [
      "a Service with one port twice",
      { servicePort: 5050, morePorts: { broker: 5050 } },
      "orders.servicePort: 5050 is another port of its Service as well; choose another",
    ],
    ["a Service on no port", { servicePort: 70_000 }, "orders.servicePort: 70000 is not a port; use 1 to 65535"],
    ["a port twice", { morePorts: { broker: 8080 } }, "orders.morePorts.broker: 8080 is another of its ports as well; choose another"],
    [
      "a port by a name that is taken",
      { morePorts: { http: 5050 } },
      'orders.morePorts.http: "http" is not a valid port name; use up to 15 lower-case letters, digits and single hyphens',
    ],
    ["health without a path", { health: "health" }, 'orders.health: "health" must be a path or tcp; write one that begins with /'],
    [
      "the name of its port twice",
      { health: "tcp", morePorts: { tcp: 5050 } },
      'orders.morePorts.tcp: "tcp" is the name of port; choose another',
    ],
    ["a drain without time", { drain: "soon" }, 'orders.drain: "soon" is not a span of time; write a number and a unit, like "30d"'],
    ["half a pod", { replicas: 1.5 }, "orders.replicas: 1.5 must be a valid number of instances; use 1 or more"],
    [
      "a minimum of none",
      { replicas: { min: 0, max: 3 } },
      'orders.replicas: {"min":0,"max":3} must be a valid number of instances; use 1 or more',
    ],
    [
      "a minimum above the maximum",
      { replicas: { min: 4, max: 3 } },
      'orders.replicas: {"min":4,"max":3} has a minimum above its maximum; swap the two',
    ],
    [
      "to follow something with a fixed number",
      { replicas: 3, scaleOn: {} },
      "orders.scaleOn: scales nothing, as replicas is always 3; write replicas as { min: 2, max: 10 }, or leave it out",
    ],
    [
      "more than all of what pods ask for",
      { replicas: { min: 1, max: 3 }, scaleOn: { cpu: 700 } },
      "orders.scaleOn.cpu: 700 must be a percentage of the request; use percents, from 1 to 100",
    ],
  ])("refuses %s", (_, props, message) => {
    expect(refused(aService(props as object))).toEqual([message]);
  });
});
