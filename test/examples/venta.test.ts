import { program } from "../../examples/venta/main";
import type { Environment } from "../../stacks";
import { describeRows } from "./rows";
import { changed, refusedOf, Synthesized, variablesOf } from "./synthesized";

const made = new Synthesized(program);

/** The port and the instances of each service of a domain in production. */
function servicesOf(domain: string) {
  const { resource } = made.stack(`production-${domain}`);
  const names = Object.values<any>(resource.kubernetes_deployment_v1).map(({ metadata }) => metadata.name);
  const scaled = new Map(made.objects(`production-${domain}`, "ScaledObject").map(({ metadata, spec }) => [metadata.name, spec]));
  return Object.fromEntries(
    names.map((name) => {
      const { namespace } = made.deployment(`production-${domain}`, name).metadata;
      const [{ container_port: port }] = made.container(`production-${domain}`, name).port;
      return [`${namespace}/${name}`, `${port} ×${scaled.get(name)?.minReplicaCount}`];
    }),
  );
}

const DOMAIN_OF: Readonly<Record<string, string>> = {
  "api-gateway": "infrastructure",
  "file-management": "infrastructure",
  webhooks: "communication",
  geolocation: "location-services",
  "real-time": "location-services",
  "user-management": "marketplace",
  "vendor-management": "marketplace",
  "search-discovery": "marketplace",
};

const variables = (service: string) => made.variables(`production-${DOMAIN_OF[service]}`, service);

/** The services that have a variable which begins so. */
const toldOf = (variable: string) =>
  Object.keys(DOMAIN_OF)
    .filter((service) => variable in variables(service))
    .sort();

const migrating =
  (...command: readonly string[]) =>
  (environment: Environment): Environment => {
    const { migrations, ...domains } = environment.domains ?? {};
    const migrate = { ...migrations?.jobs?.migrate, when: "before", command } as const;
    return { ...environment, domains: { migrations: { ...migrations, jobs: { migrate } }, ...domains } };
  };

const RESET = ["npx", "prisma", "migrate", "reset", "--force"];

describeRows("venta", {
  dashboards: () => {
    const maps = Object.values<any>(made.stack("production-observability").resource.kubernetes_config_map_v1);
    for (const domain of new Set(Object.values(DOMAIN_OF))) {
      const map = maps.find(({ metadata }) => metadata.name === `dashboard-domain-${domain}`);
      const { panels } = JSON.parse(map.data[`domain-${domain}.json`]);
      const queries = panels.flatMap(({ targets = [] }: any) => targets.map(({ expr }: any) => expr)).join("\n");
      for (const series of ["service:requests:rate5m", "service:errors:rate5m"]) {
        expect(queries).toContain(series);
        expect(queries).toContain(`namespace="${domain}"`);
      }
    }
  },

  alerts: () => {
    const rules = made
      .objects("production-observability", "PrometheusRule")
      .flatMap(({ spec }) => spec.groups.flatMap((group: any) => group.rules));
    const named = (name: string) => rules.find(({ alert }: any) => alert === name);
    expect(named("RequestErrors")).toMatchObject({ for: "2m", labels: { severity: "critical" } });
    expect(named("RequestErrors").expr).toContain('service:kind_errors:rate5m{kind="http"} > 0.1');
    expect(named("RequestsSlow")).toMatchObject({ for: "2m", labels: { severity: "warning" } });
    expect(named("RequestsSlow").expr).toContain('service:request_duration_seconds:p95_5m{kind="http"} > 1');
    const [metrics] = Object.values<any>(made.stack("production-observability").resource.helm_release).filter(
      ({ name }) => name === "metrics",
    );
    const { routes } = JSON.parse(metrics.values[0]).alertmanager.config.route;
    expect(routes).toContainEqual(expect.objectContaining({ receiver: "marketplace", matchers: ['domain="marketplace"'] }));
  },

  infrastructure: () => {
    expect(servicesOf("infrastructure")).toEqual({
      "infrastructure/api-gateway": "5002 ×5",
      "infrastructure/file-management": "5003 ×2",
    });
  },

  marketplace: () => {
    expect(servicesOf("marketplace")).toEqual({
      "marketplace/user-management": "5000 ×5",
      "marketplace/vendor-management": "5005 ×3",
      "marketplace/search-discovery": "5006 ×2",
    });
  },

  "location-services": () => {
    expect(servicesOf("location-services")).toEqual({
      "location-services/geolocation": "5001 ×5",
      "location-services/real-time": "5004 ×7",
    });
  },

  communication: () => {
    expect(servicesOf("communication")).toEqual({ "communication/webhooks": "5007 ×3" });
  },

  PostgreSQL: () => {
    expect(toldOf("DATABASE_URL")).toEqual(["api-gateway", "file-management", "geolocation", "user-management", "vendor-management"]);
    expect(variables("geolocation").DATABASE_URL).toBe(
      "postgresql://$(CONNECTION_POSTGRES_USER):$(CONNECTION_POSTGRES_PASSWORD)@postgres-rw.postgres.svc:5432/venta" +
        "?sslmode=require&sslaccept=strict&sslcert=/etc/connections/postgres/ca.crt&connection_limit=3",
    );
    const [cluster] = made.objects("production-postgres", "Cluster");
    expect(cluster?.spec).toMatchObject({ instances: 3, imageName: expect.stringContaining("postgresql:15.") });
  },

  Redis: () => {
    expect(toldOf("REDIS_URL")).toEqual(["api-gateway", "geolocation", "real-time"]);
  },

  NATS: () => {
    expect(toldOf("NATS_URL")).toEqual([
      "api-gateway",
      "geolocation",
      "real-time",
      "search-discovery",
      "user-management",
      "vendor-management",
      "webhooks",
    ]);
  },

  resources: () => {
    for (const [service, domain] of Object.entries(DOMAIN_OF)) {
      const large = domain === "location-services";
      expect(made.container(`production-${domain}`, service).resources).toEqual({
        requests: large ? { cpu: "1", memory: "2Gi" } : { cpu: "500m", memory: "1Gi" },
        limits: large ? { cpu: "2", memory: "4Gi" } : { cpu: "1", memory: "2Gi" },
      });
    }
  },

  variables: () => {
    for (const [service, domain] of Object.entries(DOMAIN_OF)) {
      const config = `${domain.toUpperCase().replace("-", "_")}_DOMAIN_CONFIG`;
      expect(variables(service)).toMatchObject({ DOMAIN: domain, NODE_ENV: "production", [config]: "production" });
    }
    expect(variables("api-gateway")).toMatchObject({
      GATEWAY_SERVICE_PORT: "5002",
      GATEWAY_RATE_LIMIT: "1000",
      USER_MANAGEMENT_SERVICE_ADDRESS: "http://user-management.marketplace.svc.cluster.local:5000",
      VENDOR_MANAGEMENT_SERVICE_ADDRESS: "http://vendor-management.marketplace.svc.cluster.local:5005",
      SEARCH_DISCOVERY_SERVICE_ADDRESS: "http://search-discovery.marketplace.svc.cluster.local:5006",
      GEOLOCATION_SERVICE_ADDRESS: "http://geolocation.location-services.svc.cluster.local:5001",
      REAL_TIME_SERVICE_ADDRESS: "http://real-time.location-services.svc.cluster.local:5004",
      FILE_MANAGEMENT_SERVICE_ADDRESS: "http://file-management.infrastructure.svc.cluster.local:5003",
    });
    expect(variables("webhooks")).toMatchObject({ WEBHOOK_RETRY_ATTEMPTS: "3", WEBHOOK_TIMEOUT: "5000" });
    expect(variables("geolocation")).toMatchObject({ LOCATION_UPDATE_FREQUENCY: "30", GEOSPATIAL_QUERY_LIMIT: "1000" });
    expect(variables("file-management")).toMatchObject({ FILE_UPLOAD_MAX_SIZE: "10MB" });
    expect(variables("user-management")).toMatchObject({ USER_ACTIVITY_THRESHOLD: "1000" });
    expect(variables("vendor-management")).toMatchObject({ VENDOR_OPERATIONS_LIMIT: "500" });
    // nginx accepts what file-management does.
    const [limits] = made.objects("production-infrastructure-traffic", "ClientSettingsPolicy");
    expect(limits?.spec.body.maxSize).toBe("10m");
  },

  metrics: () => {
    for (const [service, domain] of Object.entries(DOMAIN_OF)) {
      expect(made.pod(`production-${domain}`, service).metadata.labels).toMatchObject({ domain, service });
      const monitor = made.objects(`production-${domain}`, "PodMonitor").find(({ metadata }) => metadata.name === service);
      expect(monitor?.spec.podTargetLabels).toEqual(expect.arrayContaining(["domain", "service"]));
      expect(monitor?.spec.podMetricsEndpoints).toEqual([{ port: "http", path: "/metrics" }]);
    }
  },

  migrations: () => {
    const { container } = made.job("production-migrations", "migrate/Default/job").spec;
    expect(container[0].command).toEqual(["npx", "prisma", "migrate", "deploy"]);
    const { DATABASE_URL, CONNECTION_POSTGRES_PASSWORD } = variablesOf(container[0]);
    expect(DATABASE_URL).toContain("sslaccept=strict");
    expect(CONNECTION_POSTGRES_PASSWORD.secret_key_ref.name).toBe("postgres-migrator");
    expect(made.before("production-infrastructure")).toContain("production-migrations");
  },

  "destructive reset": () => {
    expect(refusedOf(changed(program, "production", migrating(...RESET)))).toEqual([
      'production.domains.migrations.jobs.migrate.command: "npx prisma migrate reset --force" empties the database; ' +
        "leave it out, or set disposable where the data may be lost",
    ]);
    expect(refusedOf(changed(program, "development", migrating(...RESET)))).toEqual([]);
  },

  domain: () => {
    const signals = ["infrastructure", "communication", "location-services", "marketplace"].flatMap((domain) => {
      const { resource } = made.stack(`production-${domain}`);
      expect(Object.values<any>(resource.kubernetes_namespace_v1).map(({ metadata }) => metadata.name)).toEqual([domain]);
      return made.objects(`production-${domain}`, "ScaledObject").map(({ metadata, spec }) => {
        const [signal] = spec.triggers.filter(({ type }: { readonly type: string }) => type === "prometheus");
        return [metadata.name, signal.metadata.query];
      });
    });
    expect(Object.fromEntries(signals)).toEqual({
      "api-gateway": expect.stringContaining("http_requests_total"),
      "file-management": expect.stringContaining("file_uploads_total"),
      webhooks: expect.stringContaining("webhook_deliveries_total"),
      geolocation: expect.stringContaining("location_updates_total"),
      "real-time": expect.stringContaining("websocket_connections"),
      "user-management": expect.stringContaining("user_activity"),
      "vendor-management": expect.stringContaining("vendor_operations_total"),
      "search-discovery": expect.stringContaining("searches_total"),
    });
  },

  order: () => {
    const domains = ["migrations", "infrastructure", "communication", "location-services", "marketplace"];
    domains.slice(1).forEach((domain, index) => {
      expect(made.before(`production-${domain}`)).toContain(`production-${domains[index]}`);
    });
    // Each ends in a test of the health of its services, and only then requests reach the gateway.
    for (const [service, domain] of Object.entries(DOMAIN_OF))
      expect(JSON.stringify(made.stack(`production-${domain}`))).toContain(`health of ${service}`);
    expect(made.objects("production-infrastructure", "HTTPRoute")).toEqual([]);
    expect(made.objects("production-infrastructure-traffic", "HTTPRoute")).toHaveLength(1);
    expect(made.before("production-infrastructure-traffic")).toEqual(
      expect.arrayContaining(domains.slice(1).map((domain) => `production-${domain}`)),
    );
  },

  "release and rollback": () => {
    const released = changed(program, "production", (environment) => {
      const { marketplace, ...others } = environment.domains ?? {};
      const services = { ...marketplace?.services };
      services["user-management"] = {
        replicas: 1,
        ...services["user-management"],
        image: "registry.example.com/venta/user-management:1.1.0",
      };
      return { ...environment, domains: { ...others, marketplace: { ...marketplace, services } } };
    });
    const after = new Synthesized(released);
    const ids = made.ids("production");
    expect(after.ids("production")).toEqual(ids);
    const different = ids.filter((id) => JSON.stringify(after.stack(id)) !== JSON.stringify(made.stack(id)));
    expect(different).toEqual(["production-marketplace"]);
  },
});
