import type { TerraformStack } from "cdktf";
import { VALKEY_SIZES, Valkey, type ValkeyProps, valkeyMoveProblems } from "../../constructs/redis";
import { redisConnection } from "../../constructs/redis/contract";
import { aCluster, usersOf } from "../broker/data-cluster";
import { releasedAs, stateful } from "../broker/moves";
import { chartDefaults, unknownPaths } from "../platform/chart-defaults";
import { all, aStack, one, refusalsOf, synth } from "../synth";

type Changes = Partial<ValkeyProps> & { readonly mirror?: string };

function aValkey(stack: TerraformStack, { mirror, cluster, ...changes }: Changes = {}): Valkey {
  return new Valkey(stack, "cache", {
    cluster: cluster ?? aCluster(stack, mirror ? { mirror } : {}),
    namespace: "read-store",
    name: "cache",
    purpose: "cache",
    users: usersOf("cache-users", "default"),
    clients: [{ namespace: "read-side" }],
    ...changes,
  });
}

const json = (changes: Changes = {}) => synth((stack) => void aValkey(stack, changes));
const values = (changes: Changes = {}) => releasedAs(json(changes), "cache");
const settings = (changes: Changes = {}) => (values(changes).valkeyConfig as string).split("\n");
const refusals = (changes: Changes) => refusalsOf((stack) => void aValkey(stack, changes));

describe("a cache in Valkey", () => {
  it("forgets what was not asked for longest, before its memory is full", () => {
    expect(settings()).toEqual(expect.arrayContaining(["maxmemory 1503238553", "maxmemory-policy allkeys-lru", "appendfsync everysec"]));
  });

  it("is persistent all the same, so that it comes back warm", () => {
    expect(settings()).toEqual(expect.arrayContaining(["appendonly yes", 'save ""']));
  });
});

describe("a store in Valkey", () => {
  const store = { purpose: "store", size: "large" } as const;

  it("acknowledges what is on the disk, and forgets nothing", () => {
    expect(settings(store)).toEqual(
      expect.arrayContaining([
        "maxmemory 4294967296",
        "maxmemory-policy noeviction",
        "appendonly yes",
        "appendfsync always",
        "no-appendfsync-on-rewrite no",
      ]),
    );
  });

  it("guards its volume, and a cache doesn't", () => {
    const guarded = (changes: Changes) => one(json(changes), "kubernetes_persistent_volume_claim_v1").lifecycle;
    expect(guarded(store)).toEqual({ prevent_destroy: true });
    expect(guarded({})).toEqual({ prevent_destroy: false });
  });

  it.each([
    [
      { eviction: "allkeys-lru" },
      `eviction: "allkeys-lru" deletes data that was acknowledged when memory is full, and nothing else has it; leave it out: a full store refuses writes ("noeviction"), and its clients know`,
    ],
    [
      { eviction: "volatile-ttl" },
      `eviction: "volatile-ttl" deletes data that was acknowledged when memory is full, and nothing else has it; leave it out: a full store refuses writes ("noeviction"), and its clients know`,
    ],
    [
      { replicas: 2 },
      "replicas: 2 replicas of a store lack writes that were acknowledged, and one that takes over loses them for good: replication is asynchronous; use 0: a single server acknowledges a write after it is on disk, and has it after a restart",
    ],
    [
      { sync: "everysec" },
      `sync: "everysec" loses up to a second of acknowledged writes with the node; leave it out: a store uses "always"`,
    ],
  ] satisfies [Changes, string][])("refuses %j", (changes, message) => {
    expect(refusals({ ...store, ...changes })).toEqual([`test/cache.${message}`]);
  });

  it("accepts the size of a store for sessions and messages", () => {
    expect(refusals({ purpose: "store", cpu: 1, memory: "8Gi", storage: "50Gi" })).toEqual([]);
  });
});

const labelsOfJob = { "app.kubernetes.io/name": "cache-passwords", "app.kubernetes.io/component": "job" };

describe("Valkey", () => {
  it("is known by its password and speaks to nobody in clear", () => {
    expect(values()).toMatchObject({
      auth: { enabled: true, usersExistingSecret: "cache-users" },
      tls: { enabled: true, existingSecret: "cache-tls", serverPublicKey: "tls.crt", serverKey: "tls.key", caPublicKey: "ca.crt" },
    });
    expect(Object.keys(values().auth.aclUsers)).toEqual(["default"]);
  });

  it("lets no client change its settings, its replicas or its code", () => {
    expect(values().auth.aclUsers.default.permissions.split(" ")).toEqual(
      expect.arrayContaining(["-config|set", "-replicaof", "-module", "-debug", "-shutdown"]),
    );
  });

  it("is asked whether it is up by somebody who can do nothing else, and is not up while it reads its log", () => {
    const { auth, readinessProbe, startupProbe } = values();
    expect(auth.aclConfig).toBe("user probe on nopass -@all +ping");
    for (const { customProbe } of [readinessProbe, startupProbe])
      expect(customProbe.exec.command[2]).toMatch(/--user probe .*grep -q PONG$/);
  });

  it("is scraped by a user without a password, so that a rotation doesn't end its metrics, who reads no key", () => {
    const { auth, metrics } = values({ metricsFrom: "observability" });
    const [, rights = ""] = auth.aclConfig.split("\n");
    expect(rights).toMatch(/^user metrics on nopass -@all \+ping \+info /);
    expect(rights).not.toMatch(/[~&]|config|acl|\+@/);
    expect(metrics.exporter.extraEnvs).toMatchObject({ REDIS_USER: "metrics", REDIS_EXPORTER_CONFIG_COMMAND: "-" });
  });

  it("labels its metrics with the store, and with its purpose, by which alerts judge it", () => {
    const { metrics } = values({ metricsFrom: "observability" });
    expect(metrics.podMonitor).toEqual({
      enabled: true,
      relabelings: [
        { targetLabel: "store", replacement: "cache" },
        { targetLabel: "purpose", replacement: "cache" },
      ],
    });
  });

  it("reads a renewed certificate by itself", () => {
    expect(settings()).toContain("tls-auto-reload-interval 3600");
  });

  it("has its volume under the name that its set looks for", () => {
    const claims = all(json({ replicas: 1 }), "kubernetes_persistent_volume_claim_v1");
    expect(claims.map(({ metadata, spec }) => [metadata.name, spec.resources.requests.storage])).toEqual([
      ["valkey-data-cache-0", "10Gi"],
      ["valkey-data-cache-1", "10Gi"],
    ]);
    expect(claims[0]?.wait_until_bound).toBe(false);
  });

  it("opens its port to its clients, its metrics to Prometheus, and nothing else", () => {
    const { spec } = one(json({ metricsFrom: "observability" }), "kubernetes_network_policy_v1", "cache/traffic/policy");
    const of = (namespace: string) => [{ namespace_selector: { match_labels: { "kubernetes.io/metadata.name": namespace } } }];
    expect(spec.ingress).toEqual([
      { from: of("read-side"), ports: [{ port: "6379", protocol: "TCP" }] },
      { from: [{ ...of("read-store")[0], pod_selector: { match_labels: labelsOfJob } }], ports: [{ port: "6379", protocol: "TCP" }] },
      { from: of("observability"), ports: [{ port: "9121", protocol: "TCP" }] },
    ]);
    expect(spec.egress).toHaveLength(1);
  });

  it("learns rotated passwords from a job, and forgets the former one by itself, or at once by a job that a person starts", () => {
    const body = json({ replicas: 1, overlapHours: 12 });
    const [rotation, revocation] = ["rotation", "revocation"].map((id) => one(body, "kubernetes_cron_job_v1", `cache/passwords/${id}`));
    expect([rotation?.metadata.name, rotation?.spec.schedule, rotation?.spec.suspend]).toEqual([
      "cache-passwords",
      "*/5 * * * *",
      undefined,
    ]);
    expect([revocation?.metadata.name, revocation?.spec.suspend]).toEqual(["cache-revoke", true]);
    const [kept, revoked] = [rotation, revocation].map((one) => one?.spec.job_template.spec.template.spec);
    expect(kept.container[0].env).toEqual(
      expect.arrayContaining([
        { name: "CA", value: "/authority/ca.crt" },
        { name: "OVERLAP", value: "43200" },
        {
          name: "SERVERS",
          value: "cache-0.cache-headless.read-store.svc.cluster.local:6379 cache-1.cache-headless.read-store.svc.cluster.local:6379",
        },
      ]),
    );
    expect(kept.volume).toEqual(
      expect.arrayContaining([
        { name: "authority", secret: { secret_name: "cache-tls", default_mode: "0440", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { name: "passwords", secret: { secret_name: "cache-users", default_mode: "0440" } },
      ]),
    );
    expect(kept).toMatchObject({ automount_service_account_token: false, security_context: { run_as_non_root: true } });
    expect(revoked.container[0]).toEqual({ ...kept.container[0], command: ["sh", "/scripts/valkey-passwords.sh", "revoke"] });
    expect(refusals({ overlapHours: 1000 })).toEqual([
      "test/cache.overlapHours: 1000 must be a whole number of hours from 1 to 720; use 24 to give clients a day",
    ]);
  });

  it("is known to workloads by its primary", () => {
    const { redis } = aValkey(aStack(() => {}));
    // What may forget may be away; what is nowhere else may not.
    expect(redisConnection(redis)).not.toHaveProperty("ready");
    expect(redisConnection({ ...redis, purpose: "store" }).ready).toEqual({ host: "cache.read-store.svc", port: 6379 });
    expect(redisConnection(redis)).toMatchObject({
      facts: { host: "cache.read-store.svc", port: "6379", user: "default", password: { home: "read-store", key: "default" } },
      variables: { REDIS_CLUSTER: "false" },
      authority: { home: "read-store", secretName: "cache-tls", key: "ca.crt" },
    });
  });

  it("enters the ledger with its exporter and its volume", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aValkey(stack, { cluster, metricsFrom: "observability" });
    expect(cluster.ledger.groups).toMatchObject([
      { name: "read-store/cache", pods: 1, request: { millicores: 520, memoryBytes: (2048 + 64) * 2 ** 20, volumes: 1 } },
    ]);
  });

  it("comes from the mirror", () => {
    expect(values({ mirror: "registry.example.com/mirror" }).global).toEqual({ imageRegistry: "registry.example.com/mirror" });
  });

  const directory = process.env.CHART_DEFAULTS;
  const defaults = directory ? chartDefaults(directory, "valkey") : undefined;
  (defaults ? it : it.skip)("tells the chart only what it knows (CHART_DEFAULTS)", () => {
    const free = ["podAnnotations", "resources", "initResources", "auth.aclUsers", "replica.persistentVolumeClaimRetentionPolicy"];
    const own = ["startupProbe.customProbe", "readinessProbe.customProbe", "metrics.exporter.extraEnvs"];
    const exporter = ["metrics.exporter.resources", "metrics.exporter.securityContext"];
    const said = values({ metricsFrom: "observability", mirror: "registry.example.com/mirror" });
    expect(defaults && unknownPaths(said, defaults, [...free, ...own, ...exporter])).toEqual([]);
  });

  it.each([
    [{ memory: "64Mi" }, `memory: "64Mi" leaves no memory for data, because Valkey itself needs it; use 128Mi or more`],
    [{ storage: "3Gi" }, `storage: "3Gi" can't hold the log of 2Gi of data and the log that replaces it; use 4Gi or more`],
    [{ replicas: -1 }, "replicas: -1 must be a valid number of replicas; use 0 or more"],
    [{ memory: "2" as "2Gi" }, `memory: "2" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
    [{ storage: "2" as "2Gi" }, `storage: "2" has no unit; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
    [{ cpu: 0 }, `cpu: 0 must be a usable number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"`],
  ] satisfies [Changes, string][])("refuses %j", (changes, message) => {
    expect(refusals(changes)).toEqual([`test/cache.${message}`]);
  });
});

describe("a Valkey that grows", () => {
  it("keeps every address, and replaces nothing: neither by its size nor by its replicas", () => {
    const before = stateful(json({ size: "small" }));
    expect(stateful(json({ size: "large" }))).toEqual(before);
    expect(stateful(json({ size: "large", replicas: 2 }))).toMatchObject(before);
    expect(valkeyMoveProblems(VALKEY_SIZES.small, VALKEY_SIZES.large)).toEqual([]);
  });

  it("is a set with the same template at every size, because a set's template can't be changed", () => {
    const templateOf = (changes: Changes) => {
      const { enabled, persistence } = values(changes).replica;
      return { enabled, persistence };
    };
    expect(templateOf({ size: "large", replicas: 2 })).toEqual(templateOf({ size: "small" }));
  });

  it("does not shrink", () => {
    expect(valkeyMoveProblems(VALKEY_SIZES.large, VALKEY_SIZES.small)).toEqual([
      {
        value: "5Gi",
        rule: "is less than the 50Gi that its volumes have, and no volume shrinks",
        remedy: 'keep storage: "50Gi", or make a second one from a backup and move there',
      },
    ]);
  });
});
