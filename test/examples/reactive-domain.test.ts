import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testEnvironment } from "../../examples/reactive-domain/environments";
import { program } from "../../examples/reactive-domain/main";
import { asDomains, backupTable, type Environment, type Program, type Store } from "../../stacks";
import { all, type Body } from "../synth";
import { alertsOf, queriesOn, values } from "./kubernetes";
import { describeRows } from "./rows";
import { changed, named, refusedOf, Synthesized, variablesOf } from "./synthesized";

const made = new Synthesized(program);

const nodesOf = (environment: string) => named(made.stack(`${environment}-event-store`), "kubernetes_stateful_set_v1", "event-store").spec;

/** What a node of the event store is told. */
const optionsOf = (environment: string) => variablesOf(nodesOf(environment).template.spec.container[0]);

const api = (environment: string) => made.variables(`${environment}-api`, "reactive-domain-api");

/** The program with an option of the production event store. */
const withOption = (option: string): Program =>
  changed(program, "production", (environment) => {
    const events = { ...environment.stores?.["event-store"], options: { [option]: true } } as Store;
    return { ...environment, stores: { ...environment.stores, "event-store": events } };
  });

/** Names of jobs in a stack that an operator or a schedule starts. */
const scheduled = (id: string) => all(made.stack(id), "kubernetes_cron_job_v1").map(({ metadata, spec }) => [metadata.name, spec.schedule]);

/** Jobs of a stack that run in an apply, by their names without the hash. */
const jobs = (id: string) => all(made.stack(id), "kubernetes_job_v1").map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, ""));

/** The namespaces that an object lets in, by a network policy's name. */
const clientsOf = (id: string, policy: string): readonly string[] =>
  named(made.stack(id), "kubernetes_network_policy_v1", policy)
    .spec.ingress.flatMap(({ from }: Body) => from)
    .map(({ namespace_selector }: Body) => namespace_selector.match_labels["kubernetes.io/metadata.name"]);

describeRows("reactive-domain", {
  development: () => {
    expect(nodesOf("development").replicas).toBe("1");
    expect(optionsOf("development")).toMatchObject({
      EVENTSTORE_INSECURE: "true",
      EVENTSTORE_RUN_PROJECTIONS: "All",
      EVENTSTORE_START_STANDARD_PROJECTIONS: "true",
      EVENTSTORE_ENABLE_ATOM_PUB_OVER_HTTP: "true",
    });
    expect(api("development").EventStore__ConnectionString).toMatch(/^esdb:\/\/event-store-0\.\S+:2113\?tls=false$/);
  },

  testing: () => {
    const both = new Synthesized({ ...program, environments: [...program.environments, testEnvironment("acceptance")] });
    for (const name of ["test", "acceptance"]) {
      const [namespace, ...more] = all(both.stack(`${name}-event-store`), "kubernetes_namespace_v1");
      expect([namespace?.metadata.name, more]).toEqual([`${name}-event-store`, []]);
      expect(JSON.stringify(both.stack(`${name}-event-store`))).not.toContain('"prevent_destroy":true');
      expect(both.variables(`${name}-api`, "reactive-domain-api").EventStore__ConnectionString).toContain(
        `@event-store-0.event-store-nodes.${name}-event-store.svc`,
      );
    }
    expect(JSON.stringify(made.stack("production-event-store"))).toContain('"prevent_destroy":true');

    expect(jobs("test-api")).toContain("load-test-data");
    expect(scheduled("test-api")).toEqual([["clean-test-data", "0 3 * * *"]]);
    for (const environment of ["development", "production"]) {
      expect(jobs(`${environment}-api`)).not.toContain("load-test-data");
      expect(scheduled(`${environment}-api`)).toEqual([]);
    }
  },

  "event store": () => {
    const { replicas, service_name, volume_claim_template, template } = nodesOf("production");
    expect({ replicas, service_name }).toEqual({ replicas: "3", service_name: "event-store-nodes" });
    expect(volume_claim_template[0].spec.resources.requests.storage).toBe("10Gi");
    expect(template.spec.container[0].port).toContainEqual(expect.objectContaining({ container_port: 2113 }));
    const headless = named(made.stack("production-event-store"), "kubernetes_service_v1", "event-store-nodes").spec;
    expect(headless.cluster_ip).toBe("None");
    expect(optionsOf("production").EVENTSTORE_GOSSIP_SEED.split(",")).toEqual(
      [0, 1, 2].map((node) => `event-store-${node}.event-store-nodes.event-store.svc.cluster.local:2113`),
    );
    for (const environment of ["test", "production"]) {
      expect(optionsOf(environment)).not.toHaveProperty("EVENTSTORE_INSECURE");
      expect(api(environment).EventStore__ConnectionString).toMatch(/tls=true&tlsCaFile=\/etc\/connections\/event-store\/ca\.crt$/);
    }
    expect(refusedOf(withOption("TCP_PLUGIN__ENABLE_EXTERNAL_TCP"))).toEqual([
      'production.stores.event-store.options: "TCP_PLUGIN__ENABLE_EXTERNAL_TCP" turns on the TCP protocol of old clients, and a server ' +
        "without a licence stops there; leave it out, or make KurrentDb with the key of a licence",
    ]);
  },

  API: () => {
    const { spec } = made.deployment("production-api", "reactive-domain-api");
    expect(spec.replicas).toBe("3");
    const [container] = spec.template.spec.container;
    // Pods don't run as root, so they can't listen on 80 themselves.
    const [http] = named(made.stack("production-api"), "kubernetes_service_v1", "reactive-domain-api").spec.port;
    expect(http).toMatchObject({ port: 80, target_port: "http" });
    expect(container.readiness_probe).toMatchObject({ http_get: { path: "/health" }, initial_delay_seconds: 5, period_seconds: 10 });
    expect(container.liveness_probe).toMatchObject({ http_get: { path: "/health" }, initial_delay_seconds: 15, period_seconds: 20 });
    const environments = { development: "Development", test: "Testing", production: "Production" };
    for (const [name, aspNet] of Object.entries(environments)) {
      expect(api(name)).toMatchObject({ ASPNETCORE_ENVIRONMENT: aspNet, EventStore__ConnectionString: expect.stringMatching(/^esdb:/) });
    }
  },

  "read model database": () => {
    const [container] = made.job("production-schema", "migrations/Default/job").spec.container;
    const { ConnectionStrings__ReadModels, CONNECTION_READ_MODELS_PASSWORD } = variablesOf(container);
    expect(ConnectionStrings__ReadModels).toContain("Host=read-models-rw.read-models.svc;");
    expect(CONNECTION_READ_MODELS_PASSWORD.secret_key_ref.name).toBe("read-models-migrator");
    expect(made.before("production-schema")).toContain("production-read-models");
  },

  "deployment order": () => {
    const domains = ["schema", "commands", "queries", "api"];
    domains.slice(1).forEach((domain, index) => {
      expect(made.before(`production-${domain}`)).toContain(`production-${domains[index]}`);
      expect(jobs(`production-${domain}`)).toContain("smoke-test");
    });
    const verify = all(made.stack("production-api"), "kubernetes_job_v1").find(({ metadata }) =>
      /^verify-[0-9a-f]{8}$/.test(metadata.name),
    );
    expect(verify?.depends_on).toContainEqual(expect.stringMatching(/^data\.kubernetes_config_map_v1\.smoke-test_verification_verdict/));
    expect(Object.keys(variablesOf(verify?.spec.template.spec.container[0]))).toEqual(
      expect.arrayContaining(["EventStore__ConnectionString", "ConnectionStrings__ReadModels"]),
    );
  },

  scaling: () => {
    const commands = named(made.stack("production-commands"), "kubernetes_stateful_set_v1", "commands").spec;
    expect(commands.replicas).toBe("3");
    expect(variablesOf(commands.template.spec.container[0])).toMatchObject({ PARTITIONS: "12", WORKERS: "3", PARALLELISM: "4" });

    const [scaled] = made.objects("production-commands", "ScaledObject");
    expect(scaled?.spec).toMatchObject({ minReplicaCount: 3, maxReplicaCount: 9 });
    expect(scaled?.spec.triggers).toContainEqual(
      expect.objectContaining({
        type: "nats-jetstream",
        metadata: expect.objectContaining({ stream: "commands", consumer: "bulk-commands", lagThreshold: "100" }),
      }),
    );
    expect(made.variables("production-commands", "bulk-commands")).toMatchObject({ Queue__BatchSize: "100", Queue__MaxPending: "1000" });

    const queries = made.variables("production-queries", "queries");
    expect(queries.ConnectionStrings__ReadModels).toContain("Host=read-models-ro.read-models.svc;");
    expect(queries.ConnectionStrings__Cache).toMatch(/^cache\.cache\.svc:6379,.*ssl=true$/);
    expect(made.objects("production-read-models", "Cluster")[0]?.spec.instances).toBe(3);

    const subscriptions = named(made.stack("production-event-store"), "kubernetes_config_map_v1", "event-store-persistent-subscriptions");
    expect(subscriptions.data["0.name"]).toBe("policies on $ce-order\n");
  },

  monitoring: () => {
    const stack = made.stack("production-observability");
    const store = queriesOn(stack, "kurrentdb");
    for (const series of ["queue_queueing_duration_max", "io_events_total", "grpc_method_duration", "disk_used", "proc_mem_bytes"])
      expect(store).toContain(series);
    const alerts = alertsOf(stack);
    for (const alert of ["KurrentDbQueueSlow", "KurrentDbAppendsSlow", "KurrentDbDiskFull", "KurrentDbMemoryHigh", "ReadModelBehind"])
      expect([alert, alerts.has(alert)]).toEqual([alert, true]);
    for (const [dashboard, kind] of [
      ["write-path", "command"],
      ["read-path", "query"],
    ] as const) {
      const shown = queriesOn(stack, dashboard);
      expect(shown).toContain(`service:requests:rate5m{kind="${kind}"`);
      expect(shown).toContain(`service:request_duration_seconds:p95_5m{kind="${kind}"`);
    }
    // The projector writes its position and the store's end to the read database, from where an exporter reads them.
    expect(queriesOn(stack, "projections")).toContain("cqrs_projection_last_advanced_timestamp_seconds");
    expect(made.objects("production-queries", "PodMonitor").map(({ metadata }) => metadata.name)).toContainEqual(
      expect.stringMatching(/progress/),
    );
    // Infrastructure: the chart has its dashboards and node-exporter on; the platform adds its rules.
    for (const alert of ["NodeNotReady", "VolumeThrottled"]) expect([alert, alerts.has(alert)]).toEqual([alert, true]);

    const agent = JSON.stringify(values(stack, "collector-agent").alternateConfig.processors["transform/parse"]);
    for (const field of ["ParseJSON", "correlation.id", "causation.id", "trace_id"]) expect(agent).toContain(field);
    expect(api("production").OTEL_EXPORTER_OTLP_ENDPOINT).toBe("http://collector.observability.svc:4317");
    const { traces } = values(stack, "collector").alternateConfig.service.pipelines;
    expect(traces.receivers).toEqual(["otlp", "jaeger"]);
  },

  compliance: () => {
    const locks = all(made.stack("production-audit-trail"), "aws_s3_bucket_object_lock_configuration");
    const locked = { mode: "GOVERNANCE", days: 365 };
    // The trail, and its copy in the recovery region.
    expect(locks.map(({ rule }) => rule.default_retention)).toEqual([locked, locked]);
    const [digests] = all(made.stack("production-audit-digests"), "kubernetes_cron_job_v1");
    expect(digests?.spec.schedule).toBe("10 * * * *");
    const keep = variablesOf(digests?.spec.job_template.spec.template.spec.container[0]).KEEP_DAYS;
    expect(JSON.parse(keep)).toEqual({ commands: 3650, events: 3650, access: 365 });
    expect(made.variables("production-commands", "bulk-commands").AUDIT_KINDS).toBe("commands,events");
    expect(api("production").AUDIT_KINDS).toBe("access");
    // Records of accesses are deleted after a year, those of commands and events after ten.
    const expiry = JSON.stringify(all(made.stack("production-audit-trail"), "aws_s3_bucket_lifecycle_configuration"));
    for (const days of [365, 3650]) expect(expiry).toContain(`"days":${days}`);
    for (const release of ["collector", "collector-agent"]) {
      const masking = JSON.stringify(
        values(made.stack("production-observability"), release).alternateConfig.processors["redaction/personal"],
      );
      for (const field of ["email", "phone"]) expect(masking).toContain(field);
    }
    expect(readFileSync(join(__dirname, "../../../docs/audit.md"), "utf8")).toContain("## Answer a data-subject request");
  },

  backup: () => {
    const production = program.environments.find(({ name }) => name === "production") as Environment;
    const rows = backupTable(asDomains(production)).filter(({ part }) => part === "event-store");
    const copied = "eu-west-1, copied to eu-central-1";
    expect(rows.map(({ how, often, where, locked, alert, drill }) => [how, often, where, locked, alert, drill])).toEqual([
      ["stream backup", "every 15m", copied, "locked (governance)", "alert StreamBackupLate", "drill 30 5 * * 0"],
      ["snapshots of a volume", "every 6h", copied, "locked (governance)", "alert VolumeSnapshotLate", "drill 30 5 * * 0"],
    ]);
    expect(scheduled("production-event-store")).toEqual(
      expect.arrayContaining([
        ["event-store-backup", expect.stringContaining("*")],
        ["event-store-verify", expect.stringContaining("* * 0")],
        ["event-store-snapshots", expect.stringContaining("*")],
      ]),
    );
  },

  security: () => {
    expect(api("production")).toMatchObject({
      Jwt__Authority: "https://login.example.com/",
      Jwt__Audience: "reactive-domain",
      AUTH_JWKS_URL: "https://login.example.com/.well-known/jwks.json",
      AUTH_ALGORITHMS: "RS256",
      AUTH_ROLES_FILE: "/etc/authorization/roles.json",
      CONNECTION_EVENT_STORE_PASSWORD: { secret_key_ref: { name: "event-store-commands", key: "password" } },
    });
    const { data } = named(made.stack("production-api"), "kubernetes_config_map_v1", "reactive-domain-api");
    expect(JSON.stringify(data)).toContain("CancelOrder");
    expect(made.variables("production-commands", "policies").CONNECTION_EVENT_STORE_USER.secret_key_ref.name).toBe(
      "event-store-subscriptions",
    );
    expect([...new Set(clientsOf("production-event-store", "event-store-nodes"))].sort()).toEqual([
      "api",
      "commands",
      "event-store",
      "observability",
      "queries",
    ]);
    // Passwords are generated in Secrets Manager and come from there: none is a resource of Kubernetes' own, or of the state.
    expect(made.objects("production-event-store", "ExternalSecret").map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(["event-store-users", "event-store-commands", "event-store-subscriptions"]),
    );
    for (const id of made.ids("production")) expect(Object.keys(made.stack(id).resource)).not.toContain("kubernetes_secret_v1");
  },
});
