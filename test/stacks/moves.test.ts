import { describe as inWords } from "../../constructs/core/errors";
import { bytes } from "../../constructs/core/quantities";
import { type Environment, moves } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import type { Body } from "../synth";
import { fewOf } from "../thorough";

/**
 * Arguments without which a resource can't stay what it is: a change of one plans another in its place (ForceNew in the
 * sources of terraform-provider-aws 6, internal/service, terraform-provider-kubernetes 2.38, schema_persistent_volume_claim.go
 * and schema_metadata.go, terraform-provider-helm 2.17, resource_release.go, and terraform-provider-kurrentcloud).
 * `identifier` of an instance is renamed in place by newer ones, and no move does.
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  aws_db_instance: [
    "availability_zone",
    "db_name",
    "engine",
    "identifier",
    "kms_key_id",
    "snapshot_identifier",
    "storage_encrypted",
    "timezone",
    "username",
  ],
  aws_elasticache_replication_group: [
    "at_rest_encryption_enabled",
    "data_tiering_enabled",
    "kms_key_id",
    "network_type",
    "port",
    "replication_group_id",
    "snapshot_name",
    "subnet_group_name",
  ],
  aws_kms_key: ["bypass_policy_lockout_safety_check", "customer_master_key_spec", "key_usage", "multi_region"],
  aws_rds_cluster: [
    "availability_zones",
    "cluster_identifier",
    "database_name",
    "db_subnet_group_name",
    "engine",
    "engine_mode",
    "kms_key_id",
    "master_username",
    "snapshot_identifier",
    "storage_encrypted",
  ],
  aws_s3_bucket: ["bucket", "object_lock_enabled"],
  aws_secretsmanager_secret: ["name"],
  helm_release: ["name", "namespace"],
  kubernetes_config_map_v1: ["metadata.name", "metadata.namespace", "data", "immutable"], // an immutable one can't be changed
  kubernetes_namespace_v1: ["metadata.name"],
  kubernetes_persistent_volume_claim_v1: [
    "metadata.name",
    "metadata.namespace",
    "spec.access_modes",
    "spec.storage_class_name",
    "spec.selector",
    "spec.volume_name",
  ],
  kurrentcloud_network: ["project_id", "resource_provider", "region", "cidr_block"],
  kurrentcloud_managed_cluster: ["project_id", "network_id", "topology", "public_access", "acl_id"],
};

/** Disks by resource: they grow in place and never shrink. */
const DISKS: Readonly<Record<string, (body: Body) => readonly unknown[]>> = {
  aws_db_instance: ({ allocated_storage }) => [`${allocated_storage}Gi`],
  kubernetes_persistent_volume_claim_v1: ({ spec }) => [spec.resources.requests.storage],
  kurrentcloud_managed_cluster: ({ disk_size }) => [`${disk_size}Gi`],
  helm_release: (body) => databaseIn(body)?.flatMap(({ spec }: Body) => [spec.storage.size, spec.walStorage.size]) ?? [],
};

function databaseIn({ values: [text] }: Body): readonly Body[] | undefined {
  const { objects = [] } = JSON.parse(text.replace(/([$%])\1\{/g, "$1{"));
  return objects.filter(({ apiVersion, kind }: Body) => kind === "Cluster" && apiVersion.startsWith("postgresql.cnpg.io/"));
}

interface Kept {
  readonly fixed: string;
  readonly disks: readonly number[];
}

/** Whatever an environment can't make again: data, what it is encrypted with, passwords, authorities. A cache may forget. */
function kept(environment: Environment): ReadonlyMap<string, Kept> {
  const { stacks } = synthesisOf(aProgram(environment));
  const found = [...stacks].flatMap(([id, { json }]) =>
    Object.entries((json.resource ?? {}) as Record<string, Record<string, Body>>).flatMap(([type, named]) =>
      Object.entries(named)
        .filter(([name, body]) => isKept(type, name, body) && !(name.startsWith("cache_") && environment.cache?.purpose !== "store"))
        .map(([name, body]): [string, Kept] => [
          `${id}/${type}.${name}`,
          {
            fixed: JSON.stringify(REPLACED_BY[type]?.map((argument) => argument.split(".").reduce((value, key) => value?.[key], body))),
            disks: (DISKS[type]?.(body) ?? []).map((size) => Number(bytes(size))),
          },
        ]),
    ),
  );
  return new Map(found);
}

function isKept(type: string, name: string, body: Body): boolean {
  if (!(type in REPLACED_BY)) return false;
  if (type === "helm_release") return /"isCA":true|"kind":"ExternalSecret"|postgresql\.cnpg\.io\/v1","kind":"Cluster"/.test(body.values[0]);
  if (type === "kubernetes_config_map_v1") return body.immutable === true && name.includes("founded");
  return body.replicate_source_db === undefined;
}

/** What a change would take from an environment, as Terraform and the APIs behind it do. */
function lost(before: ReadonlyMap<string, Kept>, after: ReadonlyMap<string, Kept>): readonly string[] {
  return [...before].flatMap(([address, was]) => {
    const now = after.get(address);
    if (!now) return [`${address} is gone`];
    if (now.fixed !== was.fixed) return [`${address} is replaced`];
    return now.disks.some((disk, index) => disk < (was.disks[index] ?? 0)) ? [`${address} can't shrink`] : [];
  });
}

const said = (before: Environment, after: Environment) => moves(before, after).map(inWords);

/** On somebody's own cluster, where one node is allowed. */
const CLUSTER = { aws: undefined, cluster: { context: "kind" }, exceptions: { disposable: "thrown away daily" } };
const kurrentCloud = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" } };
const SIZES = ["small", "medium", "large"].map((size) => ({ size }));

/** Ways in which each engine may be described, each of which may become each of the others. */
const ENGINES: Readonly<Record<string, { readonly base: object; readonly ways: readonly object[]; readonly of: (way: object) => object }>> =
  {
    kurrentdb: {
      base: CLUSTER,
      ways: [...SIZES, { size: "small", nodes: 3 }, { size: "medium", storage: "1Ti" }, { size: "large", nodes: 5 }],
      of: (way) => ({ eventStore: { engine: "kurrentdb", ...way } }),
    },
    eventsourcingdb: {
      base: CLUSTER,
      ways: [...SIZES, { size: "small", storage: "100Gi" }],
      of: (way) => ({ eventStore: { engine: "eventsourcingdb", licence: { secret: "licence", flag: "license" }, ...way } }),
    },
    "kurrent-cloud": {
      base: {},
      ways: [{}, { size: "development" }, { network: { cidr: "10.129.0.0/20" } }, { backup: { every: "6h", keep: "7d" } }],
      of: (way) => ({ eventStore: { ...kurrentCloud, ...way } }),
    },
    "cloudnative-pg": {
      base: CLUSTER,
      ways: [
        ...SIZES,
        { size: "medium", instances: 5 },
        { size: "medium", instances: 1 },
        { size: "medium", walStorage: "100Gi", pooler: true },
      ],
      of: (way) => ({ readDatabase: { engine: "cloudnative-pg", ...way } }),
    },
    "events in cloudnative-pg": {
      base: CLUSTER,
      ways: [...SIZES, { size: "small", name: "ledger" }],
      of: (way) => ({ eventStore: { engine: "postgres", server: { engine: "cloudnative-pg", ...way } } }),
    },
    nats: {
      base: CLUSTER,
      ways: [...SIZES, { size: "small", servers: 5 }, { size: "small", storage: "1Ti" }],
      of: (way) => ({ broker: { engine: "nats", ...way } }),
    },
    valkey: {
      base: CLUSTER,
      ways: [...SIZES, { size: "small", storage: "1Ti" }].map((way) => ({ ...way, purpose: "store" })),
      of: (way) => ({ cache: { engine: "valkey", ...way } }),
    },
    aurora: {
      base: {},
      ways: [
        { size: "small", replicas: 0 },
        { size: "medium", replicas: 2 },
        { size: "large", replicas: 3 },
        { size: "small", replicas: 0, name: "other" },
      ],
      of: (way) => ({ readDatabase: { engine: "aurora", ...way } }),
    },
    rds: {
      base: {},
      ways: [
        { size: "small", replicas: 0 },
        { size: "medium", replicas: 2 },
        { size: "large", replicas: 1 },
        { size: "small", replicas: 0, storage: "1Ti" },
      ],
      of: (way) => ({ readDatabase: { engine: "rds", ...way } }),
    },
    elasticache: {
      base: {},
      ways: [
        { size: "small", shards: 1, replicasPerShard: 1 },
        { size: "large", shards: 3, replicasPerShard: 2 },
      ],
      of: (way) => ({ cache: { engine: "elasticache", ...way } }),
    },
  };

describe("a change of an environment", () => {
  it.each(fewOf(Object.keys(ENGINES), ["kurrentdb", "rds"]))("of %s is refused just where it would take away what is kept", (engine) => {
    const { base = {}, ways = [], of = (way: object) => way } = ENGINES[engine] ?? {};
    const described = ways.map((way) => {
      const environment = anEnvironment({ ...base, ...of(way) });
      return { way, environment, kept: kept(environment) };
    });
    const table = (harm: (one: (typeof described)[number], other: (typeof described)[number]) => boolean) =>
      described.flatMap((one) =>
        described.filter((other) => harm(one, other)).map((other) => `${JSON.stringify(one.way)} -> ${JSON.stringify(other.way)}`),
      );
    const harmful = table((one, other) => lost(one.kept, other.kept).length > 0);
    expect(table((one, other) => moves(one.environment, other.environment).length > 0)).toEqual(harmful);
    expect(described[0]?.kept.size).toBeGreaterThan(1);
  });

  it("of one server of NATS into three is refused, though Terraform would keep everything", () => {
    const [one, three] = [1, 3].map((servers) => anEnvironment({ ...CLUSTER, broker: { engine: "nats", servers } })) as [
      Environment,
      Environment,
    ];
    expect(lost(kept(one), kept(three))).toEqual([]);
    expect(said(one, three)).toEqual([
      "test.broker.servers: 3 servers don't know the streams that one server made alone; make a second broker of that many, move each stream with nats stream backup and restore, then the workloads",
    ]);
  });

  it("of engines is refused just where it would take away what is kept", () => {
    const engines = [{ engine: "cloudnative-pg" }, { engine: "aurora", replicas: 1 }, { engine: "rds", replicas: 0 }];
    const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
    const described = engines
      .map((readDatabase) => anEnvironment({ cluster, readDatabase }))
      .map((environment) => ({ environment, kept: kept(environment) }));
    for (const one of described) {
      for (const other of described) {
        expect(moves(one.environment, other.environment).length > 0).toBe(lost(one.kept, other.kept).length > 0);
      }
    }
  });

  it("of its cluster's volumes is refused", () => {
    const of = (changes: object) =>
      anEnvironment({ ...CLUSTER, ...changes, readDatabase: { engine: "cloudnative-pg" }, broker: { engine: "nats" } });
    const [one, other] = [of({}), of({ cluster: { context: "kind", storageClass: "fast" } })];
    expect(lost(kept(one), kept(other)).length).toBeGreaterThan(0);
    expect(said(one, other)).toEqual([
      'test.cluster.storageClass: "fast" was standard, and a volume of another class is another volume; keep it, and move stores one by one from backups into an environment with the other',
    ]);
    expect(said(one, of({ cluster: { context: "another" } }))).toEqual([
      "test.cluster: is another cluster, on which its stores begin empty; move its stores from backups into a second environment, or keep it",
    ]);
    expect(said(one, of({ cluster: undefined, writeCluster: { context: "kind" }, readCluster: { context: "other" } }))).toEqual([
      "test.cluster: would be removed, and the volumes of its stores with it; move its stores from backups into a second environment, or keep it",
    ]);
  });

  it("that changes no store is let through", () => {
    const environment = anEnvironment({ ...CLUSTER, eventStore: { engine: "kurrentdb" } });
    expect(said(environment, environment)).toEqual([]);
    expect(said(environment, { ...environment, monitoring: { prometheus: true }, cache: { engine: "valkey" } })).toEqual([]);
    expect(said(anEnvironment(), anEnvironment({ readDatabase: { engine: "aurora", replicas: 1 } }))).toEqual([]);
  });
});

describe("what is refused", () => {
  const MANAGED = { readDatabase: { engine: "aurora", replicas: 1 } };

  it.each<[string, object, object, readonly string[]]>([
    [
      "further nodes of KurrentDB",
      { ...CLUSTER, size: "small", eventStore: { engine: "kurrentdb" } },
      { ...CLUSTER, size: "medium", eventStore: { engine: "kurrentdb" } },
      [
        "test.eventStore.nodes: 3 nodes would be joined to 1 that know of no others, and could choose a leader without the events; keep nodes: 1, or restore a backup into a second environment with 3, then send users there",
      ],
    ],
    [
      "smaller volumes",
      { ...CLUSTER, eventStore: { engine: "kurrentdb", storage: "200Gi" } },
      { ...CLUSTER, eventStore: { engine: "kurrentdb" } },
      [
        'test.eventStore.storage: "100Gi" is less than the 200Gi that its volumes have, and no volume shrinks; keep storage: "200Gi", or make a second one from a backup and move there',
      ],
    ],
    [
      "an older version",
      { ...CLUSTER, eventStore: { engine: "kurrentdb" } },
      { ...CLUSTER, eventStore: { engine: "kurrentdb", version: "24.10" } },
      [
        `test.eventStore.version: "24.10" is older than 26.0, and can't read its data; keep "26.0", or go back to a backup from before the upgrade in a second environment`,
      ],
    ],
    [
      "another topology of Kurrent Cloud",
      { eventStore: { ...kurrentCloud, size: "development" } },
      { eventStore: kurrentCloud },
      [
        'test.eventStore.size: "production" is another topology than development, and its vendor changes none: it would be another cluster, and empty; back this one up, and restore the backup into a second environment of that size, then send users there',
      ],
    ],
    [
      "another engine of events",
      { ...CLUSTER, eventStore: { engine: "eventsourcingdb" } },
      { ...CLUSTER, eventStore: { engine: "kurrentdb", nodes: 3 } },
      [
        'test.eventStore.engine: "kurrentdb" was eventsourcingdb: another engine begins empty, and events would stay behind; make the other in a second environment, stop the write side, append every event there in the order of its position, compare counts, then send users there',
      ],
    ],
    [
      "another engine of read models",
      {
        readDatabase: [
          { engine: "rds", name: "a", replicas: 0 },
          { engine: "rds", name: "b", replicas: 0 },
        ],
      },
      {
        readDatabase: [
          { engine: "rds", name: "a", replicas: 0 },
          { engine: "aurora", name: "b", replicas: 0 },
        ],
      },
      [
        'test.readDatabase[1].engine: "aurora" was rds: another engine begins empty, and what it holds would stay behind; add the other one under another name, rebuild the read models there from events, send queries there, then remove this one',
      ],
    ],
    [
      "a server that is gone",
      MANAGED,
      {},
      [
        "test.readDatabase: would be removed, and the server read-database with it: Terraform's prevent_destroy is removed together with the resource; keep it until its data is moved, then remove it in a separate change, after a last backup",
      ],
    ],
    [
      "a store that becomes a cache",
      { ...CLUSTER, cache: { engine: "valkey", purpose: "store" } },
      { ...CLUSTER, cache: { engine: "valkey" } },
      [
        'test.cache.purpose: "cache" may forget what it holds as a store, and nothing else has it; keep purpose: "store", or move what it holds first',
      ],
    ],
    [
      "another region",
      MANAGED,
      { ...MANAGED, aws: { ...anEnvironment().aws, region: "eu-north-1" } },
      [
        'test.aws.region: "eu-north-1" was eu-west-1: every store begins empty there; make a second environment of that kind, bring over what the stores hold from backups, then send users there',
      ],
    ],
    [
      "another network",
      MANAGED,
      { ...MANAGED, aws: { ...anEnvironment().aws, network: { cidr: "10.9.0.0/16" } } },
      [
        'test.aws.network: "10.9.0.0/16" was 10.0.0.0/16: every store begins empty there; make a second environment of that kind, bring over what the stores hold from backups, then send users there',
      ],
    ],
  ])("%s, with the way to get there", (_, before, after, messages) => {
    expect(said(anEnvironment(before), anEnvironment(after))).toEqual(messages);
  });

  it("is told of stores by their names, wherever they are written", () => {
    const image = "registry.example.com/orders/app:1.0.0";
    const domains = { orders: { workers: { mails: { image, replicas: 1, uses: ["ledger"] } } } };
    const ledger = { engine: "kurrentdb", storage: "200Gi" };
    const of = (stores: object, changes: object = {}) => anEnvironment({ ...CLUSTER, stores, domains, ...changes });
    expect(said(of({ ledger }), of({ ledger: { ...ledger, storage: "100Gi" } }))).toEqual([
      expect.stringMatching(/^test\.stores\.ledger\.storage: "100Gi" is less than the 200Gi/),
    ]);
    expect(said(of({ ledger }), of({}))).toEqual([
      expect.stringMatching(/^test\.stores\.ledger: would be removed, and the system of record/),
    ]);
    expect(said(of({ ledger }), of({ ledger: { engine: "eventsourcingdb" } }))).toEqual([
      expect.stringMatching(/^test\.stores\.ledger\.engine: "eventsourcingdb" was kurrentdb: another engine begins empty/),
    ]);
    expect(said(of({ ledger }), of({ ledger, nats: { engine: "nats" } }))).toEqual([]);
  });

  it("is a store on another cluster, or in another namespace", () => {
    const two = { ...CLUSTER, cluster: undefined, writeCluster: { context: "write" }, readCluster: { context: "read" } };
    const on = (cluster: string) => anEnvironment({ ...two, stores: { redis: { engine: "valkey", purpose: "store", cluster } } });
    const remedy = "keep it where it is, or move what it holds from a backup into a second environment, then send users there";
    expect(said(on("readCluster"), on("writeCluster"))).toEqual([
      `test.stores.redis.cluster: "writeCluster" was readCluster, and a store on another cluster begins empty; ${remedy}`,
    ]);
    const broker = { engine: "nats" };
    expect(said(anEnvironment({ ...CLUSTER, broker }), anEnvironment({ ...CLUSTER, stores: { broker } }))).toEqual([
      `test.stores.broker: was in the namespace read-store, and begins empty in broker; ${remedy}`,
    ]);
  });

  it("is no cache, which may be another at any time", () => {
    const elastiCache = anEnvironment({ cache: { engine: "elasticache", shards: 3, replicasPerShard: 1 } });
    expect(said(elastiCache, anEnvironment({ cache: { engine: "valkey" } }))).toEqual([]);
    expect(said(elastiCache, anEnvironment())).toEqual([]);
  });
});
