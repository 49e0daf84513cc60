import { onPremises, type Phase, production } from "../../examples/hotswap-messaging/environments";
import { program } from "../../examples/hotswap-messaging/main";
import { promql } from "../observability/promql";
import { synthesisOf } from "../program";
import { all, type Body } from "../synth";
import { alertsOf, container, file, objects, queriesOn, values, workload } from "./kubernetes";
import { describeRows } from "./rows";

const { stacks } = synthesisOf(program);
const json = (id: string): Body => stacks.get(id)?.json ?? {};
const messaging = json("production-messaging");
const api = workload(messaging, "deployment", "messaging-api");

const policy = (stack: Body, name: string) => all(stack, "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === name);

describeRows("hotswap-messaging", {
  API: () => {
    const { port, resources, liveness_probe: liveness, readiness_probe: readiness } = container(api);
    expect(port.map(({ container_port }: Body) => container_port)).toEqual([5000, 5050]);
    expect(resources).toEqual({ requests: { cpu: "1", memory: "2Gi" }, limits: { cpu: "2", memory: "4Gi" } });
    expect(liveness).toMatchObject({ http_get: { path: "/health" }, initial_delay_seconds: 30, period_seconds: 10 });
    expect(readiness).toMatchObject({ http_get: { path: "/health" }, initial_delay_seconds: 10, period_seconds: 5 });
    const [scaling] = all(messaging, "kubernetes_horizontal_pod_autoscaler_v2");
    expect(scaling?.spec).toMatchObject({ min_replicas: 3, max_replicas: 10 });
    expect(scaling?.spec.metric.map(({ resource }: Body) => resource.target.average_utilization)).toEqual([70, 80]);
    expect(JSON.parse(file(messaging, "messaging-api", /"Messaging"/)).Messaging.BrokerPort).toBe(5050);

    // Clients reach the Gateway on 443, which calls 5000, and the broker on 5050.
    expect(
      all(json("production-entry"), "aws_lb_listener")
        .map((each) => each.port)
        .sort(),
    ).toEqual([443, 5050]);
    const bound = objects(messaging, "TargetGroupBinding").find(({ spec }) => spec.serviceRef.port === 5050);
    expect(bound?.spec.serviceRef.name).toBe("messaging-api");
    const toBroker = (stack: Body) => policy(stack, "messaging-api")?.spec.ingress.find(({ ports }: Body) => ports[0].port === "5050");
    expect(toBroker(messaging)).toMatchObject({ from: [{ ip_block: {} }], ports: [{ port: "5050" }] });
    expect(toBroker(json("on-premises-messaging"))).toEqual({ ports: [{ port: "5050", protocol: "TCP" }] });
  },

  Redis: () => {
    const stack = json("production-redis");
    const values = all(stack, "helm_release").map(({ values: [value] }) => value);
    const server = values.find((value) => value.includes("maxmemory-policy"));
    expect(server).toContain("maxmemory-policy noeviction");
    expect(server).toContain("appendonly yes");
    expect(JSON.parse(server).resources).toEqual({ requests: { cpu: "1", memory: "8Gi" }, limits: { memory: "8Gi" } });
    expect(all(stack, "kubernetes_persistent_volume_claim_v1")[0]?.spec.resources.requests.storage).toBe("50Gi");

    const environment = production("off");
    const redis = { engine: "valkey", purpose: "store", eviction: "allkeys-lru" } as const;
    expect(() => synthesisOf({ ...program, environments: [{ ...environment, stores: { ...environment.stores, redis } }] })).toThrow(
      'production.stores.redis.eviction: "allkeys-lru" deletes data that was acknowledged when memory is full, and nothing else has it; leave it out: a full store refuses writes ("noeviction"), and its clients know',
    );
  },

  "PostgreSQL 15": () => {
    const [cluster] = objects(json("production-postgres"), "Cluster");
    expect(cluster?.spec).toMatchObject({
      imageName: expect.stringMatching(/postgresql:15\./),
      bootstrap: { initdb: { database: "messaging" } },
      resources: { requests: { cpu: "1", memory: "4Gi" } },
      storage: { size: "50Gi" },
      postgresql: { parameters: { max_connections: "200" } },
    });
    const secrets = all(json("production-data"), "aws_secretsmanager_secret_version").map(({ secret_string }) => secret_string);
    expect(JSON.stringify(secrets) + JSON.stringify(json("production-data"))).toContain("messaging_writer_a");
    expect(container(api).variables.ConnectionStrings__PostgreSQL).toContain("Database=messaging;");
  },

  settings: () => {
    expect(JSON.parse(file(messaging, "messaging-api", /"Messaging"/))).toMatchObject({
      Messaging: { DefaultDeliveryGuarantee: "AtLeastOnce", DefaultRetentionPeriod: "P7D", MaxMessageSize: 1_048_576 },
      OpenTelemetry: { SamplingRate: 0.1 },
    });
    expect(container(api).variables).toMatchObject({
      RateLimiting__Publish: "100",
      RateLimiting__Consume: "600",
      RateLimiting__Topics: "10",
      JWT__Issuer: "https://messaging.example.com",
      JWT__Audience: "messaging-api",
      JWT__ExpirationMinutes: "60",
    });
  },

  secrets: () => {
    const { variables } = container(api);
    expect(variables.JWT__Secret).toBe("jwt/value");
    expect(Object.values(variables)).toEqual(expect.arrayContaining(["redis-users/default", "postgres-writer/password"]));
    const names = all(json("production-data"), "aws_secretsmanager_secret").map(({ name }) => name);
    for (const name of ["jwt", "postgres-writer", "redis-users"]) expect(names).toContain(`hotswap-production-${name}`);
    // On premises the cluster generates them.
    expect(objects(json("on-premises-messaging"), "Password").length).toBeGreaterThan(0);
  },

  migrations: () => {
    expect(container(workload(messaging, "job", "migrate")).command).toEqual(["dotnet", "ef", "database", "update"]);
    expect(container(workload(messaging, "job", "migrate")).variables).toMatchObject({
      CONNECTION_POSTGRES_USER: "postgres-migrator/user",
    });
    expect(api.depends_on.join()).toContain("migrate_verdict");
  },

  topics: () => {
    const { topics, subscriptions } = JSON.parse(file(messaging, "create-topics", /"topics"/));
    expect(topics[0]).toEqual({
      name: "deployment.events",
      type: "PubSub",
      schemaId: "deployment.event.v1",
      deliveryGuarantee: "AtLeastOnce",
    });
    expect(topics.map(({ name }: Body) => name)).toContain(subscriptions[0].deadLetterTopic);
    const job = workload(messaging, "job", "create-topics");
    expect(container(job).variables).toMatchObject({
      Messaging__Address: "http://messaging-api.messaging.svc.cluster.local:5000",
      JWT__Secret: "jwt/value",
    });
    expect(job.depends_on.join()).toContain("smoke-test");
    expect(container(api).variables.Messaging__SchemaApproval).toBe("true");
  },

  monitoring: () => {
    for (const environment of ["production", "on-premises"]) {
      const stack = json(`${environment}-observability`);
      const own = workload(json(`${environment}-messaging`), "deployment", "messaging-api");
      expect(container(own).variables.OpenTelemetry__JaegerEndpoint).toBe("http://collector.observability.svc:14268/api/traces");
      expect(values(stack, "collector").alternateConfig.receivers.jaeger).toEqual({
        protocols: { thrift_http: { endpoint: "${env:MY_POD_IP}:14268" } },
      });
      expect(values(stack, "collector").ports["jaeger-thrift"].enabled).toBe(true);
      const claims = all(stack, "kubernetes_persistent_volume_claim_v1").map(({ metadata }) => metadata.name);
      expect(claims).toContainEqual(expect.stringContaining("jaeger"));
      expect(values(stack, "metrics")).toMatchObject({ alertmanager: {}, grafana: { enabled: true } });

      const [monitor] = objects(json(`${environment}-messaging`), "PodMonitor");
      expect(monitor?.spec.podMetricsEndpoints).toEqual([{ port: "http", path: "/metrics" }]);
      const alerts = alertsOf(stack);
      for (const [alert, metric] of [
        ["DeliveriesFail", "messaging_messages_delivered_total"],
        ["ConsumerLags", "messaging_consumer_lag_messages"],
        ["NothingIsDelivered", "messaging_messages_published_total"],
      ] as const) {
        const { expr, labels, annotations } = alerts.get(alert) ?? {};
        expect(promql(expr)).toMatchObject({ errors: [], metrics: expect.arrayContaining([metric]) });
        expect(promql(expr).dropping("cluster")).toEqual([]);
        expect(labels).toEqual({ severity: alert === "ConsumerLags" ? "warning" : "critical", domain: "messaging" });
        expect(annotations.summary).toContain("$value");
      }
      for (const alert of ["ValkeyStoreMemoryHigh", "RequestErrors", "WorkloadOutOfMemory"])
        expect([alert, alerts.has(alert)]).toEqual([alert, true]);
      const shown = queriesOn(stack, "messaging.messages");
      for (const what of ["published_total", "delivered_total", "consumer_lag", "redis_memory_used", "container_cpu", "container_memory"])
        expect(shown).toContain(what);
    }
  },

  "migration path": () => {
    const told = (phase: Phase) => {
      const stack = synthesisOf({ ...program, environments: [onPremises(phase)] }).stacks.get("on-premises-messaging")?.json ?? {};
      const { variables } = container(workload(stack, "deployment", "messaging-api"));
      const guard = container(workload(stack, "job", "change-phase"));
      expect(guard.variables).toMatchObject({ PHASE: phase, PHASES: "off,parallel,non-critical,all" });
      return [variables.Migration__Publish, variables.Migration__DualWrites, variables.Migration__Consumers];
    };
    expect(told("off")).toEqual(["false", "false", "none"]);
    expect(told("parallel")).toEqual(["true", "true", "none"]);
    expect(told("non-critical")).toEqual(["true", "true", "non-critical"]);
    expect(told("all")).toEqual(["true", "false", "all"]);
    // Out of order, the job fails before the API changes.
    expect(file(messaging, "change-phase", /RAISE EXCEPTION/)).toContain("change one phase at a time");
    expect(api.depends_on.join()).toContain("change-phase_verdict");

    const messages = workload(messaging, "cron_job", "export-messages");
    expect(messages.spec.suspend).toBe(true);
    expect(container(messages).volume_mount.map(({ mount_path }: Body) => mount_path)).toContain("/export");
  },
});
