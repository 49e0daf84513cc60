import { InvalidInput, moves, storeBackups } from "../../stacks";
import { identitiesOf } from "../../stacks/model/derive/identities";
import { streamBackupsOf } from "../../stacks/model/derive/stream-backups";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";
import { fewOf } from "../thorough";

/** Everything that is refused about an environment, whoever finds it, in lines. */
function refusedOf(changes: object): readonly string[] {
  try {
    void synthesisOf(aProgram(anEnvironment(changes))).sites;
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.message.split("\n");
    throw error;
  }
}

const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const disposable = { disposable: "thrown away daily" };
const BUCKET = { endpoint: "https://s3.example.com", bucket: "backups", credentials: { secret: "bucket" } };

/** On somebody's own cluster, and nothing of it is kept. */
const atHome = (changes: object) => refusedOf({ aws: undefined, cluster: { context: "kind" }, exceptions: disposable, ...changes });
const onAws = (changes: object) => refusedOf({ cluster, ...changes });

const kurrentDb = (settings: object) => atHome({ eventStore: { engine: "kurrentdb", nodes: 3, ...settings } });
const postgres = (settings: object) => atHome({ readDatabase: { engine: "cloudnative-pg", ...settings } });
const said = (message: string) => [expect.stringContaining(message)];

describe("a store of an environment", () => {
  it("may be of any engine that its place has", () => {
    const stores = { readDatabase: { engine: "cloudnative-pg" }, cache: { engine: "valkey" }, broker: { engine: "nats" } };
    for (const eventStore of [
      { engine: "kurrentdb", nodes: 3 },
      { engine: "eventsourcingdb" },
      { engine: "postgres", server: { engine: "cloudnative-pg" } },
    ]) {
      expect(atHome({ ...stores, eventStore })).toEqual([]);
    }
  });

  it("is kept where the environment keeps things, but for a cache", () => {
    const node = { cpu: 8, memory: "64Gi", storage: "100Gi" };
    expect(onAws({ cluster: { nodes: 3, node }, cache: { engine: "valkey" }, broker: { engine: "nats" } })).toEqual([]);
  });

  it("has everything that is wrong with it said at once, whatever engine finds it", () => {
    expect(
      atHome({
        eventStore: { engine: "kurrentdb", nodes: 3, memory: "1Gi" },
        readDatabase: [
          { engine: "cloudnative-pg", name: "orders" },
          { engine: "cloudnative-pg", name: "search", instances: 2 },
        ],
        cache: { engine: "valkey", storage: "1Gi" },
        broker: { engine: "nats", servers: 2 },
      }),
    ).toEqual([
      'test.eventStore.memory: "1Gi" is less than the server\'s caches and heap take; use 2Gi or more',
      expect.stringMatching(/^test\.readDatabase\[1\]\.instances: 2 can't both require a second copy of every write/),
      'test.cache.storage: "1Gi" can\'t hold the log of 2Gi of data and the log that replaces it; use 4Gi or more',
      "test.broker.servers: 2 servers survive the loss of no more than 1 do; use 3, or 1 where it may be away",
    ]);
  });
});

describe("the shape of a store", () => {
  it.each<[object, string]>([
    [{ size: "tiny" }, 'test.size: "tiny" is not a supported size of a system; use one of small, medium, large'],
    [
      { readDatabase: { engine: "cloudnative-pg", size: "smal" } },
      'test.readDatabase.size: "smal" is not a supported size of a system; did you mean "small"?',
    ],
    [
      { readDatabase: { engine: "aurora", replicas: 16 } },
      "test.readDatabase.replicas: 16 is not possible here; use a whole number from 0 to 15, as many readers as Aurora has",
    ],
    [
      { readDatabase: { engine: "rds", replicas: 0, parameters: { work_mem: ["4MB"] } } },
      'test.readDatabase.parameters.work_mem: ["4MB"] must be a single value; write a text, a number, true or false',
    ],
    [
      { readDatabase: { engine: "cloudnative-pg", synchronous: { standbys: 1, durability: "strict" } } },
      'test.readDatabase.synchronous.durability: "strict" is not a supported durability; use one of required, preferred',
    ],
    [{ cache: { engine: "valkey", purpose: "queue" } }, 'test.cache.purpose: "queue" is not a supported purpose; use one of cache, store'],
    [
      { cache: { engine: "elasticache", shards: 1, replicasPerShard: 6 } },
      "test.cache.replicasPerShard: 6 is not possible here; use a whole number from 0 to 5, as many replicas as a shard has",
    ],
    [{ broker: { engine: "kafka" } }, 'test.broker.engine: "kafka" is not a supported engine here; use one of nats'],
  ])("%j is refused", (changes, message) => {
    expect(errorsOf(aProgram(anEnvironment(changes)))[0]).toBe(message);
  });

  it.each([
    [
      "PostgreSQL",
      { readDatabase: { engine: "cloudnative-pg", version: "9.6" } },
      /^test\.readDatabase\.version: "9\.6" is not a supported version of PostgreSQL/,
    ],
    [
      "KurrentDB",
      { eventStore: { engine: "kurrentdb", nodes: 3, version: "5.0" } },
      /^test\.eventStore\.version: "5\.0" is not a supported release line of KurrentDB/,
    ],
  ])("knows which versions of %s there are", (_, changes, message) => {
    expect(errorsOf(aProgram(anEnvironment(changes)))[0]).toMatch(message);
  });
});

describe("KurrentDB of an environment", () => {
  it.each([
    [2, "test.eventStore.nodes: 2 gives no better quorum than 1 and can split evenly; use 1 or 3"],
    [4, "test.eventStore.nodes: 4 gives no better quorum than 3 and can split evenly; use 3 or 5"],
  ])("has no %d nodes", (nodes, message) => {
    expect(kurrentDb({ nodes })).toEqual([message]);
  });

  it("has no options that its line would refuse, or that lose events", () => {
    const options = { PREPARE_COUNT: 2, EXT_TCP_PORT: 1113, TCP_PLUGIN__ENABLE_EXTERNAL_TCP: true, MEM_DB: true, NOPE: 1 };
    expect(kurrentDb({ options })).toEqual([
      'test.eventStore.options: "PREPARE_COUNT" is no longer an option: it follows from the number of nodes; leave it out',
      'test.eventStore.options: "EXT_TCP_PORT" was renamed, and servers from 25.0 on stop at the old name; write TCP_PLUGIN__NODE_TCP_PORT',
      'test.eventStore.options: "TCP_PLUGIN__ENABLE_EXTERNAL_TCP" turns on the TCP protocol of old clients, and a server without a licence stops there; leave it out, or make KurrentDb with the key of a licence',
      'test.eventStore.options: "MEM_DB" keeps events in memory only; leave it out',
      'test.eventStore.options: "NOPE" is not an option of 26.0, and a server stops with it; see the vendor\'s list of options',
    ]);
  });

  it("is insecure on one's own machine only", () => {
    const eventStore = { engine: "kurrentdb", nodes: 1, insecure: true };
    expect(atHome({ eventStore })).toEqual([]);
    expect(atHome({ eventStore: { engine: "kurrentdb", size: "small", insecure: true } })).toEqual([]);
    expect(atHome({ eventStore: { ...eventStore, nodes: 3 } })).toEqual([
      "test.eventStore.insecure: true lets in every client that reaches it, and 3 nodes are on no single machine; leave it out, or use 1 node",
    ]);
    expect(atHome({ eventStore: { engine: "kurrentdb", insecure: true } })).toEqual(said("3 nodes are on no single machine"));
    expect(onAws({ eventStore, exceptions: disposable })).toEqual([
      "test.eventStore.insecure: true lets in every client that reaches it, and the environment is on AWS; leave it out",
    ]);
    expect(atHome({ eventStore, exceptions: {} })).toContain(
      "test.eventStore.insecure: true lets in every client that reaches it, and the environment keeps what it has; leave it out, or say in exceptions.disposable why nothing here is kept",
    );
  });
});

describe("PostgreSQL of an environment", () => {
  it("keeps a second copy of what it acknowledges, and takes writes without one server", () => {
    expect(postgres({ instances: 2 })).toEqual(said("test.readDatabase.instances: 2 can't both require a second copy"));
    expect(postgres({ instances: 3, synchronous: { standbys: 3, durability: "required" } })).toEqual([
      "test.readDatabase.synchronous: 3 standbys are more than 3 instances have in addition to the primary; use at most 2",
    ]);
    expect(atHome({ eventStore: { engine: "postgres", server: { engine: "cloudnative-pg", instances: 2 } } })).toEqual(
      said("test.eventStore.server.instances: 2 can't both require"),
    );
  });

  it.each([
    ["cloudnative-pg", 4096],
    ["rds", 8192],
    ["aurora", 16_384],
  ])("has parameters that fit the memory of %s", (engine, mebibytes) => {
    const readDatabase = { engine, ...(engine === "cloudnative-pg" ? {} : { replicas: 1 }), parameters: { max_connections: 5000 } };
    expect(onAws({ readDatabase })).toEqual([
      expect.stringMatching(
        new RegExp(`^test\\.readDatabase\\.parameters: 5000 connections .* more than the ${mebibytes} MiB of memory; `),
      ),
    ]);
  });

  it("has parameters that keep data and speak over TLS", () => {
    expect(postgres({ parameters: { fsync: "off" } })).toEqual([
      'test.readDatabase.parameters: "fsync = off" can corrupt the database after a crash of the machine; leave it out',
    ]);
    expect(onAws({ readDatabase: { engine: "rds", replicas: 0, parameters: { "rds.force_ssl": 0 } } })).toEqual([
      'test.readDatabase.parameters: "rds.force_ssl = 0" allows connections in plaintext; leave it out',
    ]);
  });

  it.each(["rds", "aurora"])("leaves to %s what it sets itself", (engine) => {
    const readDatabase = { engine, replicas: 1, parameters: { port: 5433, archive_command: "true", work_mem: "4MB" } };
    expect(onAws({ readDatabase })).toEqual(
      ["port", "archive_command"].map(
        (name) => `test.readDatabase.parameters: "${name}" is set by RDS, which refuses another; leave it out`,
      ),
    );
  });

  it("has a disk that RDS offers", () => {
    expect(onAws({ readDatabase: { engine: "rds", replicas: 0, storage: "10Gi" } })).toEqual([
      'test.readDatabase.storage: "10Gi" is not a storage size of RDS; use whole Gi from 20Gi to 64Ti',
    ]);
  });
});

describe("the name of a server of PostgreSQL", () => {
  const rds = (name?: string) => ({ engine: "rds", replicas: 0, ...(name ? { name } : {}) });

  it.each<[string, object, string]>([
    [
      "another read database has",
      { readDatabase: [rds("a"), rds("a")] },
      'test.readDatabase[1].name: "a" is the name of readDatabase[0] as well; choose another',
    ],
    [
      "the event store's server has",
      { eventStore: { engine: "postgres", server: rds("orders") }, readDatabase: rds("orders") },
      'test.readDatabase.name: "orders" can\'t be told from orders of eventStore.server; choose another',
    ],
    [
      "the event store's server has of itself",
      { eventStore: { engine: "postgres", server: rds() }, readDatabase: rds("event-store") },
      'test.readDatabase.name: "event-store" can\'t be told from event-store of eventStore.server; choose another',
    ],
    [
      "looks alike in outputs of stacks",
      { readDatabase: [rds("orders-1"), rds("orders1")] },
      'test.readDatabase[1].name: "orders1" can\'t be told from orders-1 of readDatabase[0]; choose another',
    ],
    [
      "an instance of another server has",
      { readDatabase: [{ engine: "aurora", name: "orders", replicas: 1 }, rds("orders-1")] },
      'test.readDatabase[1].name: "orders-1" is a name of instances of orders as well; choose another',
    ],
    [
      "instances of another server begin with",
      { readDatabase: [rds("orders"), { engine: "aurora", name: "orders-replica", replicas: 1 }] },
      'test.readDatabase[1].name: "orders-replica" is a name of instances of orders as well; choose another',
    ],
    ["the cache has", { readDatabase: rds("cache") }, 'test.readDatabase.name: "cache" is taken by the cache; choose another'],
    [
      "nodes have",
      { readDatabase: rds("read-nodes") },
      'test.readDatabase.name: "read-nodes" is taken by the nodes of a cluster; choose another',
    ],
    [
      "the roles of another server have",
      { readDatabase: [rds("a"), rds("a-roles")] },
      'test.readDatabase[1].name: "a-roles" is taken by something of the server a; choose another',
    ],
  ])("is none that %s", (_, changes, message) => {
    expect(errorsOf(aProgram(anEnvironment(changes)))).toEqual([message]);
  });

  const NAMES = "authority certificates data event-store network nodes-data policy read-store secrets servers volumes";

  it.each(fewOf(NAMES.split(" "), ["policy", "servers"]))("may be %s beside all other stores", (name) => {
    const stores = { cache: { engine: "valkey" }, broker: { engine: "nats" }, monitoring: { prometheus: true, grafana: true } };
    const eventStore = { engine: "kurrentdb", nodes: 3 };
    expect(atHome({ ...stores, eventStore, encryptedFields: ["email"], readDatabase: { engine: "cloudnative-pg", name } })).toEqual([]);
    expect(errorsOf(aProgram(anEnvironment({ readDatabase: rds(name), encryptedFields: ["email"] })))).toEqual([]);
  });

  it("has to be given where the other server is called as it is", () => {
    const stores = { eventStore: { engine: "postgres", server: rds("read-database") }, readDatabase: rds() };
    expect(errorsOf(aProgram(anEnvironment(stores)))).toEqual([
      "test.readDatabase: is called read-database, and so is eventStore.server; name it otherwise",
    ]);
  });
});

describe("a store that keeps what is nowhere else", () => {
  it("is one server whose log is synced", () => {
    expect(atHome({ cache: { engine: "valkey", purpose: "store", replicas: 2 } })).toEqual(
      said("test.cache.replicas: 2 replicas of a store lack writes that were acknowledged"),
    );
  });

  it("is no ElastiCache", () => {
    expect(onAws({ cache: { engine: "elasticache", purpose: "store", shards: 1, replicasPerShard: 1 } })).toEqual(
      said(
        'test.cache.purpose: "store" is not supported by ElastiCache before Valkey 9.0: it acknowledges a write before a replica has it',
      ),
    );
  });

  it("is no single server of NATS", () => {
    expect(atHome({ broker: { engine: "nats", servers: 1, purpose: "events" } })).toEqual([
      'test.broker.servers: 1 server has the only copy of events that are kept nowhere else; use 3, or purpose "messages" where they may be lost',
    ]);
  });
});

describe("events", () => {
  const existing = (context: string) => ({ context });
  const complaints = (eventStore: object, clusters: object) => {
    const projections = { image: "registry.example.com/orders/projections:1.0.0", workers: 1, parallelism: 1 };
    const readDatabase = { engine: "rds", replicas: 1 };
    return errorsOf(
      aProgram(anEnvironment({ writeCluster: cluster, readCluster: cluster, eventStore, projections, readDatabase, ...clusters })),
    );
  };
  const KURRENT_CLOUD = { engine: "kurrent-cloud", size: "development", backup: { every: "1d", keep: "7d" } };
  const LICENSED = { engine: "eventsourcingdb", licence: { secret: "licence", flag: "license" } };
  const within =
    "runs on writeCluster, and projections on readCluster can't reach it; use an engine outside of clusters, or one cluster for both sides";
  const between = (key: string) =>
    `has names and passwords that don't get to projections on readCluster: ${key} exists already; use one cluster for both sides, or have both made`;

  it.each<[string, object, object, readonly string[]]>([
    ["in EventSourcingDB", LICENSED, {}, [`test.eventStore.engine: "eventsourcingdb" ${within}`]],
    [
      "in a PostgreSQL on a cluster",
      { engine: "postgres", server: { engine: "cloudnative-pg" } },
      {},
      [`test.eventStore.server.engine: "cloudnative-pg" ${within}`],
    ],
    [
      "in KurrentDB on a cluster that exists",
      { engine: "kurrentdb", nodes: 3 },
      { writeCluster: existing("write") },
      [`test.eventStore.engine: "kurrentdb" ${between("writeCluster")}`],
    ],
    [
      "at their vendor, for a cluster that exists",
      KURRENT_CLOUD,
      { readCluster: existing("read") },
      [`test.eventStore.engine: "kurrent-cloud" ${between("readCluster")}`],
    ],
    ["in KurrentDB on a cluster that is made", { engine: "kurrentdb", nodes: 3 }, {}, []],
    ["at their vendor", KURRENT_CLOUD, {}, []],
    ["in EventSourcingDB that nobody reads from elsewhere", LICENSED, { projections: undefined }, []],
  ])("are reached by projections on the other cluster, or that is refused: %s", (_, eventStore, clusters, said) => {
    expect(complaints(eventStore, clusters)).toEqual(said);
  });
});

describe("events in PostgreSQL", () => {
  const events = (server: object, exceptions?: object) => {
    const eventStore = { engine: "postgres", server: { engine: "cloudnative-pg", ...server } };
    return errorsOf(aProgram(anEnvironment({ cluster: { context: "kind-orders" }, eventStore, exceptions })));
  };
  const or = "or say in exceptions.asynchronousEvents why that is right here";
  const none = `test.eventStore.server.synchronous: false acknowledges events that no second server has; use durability "required", ${or}`;
  const away =
    'test.eventStore.server.synchronous.durability: "preferred" acknowledges events that no second server has while standbys are away; ' +
    `use durability "required", ${or}`;
  const flushed = (value: string) =>
    `test.eventStore.server.parameters.synchronous_commit: "${value}" acknowledges events before a second server has them on its disk; leave it out, ${or}`;

  it.each<[string, object, readonly string[]]>([
    ["what is said of three", {}, []],
    ["one server", { instances: 1, synchronous: false }, []],
    ["a size of one server", { size: "small", synchronous: false }, []],
    ["none", { synchronous: false }, [none]],
    ["preferred", { synchronous: { standbys: 1, durability: "preferred" } }, [away]],
    ["preferred of two", { instances: 2, synchronous: { standbys: 1, durability: "preferred" } }, [away]],
    ["required", { synchronous: { standbys: 1, durability: "required" } }, []],
    ["a commit in memory of another", { parameters: { synchronous_commit: "remote_write" } }, [flushed("remote_write")]],
    ["a commit here", { parameters: { synchronous_commit: "LOCAL" } }, [flushed("LOCAL")]],
    ["a commit that is seen on the other", { parameters: { synchronous_commit: "remote_apply" } }, []],
    ["both", { synchronous: false, parameters: { synchronous_commit: "local" } }, [flushed("local"), none]],
  ])("are acknowledged when a second server has them, or somebody says why not: %s", (_, server, said) => {
    expect(events(server)).toEqual(said);
    expect(events(server, { disposable: "a try" })).toEqual([]);
    expect(events(server, { asynchronousEvents: "can be typed in again" })).toEqual(
      said.length > 0 ? [] : ["test.exceptions.asynchronousEvents: excepts nothing here; remove it"],
    );
  });

  it("are asked the same of AWS", () => {
    const server = { engine: "rds", replicas: 1, parameters: { synchronous_commit: "local" } };
    expect(errorsOf(aProgram(anEnvironment({ cluster, eventStore: { engine: "postgres", server } })))).toContain(flushed("local"));
  });

  it("are more than read models, which are made from them again", () => {
    expect(atHome({ readDatabase: { engine: "cloudnative-pg", synchronous: false } })).toEqual([]);
  });
});

describe("the broker", () => {
  it("has a way to it from both sides", () => {
    const workload = { image: "registry.example.com/orders/processors:1.0.0", replicas: 1 };
    const stores = { eventStore: { engine: "kurrentdb" }, broker: { engine: "nats" } };
    const environment = anEnvironment({ writeCluster: cluster, readCluster: cluster, ...stores, commandProcessors: workload });
    expect(errorsOf(aProgram(environment))).toEqual([
      "test.broker: runs on readCluster, which workloads of writeCluster can't reach; write one cluster for both, or leave it out: projections read events of the write side",
    ]);
  });
});

describe("what AWS runs", () => {
  it.each<[string, object, string]>([
    ["event store's server", { eventStore: { engine: "postgres", server: { engine: "aurora", replicas: 1 } } }, "eventStore.server"],
    ["read database", { readDatabase: { engine: "rds", replicas: 1 } }, "readDatabase"],
    ["cache", { cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 } }, "cache"],
  ])("is no %s of an environment that is not there", (_, store, path) => {
    expect(atHome(store)).toEqual([
      expect.stringMatching(
        new RegExp(`^test\\.${path}\\.engine: "\\w+" lives on AWS, and the environment has no aws; add aws, or choose one that runs`),
      ),
    ]);
  });
});

describe("data that must be kept", () => {
  const noBackup = undefined;
  const backed = (changes: object) => errorsOf(aProgram(anEnvironment({ exceptions: { noBackup }, ...changes })));
  const lost = (path: string, remedy = "") =>
    `test.${path} so its data is lost with its volumes; ${remedy}say in exceptions.noBackup why that is acceptable`;
  const streamed = 'set backup: { every: "15m", keep: "28d" }, or ';
  const outside = "set backup.bucket, run it on a cluster that is made on AWS, or ";
  const licence = { secret: "licence", flag: "license" };

  it.each<[object, readonly string[]]>([
    [{ eventStore: { engine: "kurrentdb", nodes: 3 } }, [lost('eventStore.engine: "kurrentdb" has no backups,', streamed)]],
    [{ eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "1h", keep: "30d" } } }, []],
    [
      {
        cluster: { context: "kind" },
        backup: { bucket: BUCKET },
        eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "1h", keep: "30d" } },
      },
      [],
    ],
    [
      { cluster: { context: "kind" }, backup: { bucket: BUCKET }, eventStore: { engine: "kurrentdb", nodes: 3 } },
      [lost('eventStore.engine: "kurrentdb" has no backups,', streamed)],
    ],
    // A schedule that nothing follows protects nothing.
    [
      { cluster: { context: "kind" }, eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "1h", keep: "30d" } } },
      [lost('eventStore.engine: "kurrentdb" has no backups outside of EKS without backup.bucket,', outside)],
    ],
    [
      { eventStore: { engine: "eventsourcingdb", licence } },
      [lost('eventStore.engine: "eventsourcingdb" has no backups,', "use kurrent-cloud or postgres, or ")],
    ],
    [{ readDatabase: { engine: "cloudnative-pg" } }, []],
    [{ readDatabase: [{ engine: "aurora", replicas: 1 }] }, []],
    [
      { cluster: { context: "kind" }, readDatabase: [{ engine: "cloudnative-pg" }] },
      [lost('readDatabase[0].engine: "cloudnative-pg" has no backups outside of EKS without backup.bucket,', outside)],
    ],
    [
      { broker: { engine: "nats", purpose: "events" }, cache: { engine: "valkey", purpose: "store" } },
      [lost('cache.engine: "valkey" has no backups,'), lost('broker.engine: "nats" has no backups,')],
    ],
    [{ broker: { engine: "nats" }, cache: { engine: "valkey" } }, []],
  ])("is backed up, or an exception says why not: %j", (stores, problems) => {
    expect(backed({ cluster, ...stores })).toEqual(problems);
    expect(backed({ cluster, ...stores, exceptions: disposable })).toEqual([]);
    const excepted = backed({ cluster, ...stores, exceptions: { noBackup: "rebuilt every night" } });
    expect(excepted).toEqual(problems.length > 0 ? [] : ["test.exceptions.noBackup: excepts nothing here; remove it"]);
  });

  it("has its backups kept as long as S3 can lock them", () => {
    const kept = (keep: string, engine: object) => backed({ cluster, readDatabase: engine, backup: { keep } });
    const aurora = { engine: "aurora", replicas: 1 };
    expect(kept("35d", aurora)).toEqual([]);
    expect(kept("36d", aurora)).toEqual([]);
    expect(kept("36d", { engine: "cloudnative-pg" })).toEqual([]);
    expect(kept("12h", aurora)).toEqual(['test.backup.keep: "12h" must be a whole number of days, the unit of S3; use days, like "35d"']);
  });

  it("is kept in RDS and Aurora as long as the environment says, which is 35 days where it says nothing", () => {
    const days = (changes: object) => {
      const readDatabase = [
        { engine: "aurora", name: "orders", replicas: 0 },
        { engine: "rds", name: "search", replicas: 0 },
      ];
      const json = synthesisOf(aProgram(anEnvironment({ readDatabase, ...changes }))).stacks.get("test-data")?.json as Body;
      const databases = [...all(json, "aws_rds_cluster"), ...all(json, "aws_db_instance")];
      return databases.map(({ backup_retention_period }) => backup_retention_period);
    };
    expect(days({})).toEqual([35, 35]);
    expect(days({ backup: { keep: "7d" } })).toEqual([7, 7]);
    // Longer by AWS Backup alone.
    expect(days({ backup: { keep: "90d" } })).toEqual([35, 35]);
  });

  it("has stream backups that a schedule can make, and of which a full one is always old enough", () => {
    const events = (backup: object, more: object = {}) =>
      backed({ cluster, eventStore: { engine: "kurrentdb", nodes: 3, backup }, ...more });
    expect(events({ every: "15m", keep: "34d", rpo: "30m" })).toEqual([]);
    expect(events({ every: "7m", keep: "1d" })).toEqual([
      'test.eventStore.backup.every: "7m" must be an interval that a schedule can have; use one of 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d',
    ]);
    const tooLong = (most: string) =>
      `is not at least a day less than backup.keep of the environment, ${most}: the bucket would delete a full backup before the next one is old enough;`;
    expect(events({ every: "15m", keep: "35d" })).toEqual([
      `test.eventStore.backup.keep: "35d" ${tooLong("35d")} use 34d or less, or keep backups longer`,
    ]);
    expect(events({ every: "15m", keep: "1d" }, { backup: { keep: "1d" } })).toEqual([
      `test.eventStore.backup.keep: "1d" ${tooLong("1d")} keep backups longer`,
    ]);
    expect(events({ every: "15m", keep: "7d", rpo: "29m" })).toEqual([
      'test.eventStore.backup.rpo: "29m" can\'t be met: a backup every 15m ends before the next one starts, so that up to 30m are lost; use 30m or more',
    ]);
  });

  it("has a stream backup beside those of Kurrent Cloud only where a bucket is", () => {
    const eventStore = {
      engine: "kurrent-cloud",
      size: "development",
      backup: { every: "6h", keep: "7d" },
      streamBackup: { every: "15m", keep: "7d" },
    };
    expect(backed({ cluster, eventStore })).toEqual([]);
    expect(backed({ cluster: { context: "kind" }, eventStore })).toContain(
      "test.eventStore.streamBackup: needs a bucket that its pods can write to, and an existing cluster has none without backup.bucket; set backup.bucket, create the cluster with the environment (aws), or leave it out",
    );
    expect(backed({ cluster: { context: "kind" }, eventStore, backup: { bucket: BUCKET } })).toEqual([]);
  });

  it("has a stream backup of events in PostgreSQL only where a bucket is", () => {
    const events = (server: object, streamBackup: object = { every: "15m", keep: "7d" }) => ({
      eventStore: { engine: "postgres", server, streamBackup },
    });
    const servers = [{ engine: "cloudnative-pg" }, { engine: "aurora", replicas: 0 }, { engine: "rds", replicas: 0 }];
    for (const server of servers) expect(backed({ cluster, ...events(server) })).toEqual([]);
    const onPremises = { cluster: { context: "kind" }, ...events({ engine: "cloudnative-pg" }) };
    expect(backed(onPremises)).toContain(
      "test.eventStore.streamBackup: needs a bucket that its pods can write to, and an existing cluster has none without backup.bucket; set backup.bucket, create the cluster with the environment (aws), or leave it out",
    );
    expect(backed({ ...onPremises, backup: { bucket: BUCKET } })).toEqual([]);
    expect(backed({ cluster, ...events({ engine: "cloudnative-pg" }, { every: "7m", keep: "35d" }) })).toEqual([
      'test.eventStore.streamBackup.every: "7m" must be an interval that a schedule can have; use one of 5m, 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d',
      'test.eventStore.streamBackup.keep: "35d" is not at least a day less than backup.keep of the environment, 35d: the bucket would delete a full backup before the next one is old enough; use 34d or less, or keep backups longer',
    ]);
  });

  it("has drills of a stream backup of events in PostgreSQL, and a volume for them", () => {
    const events = (streamBackup: object, server: object = { engine: "aurora", replicas: 0 }) => ({
      eventStore: { engine: "postgres", server, streamBackup: { every: "15m", keep: "7d", ...streamBackup } },
    });
    const schedule = { drill: "0 5 * * 1" };
    const onPremises = { cluster: { context: "kind" } };
    const server = { engine: "cloudnative-pg" };
    expect(backed({ cluster, ...events({ ...schedule, drillStorage: "200Gi" }) })).toEqual([]);
    expect(backed({ ...onPremises, ...events(schedule, server), backup: { bucket: BUCKET } })).toEqual([]);
    expect(backed({ ...onPremises, ...events(schedule, server) })).toContain(
      'test.eventStore.streamBackup.drill: "0 5 * * 1" restores backups, and the store has none here; leave it out, or see docs/data.md for the clusters and buckets with backups',
    );
    expect(backed({ cluster, ...events({ drill: "weekly" }) })).toEqual([
      'test.eventStore.streamBackup.drill: "weekly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ]);
    const alone =
      'test.eventStore.streamBackup.drillStorage: "200Gi" is the volume of restore drills, and the stream backup has none; set drill, or leave it out';
    for (const drill of [{}, { drill: false }])
      expect(backed({ cluster, ...events({ ...drill, drillStorage: "200Gi" }) })).toEqual([alone]);
    expect(backed({ cluster, ...events({ drillStorage: "200Gi" }, { engine: "aurora", replicas: 0, backup: { rto: "2h" } }) })).toEqual([]);
    expect(backed({ cluster, ...events({ ...schedule, drillStorage: "200Mi" }) })).toEqual([
      'test.eventStore.streamBackup.drillStorage: "200Mi" is too small for a PostgreSQL server with its write-ahead log; use 2Gi or more',
    ]);
    expect(backed({ cluster, ...events({ ...schedule, drillStorage: "much" }) })).toEqual([
      expect.stringMatching(/^test\.eventStore\.streamBackup\.drillStorage: "much" is not a size/),
    ]);
  });

  it("has a volume for drills of the size of the server's, or of RDS", () => {
    const drill = "0 5 * * 1";
    const sizeOf = (server: object, size = "medium", more: object = {}) => {
      const eventStore = { engine: "postgres", server, streamBackup: { every: "15m", keep: "7d", drill, ...more } };
      const [found] = streamBackupsOf(asDomains(anEnvironment({ cluster, size, eventStore })));
      return found?.drill?.scratch;
    };
    const of = (storage: string) => ({ engine: "postgres", storage });
    expect(sizeOf({ engine: "aurora", replicas: 0 })).toEqual(of("100Gi"));
    expect(sizeOf({ engine: "aurora", replicas: 0, size: "large" })).toEqual(of("400Gi"));
    expect(sizeOf({ engine: "aurora", replicas: 0 }, "small", { drillStorage: "7Gi" })).toEqual(of("7Gi"));
    expect(sizeOf({ engine: "rds", replicas: 0, storage: "300Gi" })).toEqual(of("300Gi"));
    expect(sizeOf({ engine: "rds", replicas: 0 }, "small")).toEqual(of("20Gi"));
    expect(sizeOf({ engine: "cloudnative-pg", storage: "70Gi" })).toEqual(of("70Gi"));
    expect(sizeOf({ engine: "cloudnative-pg", storage: "1Gi" })).toEqual(of("2Gi"));
  });

  it("has restore drills only of backups that a job can restore", () => {
    const events = (drill: unknown, more: object = {}) =>
      backed({ cluster, eventStore: { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", drill } }, ...more });
    expect(events("0 5 * * 1")).toEqual([]);
    expect(events(false)).toEqual([]);
    expect(events("weekly")).toEqual([
      'test.eventStore.backup.drill: "weekly" must be a cron schedule; write five fields, like "30 2 * * *" for half past two at night (UTC)',
    ]);
    expect(events("0 5 * * 1", { cluster: { context: "kind" } })).toContain(
      'test.eventStore.backup.drill: "0 5 * * 1" restores backups, and the store has none here; leave it out, or see docs/data.md for the clusters and buckets with backups',
    );
    const snapshots = { every: "6h", keep: "7d", drill: "0 5 * * 1" };
    const snapshotted = (changes: object, more: object) =>
      backed({ eventStore: { engine: "kurrentdb", nodes: 3, volumeSnapshots: { ...snapshots, ...changes } }, ...more });
    expect(snapshotted({}, { cluster })).toEqual([]);
    const elsewhere = { cluster: { context: "kind" } };
    expect(snapshotted({ class: "ceph" }, elsewhere)).toContain(
      'test.eventStore.volumeSnapshots.drill: "0 5 * * 1" needs a bucket for its results, and the store has none here; set backup.bucket, create the cluster with the environment (aws), or leave it out',
    );
    expect(snapshotted({ class: "ceph" }, { ...elsewhere, backup: { bucket: BUCKET }, exceptions: { noBackup: "a test" } })).toEqual([]);
    const server = { engine: "cloudnative-pg", backup: { drill: "0 5 * * 1" } };
    expect(backed({ cluster, readDatabase: server })).toEqual([]);
    const none =
      '"0 5 * * 1" restores backups, and the store has none here; leave it out, or see docs/data.md for the clusters and buckets with backups';
    expect(backed({ cluster: { context: "kind" }, readDatabase: server })).toContain(`test.readDatabase.backup.drill: ${none}`);
    expect(backed({ cluster: { context: "kind" }, eventStore: { engine: "postgres", server } })).toContain(
      `test.eventStore.server.backup.drill: ${none}`,
    );
    const aurora = { engine: "aurora", replicas: 0, backup: { drill: "0 5 * * 1" } };
    expect(backed({ cluster, readDatabase: aurora })).toEqual([
      expect.stringContaining("test.readDatabase.backup.drill: is not a setting here;"),
    ]);
    const cloud = { engine: "kurrent-cloud", size: "development", backup: { every: "6h", keep: "7d", drill: "0 5 * * 1" } };
    expect(backed({ cluster, eventStore: cloud })).toEqual([
      expect.stringContaining("test.eventStore.backup.drill: is not a setting here;"),
    ]);
  });

  it("has drills of copies only where there are both", () => {
    const eventStore = { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", drill: "0 5 * * 1" } };
    const backup = { drillCopies: true };
    expect(backed({ cluster, backup, eventStore })).toEqual([]);
    const none = "is for drills of stream backups, and no event store has one; set drill in the backup of the event store, or leave it out";
    expect(backed({ cluster, backup, eventStore: { ...eventStore, backup: { ...eventStore.backup, drill: false } } })).toEqual([
      `test.backup.drillCopies: true ${none}`,
    ]);
    expect(backed({ cluster: { context: "kind" }, backup: { ...backup, bucket: BUCKET }, eventStore })).toEqual([
      "test.backup.drillCopies: true is for drills of stream backups on AWS, and those here are in backup.bucket, which nothing copies; leave it out",
    ]);
  });

  it("requires a backup before a release only if one can be made at any time", () => {
    const backup = { beforeRelease: "24h" };
    expect(backed({ cluster, backup, readDatabase: { engine: "aurora", replicas: 0 } })).toEqual([]);
    const without = { eventStore: { engine: "eventsourcingdb" }, readDatabase: undefined, cluster: { context: "kind" } };
    expect(backed({ ...without, backup })).toContain(
      'test.backup.beforeRelease: "24h" requires a backup that can be made at any time, and no store here has one; leave it out, or see docs/data.md#backups for the engines that have one',
    );
  });

  it("has backups just where something has the right to write them", () => {
    for (const changes of [
      { cluster, readDatabase: { engine: "cloudnative-pg" } },
      { cluster: { context: "kind" }, readDatabase: { engine: "cloudnative-pg" } },
      { writeCluster: cluster, readCluster: { context: "kind" }, readDatabase: { engine: "cloudnative-pg" } },
      { writeCluster: cluster, readCluster: cluster, eventStore: { engine: "postgres", server: { engine: "cloudnative-pg" } } },
      { cluster, eventStore: { engine: "kurrentdb", backup: { every: "1h", keep: "1d" } }, readDatabase: { engine: "rds", replicas: 0 } },
    ]) {
      const environment = anEnvironment(changes);
      const writers = identitiesOf(asDomains(environment)).filter(({ purpose }) => purpose === "backups");
      const methods = storeBackups(asDomains(environment)).flatMap((store) => store.methods);
      expect(writers).toHaveLength(methods.filter(({ place }) => place === "bucket").length);
    }
  });
});

describe("EventSourcingDB", () => {
  const licensed = (changes: object, settings: object = {}) =>
    errorsOf(aProgram(anEnvironment({ cluster, ...changes, eventStore: { engine: "eventsourcingdb", ...settings } })));
  const required = (where: string) =>
    `test.eventStore.licence: is required ${where}: without one EventSourcingDB stops accepting events after 25,000; write licence: { secret, flag }, as docs/secrets.md has it, or choose another engine`;

  it("has a licence where it must not stop", () => {
    expect(licensed({})).toEqual([required("in a protected environment")]);
    expect(licensed({ exceptions: disposable })).toEqual([]);
    expect(licensed({ exceptions: disposable, size: "large" })).toEqual([required("for the size large")]);
    expect(licensed({ exceptions: disposable }, { size: "large" })).toEqual([required("for the size large")]);
    expect(licensed({}, { licence: { secret: "licence", flag: "license" } })).toEqual([]);
  });

  it("has its licence in a secret of its own", () => {
    for (const secret of ["event-store-token", "event-store-tls", "broker-users"]) {
      expect(licensed({}, { licence: { secret, flag: "license" } })).toEqual([
        `test.eventStore.licence.secret: "${secret}" is a secret that the platform makes; choose another name`,
      ]);
    }
  });

  it("is told its licence out of Secrets Manager on EKS, and out of the operator's own Secret elsewhere", () => {
    const licence = { secret: "vendor-licence", key: "text", flag: "license-key" };
    const madeOn = (on: object) => {
      const environment = anEnvironment({ exceptions: disposable, cluster: on, eventStore: { engine: "eventsourcingdb", licence } });
      return synthesisOf(aProgram(environment)).stacks.get("test-event-store")?.json as Body;
    };
    for (const [on, releases] of [
      [cluster, ["secret-vendor-licence"]],
      [{ context: "kind" }, []],
    ] as const) {
      const json = madeOn(on);
      const [{ args, env }] = one(json, "kubernetes_stateful_set_v1").spec.template.spec.container;
      expect(args).toContain("--license-key=$(LICENCE)");
      expect(env).toContainEqual({ name: "LICENCE", value_from: { secret_key_ref: { name: "vendor-licence", key: "text" } } });
      const names = all(json, "helm_release").map(({ name }) => name);
      expect(names.filter((name) => name.includes("licence"))).toEqual(releases);
    }
  });
});

describe("a database of another name than its server", () => {
  const made = (database?: string) => {
    const stores = { postgres: { engine: "cloudnative-pg", instances: 1, ...(database ? { database } : {}) } };
    const service = { image: "registry.example.com/orders/api:1.0.0", replicas: 1, uses: ["postgres"] };
    const environment = anEnvironment({
      aws: undefined,
      cluster: { context: "kind" },
      exceptions: disposable,
      stores,
      domains: { shop: { services: { api: service } } },
    });
    return { environment, stacks: synthesisOf(aProgram(environment)).stacks };
  };
  const messaging = made("messaging");

  it("has users, connections and the jobs of its own by that name, and secrets by the name of the server", () => {
    const store = JSON.stringify(messaging.stacks.get("test-postgres")?.json);
    for (const name of ["migrator", "writer", "reader"]) {
      expect(store).toContain(`messaging_${name}`);
      expect(store).not.toContain(`postgres_${name}`);
    }
    const [{ env }] = one(messaging.stacks.get("test-shop")?.json as Body, "kubernetes_deployment_v1").spec.template.spec.container;
    expect(env.find(({ name }: Body) => name === "DATABASE_URL").value).toContain("/messaging?");
    expect(env.find(({ name }: Body) => name === "CONNECTION_POSTGRES_USER").value_from.secret_key_ref.name).toBe("postgres-writer");
  });

  it("can't be renamed, and keeps its name when it is written out", () => {
    expect(moves(made().environment, messaging.environment)).toEqual([
      {
        path: "test.stores.postgres.database",
        value: "messaging",
        rule: "was app: another database begins empty",
        remedy: "keep app, or add a server with the other one, and move its data",
      },
    ]);
    expect(moves(made("shop").environment, made("shop").environment)).toEqual([]);
  });

  it.each(["postgres", "template1", "pg_orders", "Orders", "1st"])("is refused as %s", (database) => {
    const readDatabase = { engine: "cloudnative-pg", database };
    expect(errorsOf(aProgram(anEnvironment({ cluster, readDatabase, exceptions: disposable })))).toEqual([
      `test.readDatabase.database: "${database}" can't be the name of a database and its users; use up to 48 lower-case letters, digits and _, not beginning with a digit or pg_, and not postgres or template0`,
    ]);
  });
});

describe("events in memory", () => {
  const memory = { memory: { engine: "memory" } };
  const service = { image: "registry.example.com/orders/api:1.0.0", replicas: 1, uses: ["memory"] };
  const inMemory = (services: object, more: object = {}) =>
    errorsOf(
      aProgram(
        anEnvironment({
          aws: undefined,
          cluster: { context: "kind" },
          exceptions: disposable,
          stores: memory,
          domains: { shop: { services } },
          ...more,
        }),
      ),
    );

  it("take an exception where data is protected", () => {
    expect(inMemory({ api: service })).toEqual([]);
    expect(inMemory({ api: service }, { exceptions: { localState: "a test of rules" } })).toEqual([
      'test.stores.memory.engine: "memory" loses every event when its process restarts; choose another engine, or say in exceptions.volatileEvents why that is right here',
    ]);
    expect(inMemory({ api: service }, { exceptions: { localState: "a test of rules", volatileEvents: "a test of rules" } })).toEqual([]);
  });

  it("are those of one process", () => {
    expect(inMemory({ api: { ...service, replicas: 2 } })).toEqual([
      "test.domains.shop.services.api.replicas: 2 instances would each have events of their own in memory; use 1, or choose another engine",
    ]);
    expect(inMemory({ api: service, other: service })).toEqual([
      "test.stores.memory: is the memory of api, which other can't read; let one workload use it, or choose another engine",
    ]);
  });
});
