import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import {
  POSTGRES_CLUSTER_SIZES,
  PostgresCluster,
  type PostgresClusterProps,
  postgresConnection,
  postgresMoveProblems,
} from "../../constructs/postgres";
import { aCluster, usersOf } from "../broker/data-cluster";
import { releasedAs, stateful } from "../broker/moves";
import { all, aStack, type Body, one, refusalsOf, synth } from "../synth";

type Changes = Partial<PostgresClusterProps> & { readonly zones?: readonly string[]; readonly mirror?: string };

const credentials = (role: string) => {
  const secret = usersOf(`database-${role}`, "user", "password");
  return { user: { secret, home: "read-store", key: "user" }, password: { secret, home: "read-store", key: "password" } };
};

function aDatabase(stack: TerraformStack, { zones, mirror, cluster, ...changes }: Changes = {}): PostgresCluster {
  return new PostgresCluster(stack, "database", {
    cluster: cluster ?? aCluster(stack, { ...(zones ? { zones } : {}), ...(mirror ? { mirror } : {}) }),
    namespace: "read-store",
    name: "read-database",
    users: { migrator: credentials("migrator"), writer: credentials("writer"), reader: credentials("reader") },
    clients: [{ namespace: "read-side" }],
    ...changes,
  });
}

const onEks = (stack: TerraformStack) =>
  KubernetesTarget.eks(stack, {
    clusterName: "orders-test-read",
    region: "eu-west-1",
    endpoint: "https://api.example.com",
    certificateAuthority: "Y2E=",
    vpcId: "vpc-1",
  });

const BACKUP = { destination: "s3://orders-backup/postgres", credentials: { secretName: "backup" } } as const;

const json = (changes: Changes = {}) => synth((stack) => void aDatabase(stack, changes));
const jsonOnEks = (changes: Changes = {}) => synth((stack) => void aDatabase(stack, { ...changes, cluster: onEks(stack) }));
const objects = (from: Body, release: string): readonly Body[] => releasedAs(from, release).objects;
const servers = (changes: Changes = {}) => objects(json(changes), "read-database")[0]?.spec as Body;
const around = (changes: Changes, kind: string) => objects(json(changes), "read-database-around").filter((object) => object.kind === kind);
const refusals = (changes: Changes) => refusalsOf((stack) => void aDatabase(stack, changes));

describe("PostgreSQL on Kubernetes", () => {
  it("is a release of its own that no plan may delete: its volumes would go with it", () => {
    const release = one(json(), "helm_release", "servers/release");
    expect(release.lifecycle).toEqual({ prevent_destroy: true });
    expect(objects(json(), "read-database").map(({ kind }) => kind)).toEqual(["Cluster"]);
    expect(one(json({ protect: false }), "helm_release", "servers/release").lifecycle).toEqual({ prevent_destroy: false });
  });

  it("is three servers apart, of which one has every write beside the writer", () => {
    expect(servers()).toMatchObject({
      instances: 3,
      enablePDB: true,
      affinity: { enablePodAntiAffinity: true, topologyKey: "kubernetes.io/hostname", podAntiAffinityType: "required" },
      topologySpreadConstraints: [{ topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" }],
      postgresql: { synchronous: { method: "any", number: 1, dataDurability: "required", failoverQuorum: true } },
    });
  });

  it("goes on without a second copy only where that was chosen", () => {
    const { synchronous } = servers({ synchronous: { standbys: 1, durability: "preferred" } }).postgresql;
    expect(synchronous).toEqual({ method: "any", number: 1, dataDurability: "preferred" });
    expect(servers({ synchronous: false }).postgresql).not.toHaveProperty("synchronous");
  });

  it("drains a single server, which a budget would forbid", () => {
    expect(servers({ size: "small" })).toMatchObject({ instances: 1, enablePDB: false });
    expect(servers({ size: "small" }).postgresql).not.toHaveProperty("synchronous");
  });

  it("hides its superuser, and is set up by an administrator who is none", () => {
    expect(servers()).toMatchObject({
      enableSuperuserAccess: false,
      managed: { roles: [{ name: "administrator", ensure: "present", login: true, createrole: true, createdb: true }] },
      bootstrap: { initdb: { database: "app", owner: "administrator", dataChecksums: true } },
    });
  });

  it("speaks to nobody in clear", () => {
    expect(servers().postgresql.pg_hba).toEqual(["hostnossl all all all reject", "hostssl all all all scram-sha-256"]);
  });

  it("derives from memory what a server makes of it, and keeps the log from filling its volume", () => {
    expect(servers().postgresql.parameters).toEqual({
      max_connections: "100",
      work_mem: "8MB",
      maintenance_work_mem: "128MB",
      shared_buffers: "1024MB",
      effective_cache_size: "3072MB",
      max_wal_size: "5120MB",
      max_slot_wal_keep_size: "10240MB",
      log_min_duration_statement: "1s",
      log_lock_waits: "on",
    });
    expect(servers()).toMatchObject({
      resources: { requests: { cpu: "1", memory: "4Gi" }, limits: { memory: "4Gi" } },
      storage: { size: "100Gi", storageClass: "standard", resizeInUseVolumes: true },
      walStorage: { size: "20Gi", storageClass: "standard", resizeInUseVolumes: true },
    });
  });

  it("has a certificate for servers and poolers alike, which is read again when it is renewed", () => {
    const certificate = objects(json({ pooler: {} }), "read-database-certificate").find(
      ({ kind, metadata }) => kind === "Certificate" && metadata.name === "read-database",
    );
    expect(certificate?.spec.secretTemplate).toEqual({ labels: { "cnpg.io/reload": "true" } });
    for (const service of ["rw", "ro", "r", "pool-rw", "pool-ro"]) {
      expect(certificate?.spec.dnsNames).toContain(`read-database-${service}.read-store.svc`);
    }
    expect(servers().certificates).toEqual({ serverTLSSecret: "read-database-tls", serverCASecret: "read-database-tls" });
  });

  it("is of the version that was chosen, from the mirror", () => {
    expect(servers().imageName).toBe("ghcr.io/cloudnative-pg/postgresql:17.11-minimal-trixie");
    expect(servers({ version: "15", mirror: "registry.example.com/mirror" }).imageName).toBe(
      "registry.example.com/mirror/cloudnative-pg/postgresql:15.19-minimal-trixie",
    );
  });

  it("takes the numbers of systems 3 and 5, where there is memory for them", () => {
    const three = { max_connections: 200, shared_buffers: "256MB", effective_cache_size: "1GB", work_mem: "16MB" };
    expect(refusals({ size: "large", storage: "100Gi", parameters: three })).toEqual([]);
    const five = { max_connections: 200, work_mem: "4MB", maintenance_work_mem: "64MB" };
    expect(refusals({ version: "15", instances: 1, cpu: 1, memory: "4Gi", storage: "50Gi", parameters: five })).toEqual([]);
  });

  it("opens itself to its clients, its operator and its own, and Prometheus where there is one", () => {
    const { spec } = one(json({ metricsFrom: "observability" }), "kubernetes_network_policy_v1");
    expect(spec.pod_selector).toEqual({ match_labels: { "cnpg.io/cluster": "read-database" } });
    const openings = (spec.ingress as Body[]).map(({ from, ports }) => [
      from[0].namespace_selector.match_labels["kubernetes.io/metadata.name"],
      ports.map(({ port }: { port: string }) => port),
    ]);
    expect(openings).toEqual([
      ["read-store", ["5432", "8000"]],
      ["cnpg-system", ["8000", "5432"]],
      ["read-side", ["5432"]],
      ["observability", ["9187", "9127"]],
    ]);
  });

  it("tells Prometheus where it is only where there is one", () => {
    expect(around({ metricsFrom: "observability", pooler: {} }, "PodMonitor")).toHaveLength(1);
    expect(around({ pooler: {} }, "PodMonitor")).toEqual([]);
  });

  it("labels its metrics with the store", () => {
    const [monitor] = around({ metricsFrom: "observability" }, "PodMonitor");
    expect(monitor?.spec.podMetricsEndpoints).toEqual([
      { port: "metrics", relabelings: [{ targetLabel: "store", replacement: "read-database" }] },
    ]);
  });

  it("enters the ledger with its volumes, the jobs that make them, and its poolers", () => {
    const stack = aStack(() => {});
    const cluster = aCluster(stack);
    aDatabase(stack, { cluster, pooler: {}, backup: BACKUP });
    const request = { millicores: 1050, memoryBytes: (4096 + 256) * 2 ** 20 };
    expect(cluster.ledger.groups).toMatchObject([
      { name: "read-store/read-database", pods: 3, request: { ...request, volumes: 2 } },
      { name: "read-store/read-database-join", pods: 1, request, passing: true },
      { name: "read-store/read-database-pool-rw", pods: 2, surge: 1 },
      { name: "read-store/read-database-pool-ro", pods: 2, surge: 1 },
    ]);
  });
});

describe("what workloads know of PostgreSQL on Kubernetes", () => {
  const of = (changes: Changes) =>
    aDatabase(
      aStack(() => {}),
      changes,
    ).postgres;

  it("is where to write and where to read", () => {
    expect(of({})).toMatchObject({
      database: "app",
      writer: "read-database-rw.read-store.svc",
      reader: "read-database-ro.read-store.svc",
      authority: { home: "read-store", secretName: "read-database-tls", key: "ca.crt" },
      administrator: { user: { home: "read-store", key: "username" }, password: { home: "read-store", key: "password" } },
    });
    expect(of({}).administrator.user.secret.name).toBe("read-database-app");
    expect(of({ size: "small" }).reader).toBe("read-database-rw.read-store.svc");
  });

  it("is the pool, for all but those who change tables", () => {
    const pooled = of({ pooler: {} });
    expect(postgresConnection(pooled, "writer").facts.host).toBe("read-database-pool-rw.read-store.svc");
    expect(postgresConnection(pooled, "reader").facts.host).toBe("read-database-pool-ro.read-store.svc");
    expect(postgresConnection(pooled, "migrator").facts.host).toBe("read-database-rw.read-store.svc");
    expect(postgresConnection({ ...pooled, pool: undefined }, "writer").facts.host).toBe("read-database-rw.read-store.svc");
    expect(postgresConnection(of({ size: "small", pooler: {} }), "reader").facts.host).toBe("read-database-pool-rw.read-store.svc");
  });
});

describe("a pool in front of PostgreSQL", () => {
  const [writers] = around({ pooler: {} }, "Pooler");

  it("takes connections over TLS, in transactions, and leaves some of the server's to others", () => {
    expect(writers?.spec).toMatchObject({
      type: "rw",
      instances: 2,
      pgbouncer: {
        poolMode: "transaction",
        image: "ghcr.io/cloudnative-pg/pgbouncer:1.25.1",
        parameters: { client_tls_sslmode: "require", default_pool_size: "40", max_db_connections: "40", max_prepared_statements: "200" },
      },
    });
  });

  it("is drained one at a time", () => {
    expect(around({ pooler: {} }, "PodDisruptionBudget").map(({ spec }) => spec)).toEqual([
      {
        maxUnavailable: 1,
        selector: { matchLabels: { "cnpg.io/poolerName": "read-database-pool-rw" } },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
      {
        maxUnavailable: 1,
        selector: { matchLabels: { "cnpg.io/poolerName": "read-database-pool-ro" } },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    ]);
  });
});

describe("backups of PostgreSQL", () => {
  it("go to a place that deletes by its own rules, with a full one at once and every night", () => {
    const [store] = objects(json({ backup: BACKUP }), "read-database-stores");
    expect(store?.spec).not.toHaveProperty("retentionPolicy");
    expect(store?.spec.configuration).toMatchObject({
      destinationPath: "s3://orders-backup/postgres",
      s3Credentials: {
        accessKeyId: { name: "backup", key: "access-key-id" },
        secretAccessKey: { name: "backup", key: "secret-access-key" },
      },
    });
    expect(around({ backup: BACKUP }, "ScheduledBackup")[0]?.spec).toMatchObject({
      schedule: "10 0 2 * * *",
      immediate: true,
      method: "plugin",
    });
    expect(servers({ backup: BACKUP }).plugins).toEqual([
      {
        name: "barman-cloud.cloudnative-pg.io",
        isWALArchiver: true,
        parameters: { barmanObjectName: "read-database-backup", serverName: "read-database" },
      },
    ]);
  });

  it("are written with the role of its service account on AWS, and the way to it is open", () => {
    const from = jsonOnEks({ backup: { destination: "s3://orders-backup/postgres" } });
    expect(objects(from, "read-database-stores")[0]?.spec).toMatchObject({
      configuration: { s3Credentials: { inheritFromIAMRole: true } },
      instanceSidecarConfiguration: { env: [{ name: "AWS_REGION", value: "eu-west-1" }] },
    });
    expect(JSON.stringify(one(from, "kubernetes_network_policy_v1").spec.egress)).toContain("169.254.170.23/32");
  });

  it("are what another is made from, at a moment of choice", () => {
    const changes: Changes = {
      name: "read-database-2",
      backup: BACKUP,
      recoverFrom: { ...BACKUP, serverName: "read-database", target: { time: "2026-11-21T02:15:00Z" } },
    };
    const spec = objects(json(changes), "read-database-2")[0]?.spec;
    expect(spec.bootstrap).toEqual({
      recovery: { source: "origin", database: "app", owner: "administrator", recoveryTarget: { targetTime: "2026-11-21T02:15:00Z" } },
    });
    expect(spec.externalClusters[0].plugin.parameters).toEqual({ barmanObjectName: "read-database-2-origin", serverName: "read-database" });
  });
});

describe("PostgreSQL on Kubernetes refuses", () => {
  it.each([
    [
      { instances: 2 },
      `instances: 2 can't both require a second copy of every write and accept writes while a standby is down; use 3, or choose: synchronous: { standbys: 1, durability: "preferred" } takes writes, without a second copy then`,
    ],
    [{ instances: 0 }, "instances: 0 must be a valid number of instances; use 1, or 3 to survive the loss of one"],
    [
      { synchronous: { standbys: 3, durability: "required" } },
      "synchronous: 3 standbys are more than 3 instances have in addition to the primary; use at most 2",
    ],
    [
      { instances: 1, synchronous: { standbys: 1, durability: "required" } },
      "synchronous: 1 standby is more than 1 instance has in addition to the primary; use 3 instances, or leave it out",
    ],
    [
      { synchronous: { standbys: 2, durability: "required" } },
      `synchronous: "required" stops all writes if one of 3 instances is down, because all 2 standbys must confirm each write; use 4 instances, or durability "preferred"`,
    ],
    [
      { synchronous: { standbys: 0, durability: "required" } },
      "synchronous: 0 must be a valid number of standbys; use 1, or false for none",
    ],
    [{ storage: "500Mi" }, `storage: "500Mi" holds little more than an empty database; use 1024Mi or more`],
    [{ walStorage: "1Gi" }, `walStorage: "1Gi" is full before a standby that restarts is back; use 2048Mi or more`],
    [{ storage: "1T" as "1Ti" }, `storage: "1T" has an unknown unit "T"; use one of Ki, Mi, Gi, Ti, like "16Gi"`],
    [{ cpu: "x" as "1m" }, `cpu: "x" must be a valid number of cores; write cores as a number, like 2 or 0.5, or thousandths, like "500m"`],
    [
      { parameters: { max_connections: 1000 } },
      "parameters: 1000 connections of 8 MiB work_mem and 10 MiB of their own, 1024 MiB shared_buffers and 3 vacuums of 128 MiB are 19408 MiB, more than the 4096 MiB of memory; use at most 149 connections, or less work_mem, or take more memory",
    ],
    [{ parameters: { fsync: "off" } }, `parameters: "fsync = off" can corrupt the database after a crash of the machine; leave it out`],
    [
      { parameters: { archive_command: "true" } },
      `parameters: "archive_command" is set by the operator, which refuses another; leave it out`,
    ],
    [
      { pooler: { instances: 1 } },
      "pooler: 1 pooler is lost with its node, and with it every connection to 3 instances that are not; use 2 or more",
    ],
    [{ pooler: { instances: 0 } }, "pooler: 0 must be a valid number of poolers; use 2"],
    [
      { pooler: { instances: 20 } },
      "pooler: 20 poolers have 4 of 100 connections each, when 20 are left to others; raise max_connections, or use fewer poolers",
    ],
    [
      { backup: { ...BACKUP, schedule: "30 2 * * *" } },
      `backup: "30 2 * * *" has 5 fields, and the operator reads six, of which the first is seconds; write it like "0 30 2 * * *", for half past two`,
    ],
    [
      { backup: { ...BACKUP, destination: "orders" } },
      `backup: "orders" must be an object storage location; write s3://bucket/path, without a / at its end`,
    ],
    [
      { backup: { destination: BACKUP.destination } },
      "backup: has no identity on a cluster outside of AWS; name a secret: credentials: { secretName: … }",
    ],
    [
      { backup: BACKUP, recoverFrom: { ...BACKUP, serverName: "read-database", target: { lsn: "0/5000060" } } },
      `recoverFrom: "read-database" is also where it would back up to: it would find the archive of its predecessor and refuse to go on; give it an archive of its own, like backup.serverName: "orders-2"`,
    ],
    [
      { name: "Database" },
      `name: "Database" is not a valid name of a PostgreSQL cluster; use up to 40 lower-case letters, digits and hyphens`,
    ],
  ] satisfies [Changes, string][])("%j", (changes, message) => {
    const own = refusals(changes).filter((line) => line.startsWith("test/database."));
    expect(own).toEqual([`test/database.${message}`]);
  });

  it("too little memory for what its size takes", () => {
    expect(refusals({ memory: "256Mi" })).toEqual([
      `test/database.memory: "256Mi" is less than PostgreSQL, its connections and its instance manager need; use 512Mi or more`,
      "test/database.parameters: 100 connections of 8 MiB work_mem and 10 MiB of their own, 64 MiB shared_buffers and 3 vacuums of 128 MiB are 2248 MiB, more than the 256 MiB of memory; lower shared_buffers or work_mem, or take more memory",
    ]);
  });
});

describe("a PostgreSQL that grows", () => {
  const { small, medium, large } = POSTGRES_CLUSTER_SIZES;

  it("keeps every address, and replaces nothing, its volumes least of all", () => {
    const before = stateful(json({ size: "small" }));
    expect(stateful(json({ size: "medium" }))).toEqual(before);
    expect(stateful(json({ size: "large" }))).toEqual(before);
    expect(all(json(), "helm_release")).toHaveLength(2);
    expect(postgresMoveProblems(small, medium)).toEqual([]);
    expect(postgresMoveProblems(medium, large)).toEqual([]);
  });

  it("does not shrink", () => {
    expect(postgresMoveProblems(medium, { ...small, walStorage: medium.walStorage })).toEqual([
      {
        value: "20Gi",
        rule: "is less than the 100Gi that its volumes have, and no volume shrinks",
        remedy: 'keep storage: "100Gi", or make a second one from a backup and move there',
      },
    ]);
  });
});
