import type { CloudNativePgSettings, Domain, DomainService, Environment, Store, Use } from "cdktf-cqrs/stacks";

const image = (name: string) => `registry.example.com/venta/${name}:1.0.0`;
const at = (name: string, port: number) => ({ image: image(name), port });

/** Prisma's own parameters: the CA of the server, and connections of an instance. 60 instances at most share 200. */
const PRISMA = "postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=require&sslaccept=strict&sslcert={ca}&connection_limit=3";
const postgres = (as: "migrator" | "writer"): Use => ({ store: "postgres", as, variables: { DATABASE_URL: PRISMA } });
const SMALL = { cpu: "500m", cpuLimit: 1, memoryRequest: "1Gi", memory: "2Gi" } as const;
const LARGE = { cpu: 1, cpuLimit: 2, memoryRequest: "2Gi", memory: "4Gi" } as const;

/** Instances in production, and how much of the answer of Prometheus to a query each of them takes. */
type Scale = (instances: number, query: string, each: number) => Pick<DomainService, "replicas" | "scaleOn">;
const single: Scale = () => ({ replicas: 1 });
const byLoad: Scale = (instances, query, targetPerReplica) => ({
  replicas: { min: instances, max: 3 * instances },
  scaleOn: {
    cpu: 70,
    prometheus: { server: "http://metrics-prometheus.observability.svc:9090", namespace: "observability", query, targetPerReplica },
  },
});

/** In the order of deployment. Requests from outside reach the gateway when every domain has passed its test. */
function domains(mode: "development" | "test" | "production", scale: Scale): Readonly<Record<string, Domain>> {
  const env = (domain: string) => ({
    DOMAIN: domain,
    NODE_ENV: mode,
    [`${domain.toUpperCase().replaceAll("-", "_")}_DOMAIN_CONFIG`]: mode,
  });
  return {
    migrations: {
      image: image("migrations"),
      jobs: { migrate: { when: "before", command: ["npx", "prisma", "migrate", "deploy"], uses: [postgres("migrator")] } },
    },
    infrastructure: {
      ...SMALL,
      env: env("infrastructure"),
      trafficAfter: ["communication", "location-services", "marketplace"],
      services: {
        "api-gateway": {
          ...at("api-gateway", 5002),
          ...scale(5, "sum(rate(http_requests_total{service='api-gateway'}[2m]))", 200),
          uses: [postgres("writer"), "redis", "nats"],
          calls: ["file-management", "geolocation", "real-time", "user-management", "vendor-management", "search-discovery"],
          env: { GATEWAY_SERVICE_PORT: "5002", GATEWAY_RATE_LIMIT: "1000" },
          paths: ["/"],
          maxBodySize: "10Mi",
        },
        "file-management": {
          ...at("file-management", 5003),
          ...scale(2, "sum(rate(file_uploads_total[2m]))", 20),
          uses: [postgres("writer")],
          env: { FILE_UPLOAD_MAX_SIZE: "10MB" },
        },
      },
    },
    communication: {
      ...SMALL,
      env: env("communication"),
      services: {
        webhooks: {
          ...at("webhooks", 5007),
          ...scale(3, "sum(rate(webhook_deliveries_total[2m]))", 50),
          uses: ["nats"],
          egress: [{ host: "internet" }],
          env: { WEBHOOK_RETRY_ATTEMPTS: "3", WEBHOOK_TIMEOUT: "5000" },
        },
      },
    },
    "location-services": {
      ...LARGE,
      env: env("location-services"),
      services: {
        geolocation: {
          ...at("geolocation", 5001),
          ...scale(5, "sum(rate(location_updates_total[2m]))", 500),
          uses: [postgres("writer"), "redis", "nats"],
          env: { LOCATION_UPDATE_FREQUENCY: "30", GEOSPATIAL_QUERY_LIMIT: "1000" },
        },
        "real-time": {
          ...at("real-time", 5004),
          ...scale(7, "sum(websocket_connections)", 1000),
          uses: ["redis", "nats"],
          calls: ["user-management", "vendor-management", "geolocation"],
        },
      },
    },
    marketplace: {
      ...SMALL,
      env: env("marketplace"),
      services: {
        "user-management": {
          ...at("user-management", 5000),
          ...scale(5, "sum(user_activity)", 1000),
          uses: [postgres("writer"), "nats"],
          env: { USER_ACTIVITY_THRESHOLD: "1000" },
        },
        "vendor-management": {
          ...at("vendor-management", 5005),
          ...scale(3, "sum(rate(vendor_operations_total[2m]))", 100),
          uses: [postgres("writer"), "nats"],
          env: { VENDOR_OPERATIONS_LIMIT: "500" },
        },
        "search-discovery": {
          ...at("search-discovery", 5006),
          ...scale(2, "sum(rate(searches_total[2m]))", 100),
          uses: ["nats"],
        },
      },
    },
  };
}

/** Redis is a cache: sessions, positions and connections come again. */
const stores = (postgres: Omit<CloudNativePgSettings, "engine">): Readonly<Record<string, Store>> => ({
  postgres: { engine: "cloudnative-pg", version: "15", database: "venta", ...postgres },
  redis: { engine: "valkey" },
  nats: { engine: "nats" },
});

const small = (name: "development" | "test", context: string, disposable: string): Environment => ({
  system: "venta",
  name,
  size: "small",
  cluster: { context },
  stores: stores({ instances: 1 }),
  domains: domains(name, single),
  exceptions: { disposable },
});

export const development = small("development", "kind-venta", "lives on one developer's machine");
export const test = small("test", "venta-test", "made for one test run");

export const production: Environment = {
  system: "venta",
  name: "production",
  aws: { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "venta.example.com" },
  cluster: { nodes: { min: 9, max: 18 }, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
  stores: stores({ instances: 3, memory: "8Gi", parameters: { max_connections: 200 }, backup: { rto: "4h" } }),
  domains: domains("production", byLoad),
  monitoring: {
    prometheus: true,
    grafana: true,
    alerts: {
      receivers: {
        oncall: { kind: "pagerduty" },
        platform: { kind: "slack", channel: "#platform" },
        marketplace: { kind: "slack", channel: "#marketplace" },
        heartbeat: { kind: "webhook" },
      },
      default: { critical: "oncall", warning: "platform" },
      domains: { marketplace: { critical: "oncall", warning: "marketplace" } },
      heartbeat: "heartbeat",
    },
  },
  exceptions: { unauthenticatedApis: "the gateway asks user-management who its clients are" },
};
