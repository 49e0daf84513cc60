import { describe as text } from "../../constructs/core/errors";
import { inTier, onEventSourcingDb, type Tier } from "../../examples/orchestrix/environments";
import { program } from "../../examples/orchestrix/main";
import { moves, validate } from "../../stacks";
import { addressesOf, synthesisOf } from "../program";
import { all, type Body } from "../synth";
import { alertsOf, container, file, objects, queriesOn, values, workload } from "./kubernetes";
import { describeRows } from "./rows";

const { stacks } = synthesisOf(program);
const json = (id: string): Body => stacks.get(id)?.json ?? {};
const partsOf = (tier: Tier, of: ReturnType<typeof synthesisOf> = { ...synthesisOf(program) }) =>
  [...of.stacks.keys()].filter((id) => id.startsWith(`${tier}-`)).map((id) => id.slice(tier.length + 1));
const only = (list: readonly string[], other: readonly string[]) => list.filter((one) => !other.includes(one));

const app = (tier: Tier) => workload(json(`${tier}-orchestrix`), "deployment", "app");
const environmentIn = (tier: Tier) => inTier(tier, "production");

/** What of a move from one tier to another Terraform adds, removes or changes in a stack that both have. */
function changed(part: string): Readonly<Record<"added" | "removed" | "changed", readonly string[]>> {
  const [before, after] = [json(`medium-${part}`), json(`large-${part}`)];
  const [was, now] = [addressesOf(before), addressesOf(after)];
  const body = (of: Body, tier: string, address: string) => {
    const [type = "", name = ""] = address.split(".");
    return JSON.stringify(of.resource[type][name]).replaceAll(tier, "tier").replaceAll("10.1.", "10.2.");
  };
  const both = was.filter((one) => now.includes(one));
  return {
    added: only(now, was),
    removed: only(was, now),
    changed: both.filter((one) => body(before, "medium", one) !== body(after, "large", one)),
  };
}

describeRows("orchestrix", {
  tiers: () => {
    const [small, medium, large] = (["small", "medium", "large"] as const).map((tier) => partsOf(tier)) as [string[], string[], string[]];
    expect(small).toEqual(["platform", "orchestrix"]);
    expect(app("small").spec.replicas).toBe("1");
    expect(container(app("small")).variables.EVENT_STORE_URL).toBe("memory:");
    expect(only(large, medium)).toEqual(["audit-trail", "redis", "audit-digests", "observability"]);
    expect(only(medium, large)).toEqual([]);

    const { exceptions, ...unexcepted } = inTier("small");
    const { volatileEvents: _, ...others } = exceptions ?? {};
    expect(() => validate({ ...program, environments: [{ ...unexcepted, exceptions: others }] })).toThrow(
      'small.stores.memory.engine: "memory" loses every event when its process restarts; choose another engine, or say in exceptions.volatileEvents why that is right here',
    );
    expect(moves(environmentIn("small"), environmentIn("medium")).map(text)).toEqual([
      "production.stores.memory: kept its events in the memory of a process, which ends: postgres begins empty; accept that, or export the events of memory through the application while it runs, and append them afterwards",
    ]);
    expect(moves(environmentIn("medium"), environmentIn("large"))).toEqual([]);
    const { added, removed, changed: updated } = changed("orchestrix");
    expect(removed).toEqual([]);
    expect(
      added.filter((address) => /cron_job|autoscaler|monitor_/.test(address)).map((address) => address.replace(/_[0-9A-F]{8}$/, "")),
    ).toEqual([
      "helm_release.app_pod_monitor_release",
      "kubernetes_cron_job_v1.replay-aggregate_by-hand",
      "kubernetes_cron_job_v1.replay-time-range_by-hand",
      "kubernetes_cron_job_v1.replay-type_by-hand",
      "kubernetes_horizontal_pod_autoscaler_v2.app_rollout_scaling_by-use",
    ]);
    expect(updated.some((address) => address.startsWith("kubernetes_deployment_v1.app_"))).toBe(true);
    expect(changed("postgres").removed).toEqual([]);
  },

  "medium app": () => {
    const deployment = app("medium");
    expect(deployment.spec.replicas).toBe("3");
    const { variables, resources, port, liveness_probe: liveness, readiness_probe: readiness } = container(deployment);
    expect(port).toEqual([{ name: "http", container_port: 8000 }]);
    expect(liveness).toMatchObject({ http_get: { path: "/health" }, initial_delay_seconds: 30, period_seconds: 10 });
    expect(readiness).toMatchObject({ http_get: { path: "/ready" }, initial_delay_seconds: 10, period_seconds: 5 });
    expect(resources).toEqual({ requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "500m", memory: "512Mi" } });
    expect(variables).toMatchObject({ CONNECTION_POOL_MIN: "5", CONNECTION_POOL_MAX: "20" });
    expect(variables.DATABASE_URL).toContain("$(CONNECTION_POSTGRES_PASSWORD)@postgres-rw.postgres.svc:5432/orchestrix?");
    expect(variables.CONNECTION_POSTGRES_PASSWORD).toBe("postgres-writer/password");
    const sql = file(json("medium-orchestrix"), "migrate", /CREATE TABLE IF NOT EXISTS events/);
    for (const column of ["aggregate_id", "event_type", "event_data", "metadata", "version", "timestamp", "UNIQUE (aggregate_id, version)"])
      expect(sql).toContain(column);
    expect(sql.match(/ON events \(/g)).toHaveLength(3);
    expect(sql).toContain("CREATE TABLE IF NOT EXISTS snapshots");
    expect(deployment.depends_on.join()).toContain("migrate_verdict");
  },

  "large app": () => {
    const stack = json("large-orchestrix");
    const deployment = app("large");
    const [scaling] = all(stack, "kubernetes_horizontal_pod_autoscaler_v2");
    expect(deployment.spec).not.toHaveProperty("replicas");
    expect(scaling?.spec).toMatchObject({ min_replicas: 10, max_replicas: 100 });
    expect(scaling?.spec.metric.map(({ resource }: Body) => [resource.name, resource.target.average_utilization])).toEqual([
      ["cpu", 70],
      ["memory", 80],
    ]);
    const { variables, resources, liveness_probe: liveness, readiness_probe: readiness } = container(deployment);
    expect(resources).toEqual({ requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "2Gi" } });
    expect([liveness.initial_delay_seconds, readiness.initial_delay_seconds]).toEqual([60, 20]);
    expect(variables).toMatchObject({ DLQ_MAX_RETRIES: "3", DLQ_BACKOFF: "exponential", TENANT_ISOLATION: "stream" });
    expect(all(json("large-entry"), "aws_lb_listener").map(({ port }) => port)).toEqual([443]);
    const replays = { aggregate: ["$(AGGREGATE_ID)"], "time-range": ["$(FROM)", "$(TO)"], type: ["$(EVENT_TYPE)"] };
    for (const [what, given] of Object.entries(replays)) {
      const job = workload(stack, "cron_job", `replay-${what}`);
      expect(job.spec.suspend).toBe(true);
      expect(container(job).command).toEqual(["python", "-m", "orchestrix.replay", what, ...given]);
    }
  },

  "large store": () => {
    const stack = json("large-postgres");
    const [cluster] = objects(stack, "Cluster");
    expect(cluster?.spec).toMatchObject({
      instances: 3,
      storage: { size: "100Gi", storageClass: "data" },
      postgresql: { parameters: { max_connections: "200", shared_buffers: "256MB", effective_cache_size: "1GB", work_mem: "16MB" } },
    });
    expect(objects(stack, "PodMonitor").map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(["postgres-drill"]));
    expect(objects(stack, "PodMonitor")).toHaveLength(2);
    const [backups] = objects(stack, "ObjectStore");
    expect(backups?.spec.configuration.destinationPath).toMatch(/^s3:/);
    const locks = all(json("large-backup"), "aws_s3_bucket_object_lock_configuration");
    expect(locks.map(({ rule }) => rule.default_retention.days)).toEqual([30, 30]);

    const other = synthesisOf({ ...program, environments: [onEventSourcingDb()] }).stacks.get("large-ledger")?.json ?? {};
    const [ledger] = all(other, "kubernetes_stateful_set_v1");
    expect(ledger?.spec.template.spec.container[0].resources.limits.memory).toBe("4Gi");
    expect(JSON.stringify(ledger)).toContain("eventsourcingdb-licence");
    expect(JSON.stringify(other)).toContain("100Gi");
  },

  "security: audit log": () => {
    const trail = json("large-audit-trail");
    expect(all(trail, "aws_s3_bucket_object_lock_configuration").map(({ rule }) => rule.default_retention)).toEqual([
      // The trail, and its copy in the recovery region.
      { mode: "GOVERNANCE", days: 3650 },
      { mode: "GOVERNANCE", days: 3650 },
    ]);
    const { variables } = container(app("large"));
    expect(variables).toMatchObject({ AUDIT_KINDS: "commands,events", AUDIT_BUCKET: expect.stringMatching(/audit/) });
    expect(all(json("large-audit-digests"), "kubernetes_cron_job_v1")).toHaveLength(1);
  },

  observability: () => {
    const stack = json("large-observability");
    const { alternateConfig: collector, ports, serviceMonitor } = values(stack, "collector");
    const at = (port: number) => `\${env:MY_POD_IP}:${port}`;
    expect(collector.receivers).toMatchObject({
      otlp: { protocols: { grpc: { endpoint: at(4317) }, http: { endpoint: at(4318) } } },
      jaeger: { protocols: { thrift_http: { endpoint: at(14268) } } },
    });
    // A span is about a kilobyte: a batch is sent at a thousand of them, or within ten seconds.
    for (const exporter of ["load_balancing/traces", "otlp_http/metrics", "elasticsearch/logs"]) {
      const { batch } = collector.exporters[exporter].sending_queue;
      expect([exporter, batch.min_size]).toEqual([exporter, 1_000_000]);
      expect(Number.parseInt(batch.flush_timeout, 10)).toBeLessThanOrEqual(10);
    }
    expect(collector.processors["resource/origin"].attributes).toContainEqual({
      key: "deployment.environment.name",
      value: "large",
      action: "insert",
    });
    expect(collector.service.pipelines.traces.processors).toContain("k8s_attributes");
    const traces = values(stack, "collector-sampler").alternateConfig.exporters["otlp_grpc/traces"];
    expect(traces.endpoint).toBe("jaeger.observability.svc:4317");
    expect(collector.service.telemetry.metrics.readers[0].pull.exporter.prometheus.port).toBe(8889);
    expect(ports.metrics).toEqual({ enabled: true, containerPort: 8889, servicePort: 8889 });
    expect(serviceMonitor).toEqual({ enabled: true, metricsEndpoints: [{ port: "metrics" }] });

    const { prometheus, kubelet } = values(stack, "metrics");
    expect(prometheus.prometheusSpec).toMatchObject({ scrapeInterval: "15s", podMonitorSelectorNilUsesHelmValues: false });
    expect(kubelet.serviceMonitor).toEqual({ interval: "15s", cAdvisorInterval: "15s" });
    const [monitor] = objects(json("large-orchestrix"), "PodMonitor");
    expect(monitor?.spec.podMetricsEndpoints).toEqual([{ port: "http", path: "/metrics" }]);

    const records = JSON.stringify(objects(stack, "PrometheusRule"));
    for (const metric of [
      "commands_total",
      "events_total",
      "command_duration",
      "event_handler_duration",
      "aggregate_load_duration",
      "event_store_save_duration",
    ])
      expect(records).toContain(`orchestrix_${metric}`);
    const shown = queriesOn(stack, "write-path");
    for (const series of ['service:requests:rate5m{kind="command"', "service:aggregate_load_duration", "service:event_store_save_duration"])
      expect(shown).toContain(series);
    for (const series of ["requests:rate5m", "request_duration_seconds:p95_5m"]) expect(shown).toContain(`service:${series}{kind="event"`);
  },

  "tiers: full observability": () => {
    const parts = (tier: Tier) => all(json(`${tier}-observability`), "helm_release").map(({ name }) => name);
    expect(parts("large")).toEqual(expect.arrayContaining(["metrics", "collector", "collector-sampler", "collector-agent", "jaeger"]));
    for (const tier of ["small", "medium"] as const) expect(stacks.has(`${tier}-observability`)).toBe(false);
    const stack = json("large-observability");
    expect(values(stack, "metrics").grafana.enabled).not.toBe(false);
    expect(objects(stack, "Elasticsearch")).toHaveLength(1);
    expect(values(stack, "collector-agent").alternateConfig.service.pipelines).toHaveProperty("logs");
    for (const alert of ["RequestErrors", "PostgresDown", "ValkeyDown"]) expect([alert, alertsOf(stack).has(alert)]).toEqual([alert, true]);
  },

  "configuration: OTLP endpoint": () => {
    const { variables } = container(app("large"));
    expect(variables).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.observability.svc:4317",
      JAEGER_ENDPOINT: "http://collector.observability.svc:14268/api/traces",
    });
    const policies = JSON.stringify(all(json("large-orchestrix"), "kubernetes_network_policy_v1"));
    for (const port of ["4317", "14268"]) expect(policies).toContain(`"${port}"`);
    const collector = all(json("large-observability"), "helm_release").find(({ name }) => name === "collector");
    expect(collector?.values[0]).toContain("thrift_http");
  },

  cache: () => {
    expect(container(app("large")).variables.CACHE_TTL).toBe("300");
    const values = all(json("large-redis"), "helm_release").map(({ values: [value] }) => value);
    expect(values.some((value) => value.includes("maxmemory-policy allkeys-lru"))).toBe(true);
  },

  security: () => {
    for (const tier of ["medium", "large"] as const) {
      expect(container(app(tier)).variables.ENCRYPTION_KEY).toBe("event-encryption/value");
      const names = all(json(`${tier}-data`), "aws_secretsmanager_secret").map(({ name }) => name);
      expect(names).toContain(`orchestrix-${tier}-event-encryption`);
    }
  },

  configuration: () => {
    expect(container(app("large")).variables).toMatchObject({
      DATABASE_URL: expect.stringContaining("@postgres-pool-rw.postgres.svc:5432/orchestrix?"),
      REDIS_URL: expect.stringContaining("@redis.redis.svc:6379"),
      SNAPSHOT_FREQUENCY: "50",
      CONNECTION_POOL_MIN: "10",
      CONNECTION_POOL_MAX: "50",
      BATCH_SIZE: "1000",
      CACHE_TTL: "300",
      ENCRYPTION_KEY: "event-encryption/value",
      JWT_SECRET: "jwt/value",
    });
  },
});
