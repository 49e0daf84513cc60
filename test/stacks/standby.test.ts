import { asDomains, backupTable, type Environment, moves, type Program, resolvedStores } from "../../stacks";
import { ineffective } from "../../stacks/model/derive/ineffective";
import { deployedParts, followersOf } from "../../stacks/model/derive/standby";
import { anEnvironment, errorsOf } from "../environments";
import { addressesOf, synthesisOf } from "../program";
import { all, type Body } from "../synth";

const cluster = { nodes: 6, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } };
const image = "registry.example.com/orders/app:1.0.0";
const place = { account: "111122223333", domain: "orders.example.com" };
const backup = { every: "15m", keep: "28d" };

/** A system whose events are in KurrentDB, and whose read models are in PostgreSQL. */
const SYSTEM = {
  cluster,
  eventStore: { engine: "kurrentdb", backup },
  commandApi: { image, replicas: 3 },
  commandProcessors: { image, replicas: 2 },
  queryApi: { image, replicas: 2 },
  projections: { image, workers: 2, parallelism: 2 },
  readDatabase: { engine: "cloudnative-pg" },
  exceptions: { unauthenticatedApis: "callers are in a mesh" },
};

const primary = (changes: object = {}) => anEnvironment({ ...SYSTEM, ...changes });
const standby = (changes: object = {}) =>
  anEnvironment({
    ...SYSTEM,
    name: "standby",
    standbyOf: "test",
    aws: { ...place, region: "eu-central-1", recoveryRegion: "eu-west-1", domain: "standby.example.com", network: { cidr: "10.9.0.0/16" } },
    ...changes,
  });
const aProgram = (one: Environment, other: Environment, region: "eu-central-1" | "eu-west-1" = "eu-central-1"): Program => ({
  accounts: [{ system: "orders", id: "111122223333", region, github: { repository: "example/orders" } }],
  environments: [one, other],
});
const said = (one: object = {}, other: object = {}) => errorsOf(aProgram(primary(one), standby(other)));

describe("a standby", () => {
  it("has what its promotion needs in its own region", () => {
    expect(said()).toEqual([]);
    expect(said({ aws: { ...place, region: "eu-west-1", recoveryRegion: "eu-north-1" } })).toEqual([
      'standby.aws.region: "eu-central-1" is not aws.recoveryRegion of test, where the copies of its backups are; set test.aws.recoveryRegion to eu-central-1',
    ]);
    expect(errorsOf(aProgram(primary(), standby(), "eu-west-1"))).toEqual([
      'standby.aws.account: "111122223333" keeps its Terraform state in eu-west-1, which is lost together with test; set region of the account to eu-central-1 in environments/accounts.ts',
    ]);
    const program = aProgram(primary(), standby({ aws: { ...standby().aws, account: "444455556666" } }));
    expect(
      errorsOf({ ...program, accounts: [...program.accounts, { system: "orders", id: "444455556666", region: "eu-central-1" }] }),
    ).toEqual([
      'standby.aws.account: "444455556666" is not the account of test, whose backups only roles of the same account can read; use 111122223333',
    ]);
  });

  it("has a store for the data of each store, that can read it", () => {
    expect(said({}, { readDatabase: { engine: "cloudnative-pg", version: "16" } })).toEqual([
      'standby.readDatabase.version: "16" is not the version of test, whose backups it can\'t read; use "17"',
    ]);
    expect(said({}, { readDatabase: { engine: "aurora", replicas: 1 } })).toEqual([
      'standby.readDatabase.engine: "aurora" is not the engine of test, whose backups it can\'t read; use cloudnative-pg',
    ]);
    expect(said({ stores: { search: { engine: "cloudnative-pg" } }, queryApi: { ...SYSTEM.queryApi, uses: ["search"] } })).toContain(
      'standby.standbyOf: "test" has the store search, for whose data this environment has no store; add stores.search, or remove it from test',
    );
    const licence = { secret: "licence", flag: "license" };
    const eventStore = { engine: "eventsourcingdb", licence };
    expect(said({ eventStore }, { eventStore })).toEqual([
      'standby.eventStore.engine: "eventsourcingdb" has an engine whose data can\'t be brought to another region; use kurrentdb, or remove standbyOf',
    ]);
  });

  it("follows a stream backup, and has one of its own for the time after", () => {
    const eventStore = { engine: "kurrentdb" };
    const how = 'backup: { every: "15m", keep: "28d" }';
    expect(said({ eventStore })).toEqual([
      `standby.eventStore: has nothing to follow: test has no stream backup of it; add ${how} to test.eventStore, on a cluster that it creates`,
    ]);
    expect(said({}, { eventStore })).toEqual([
      `standby.eventStore: has no stream backup, which protects it after a promotion, and without which it does not follow test; add ${how}, on a cluster that the environment creates`,
    ]);
  });

  it("follows a stream backup on AWS only", () => {
    const outside = {
      cluster: { context: "kind" },
      backup: { bucket: { endpoint: "https://s3.example.com", bucket: "backups", credentials: { secret: "bucket" } } },
    };
    expect(said(outside)).toContain(
      "standby.eventStore: can't follow test, whose stream backup of it is in backup.bucket: a standby reads copies on AWS; create the cluster of test with its environment (aws), or remove standbyOf",
    );
    expect(said({}, outside)).toContain(
      "standby.eventStore: can't follow test: its pods are on an existing cluster, and have no role to read the copy on AWS; create the cluster with the environment (aws), or remove standbyOf",
    );
  });

  it("may follow another engine of the same protocol", () => {
    const eventStore = { engine: "kurrent-cloud", size: "production", backup: { every: "1h", keep: "30d" }, streamBackup: backup };
    expect(said({ eventStore })).toEqual([]);
    expect(said({}, { eventStore })).toEqual([]);
  });

  it("can only be promoted if it is one, and with the data of servers that are restored", () => {
    expect(said({ promoted: true })).toEqual([
      `test.promoted: true requires standbyOf, which this environment doesn't have; leave it out, or write standbyOf: "…" as before the promotion`,
    ]);
    const server = { engine: "cloudnative-pg" };
    const eventStore = { engine: "postgres", server };
    const restored = { ...server, restore: { from: { environment: "test" }, target: { time: "2026-11-21T02:15:00Z" } } };
    expect(said({ eventStore }, { eventStore })).toEqual([]);
    const streamed = { ...eventStore, streamBackup: { every: "15m", keep: "28d" } };
    expect(said({ eventStore: streamed }, { eventStore: streamed })).toEqual([]);
    expect(followersOf(asDomains(standby({ eventStore: streamed })), asDomains(primary({ eventStore: streamed })))).toEqual([]);
    expect(said({ eventStore }, { eventStore, promoted: true })).toEqual(
      ["eventStore.server", "readDatabase"].map(
        (path) =>
          `standby.${path}.restore: is missing, and the server would begin without the data of the primary; ` +
          'write restore: { from: { environment: "test" }, target: { … } } (docs/standby.md)',
      ),
    );
    expect(said({ eventStore }, { eventStore: { engine: "postgres", server: restored }, readDatabase: restored, promoted: true })).toEqual(
      [],
    );
  });

  it("is not demoted: its store never follows again", () => {
    expect(moves(standby({ promoted: true }), standby()).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      "standby.promoted was true: its event stores never follow again, and what appends events would be removed",
    ]);
    expect(moves(standby(), standby({ promoted: true }))).toEqual([]);
  });
});

describe("the stacks of a standby", () => {
  const waiting = synthesisOf(aProgram(primary(), standby()));
  const promoted = synthesisOf(aProgram(primary(), standby({ promoted: true })));
  const jsonOf = ({ stacks }: typeof waiting, name: string): Body => JSON.parse(JSON.stringify(stacks.get(name)?.json ?? {}));
  const names = ({ stacks }: typeof waiting) => [...stacks.keys()].filter((name) => name.startsWith("standby-"));
  const jobs = (json: Body) => all(json, "kubernetes_cron_job_v1").map(({ metadata }) => metadata.name);

  it("follow from the copy of the primary's bucket, with a role that can only read it", () => {
    const json = jsonOf(waiting, "standby-event-store");
    expect(jobs(json)).toEqual(expect.arrayContaining(["event-store-follow"]));
    expect(jobs(json)).not.toEqual(expect.arrayContaining(["event-store-backup"]));
    const cronJob = all(json, "kubernetes_cron_job_v1").find(({ metadata }) => metadata.name === "event-store-follow");
    const { env } = cronJob?.spec.job_template.spec.template.spec.container[0] ?? {};
    expect(env).toContainEqual({ name: "BUCKET", value: "orders-test-backups-copy-111122223333-eu-central-1" });
    expect(env).toContainEqual({ name: "PREFIX", value: "event-store/event-store-backup" });
    const identities = JSON.stringify(jsonOf(waiting, "standby-identities"));
    expect(identities).toContain("arn:aws:s3:::orders-test-backups-copy-111122223333-eu-central-1/event-store/event-store-backup/*");
    expect(identities).toContain("alias/orders-test-recovery");
    const nodes = all(json, "kubernetes_network_policy_v1").find(({ metadata }) => metadata.name === "event-store-nodes");
    expect(JSON.stringify(nodes)).toContain("event-store-follow");
  });

  it("have nothing that may append events before the promotion, and it after the store is complete", () => {
    expect(names(waiting)).not.toContain("standby-write-side");
    expect(names(waiting)).toEqual(expect.arrayContaining(["standby-projections", "standby-read-side"]));
    expect(names(promoted)).toContain("standby-write-side");
    const json = jsonOf(promoted, "standby-event-store");
    expect(jobs(json)).toEqual(expect.arrayContaining(["event-store-backup"]));
    expect(jobs(json)).not.toContain("event-store-follow");
    expect(all(json, "kubernetes_job_v1").some(({ metadata }) => metadata.name.startsWith("event-store-promote-"))).toBe(true);
    const order = promoted.compositions.find(({ name }) => name === "standby")?.stacks.map(({ node }) => node.id) ?? [];
    expect(order.indexOf("standby-event-store")).toBeLessThan(order.indexOf("standby-write-side"));
    const writeSide = promoted.stacks.get("standby-write-side")?.stack;
    expect(dependenciesOf(writeSide)).toContain("standby-event-store");
  });

  it("change nothing else with the promotion", () => {
    const changed = names(promoted).filter((name) => JSON.stringify(jsonOf(promoted, name)) !== JSON.stringify(jsonOf(waiting, name)));
    // Security groups, roles, load balancers and priorities of what appends events.
    const around = ["standby-network", "standby-identities", "standby-entry", "standby-platform"];
    expect(changed).toEqual([...around, "standby-event-store", "standby-write-side"]);
    const gone = names(waiting).flatMap((name) => {
      const after = addressesOf(jsonOf(promoted, name));
      return addressesOf(jsonOf(waiting, name)).filter((address) => !after.includes(address));
    });
    expect(gone).toEqual([expect.stringMatching(/^kubernetes_cron_job_v1\.event-store-follow_/)]);
  });

  it.each([
    ["KurrentDB", {}],
    ["RDS", { engine: "rds", replicas: 1 }],
    ["Aurora", { engine: "aurora", replicas: 1 }],
    ["a global database", { engine: "aurora", replicas: 1, globalDatabase: { of: "test", minorVersion: 5 } }],
  ])("create and change nothing in another region with the promotion of %s, because that region is lost", (_, server) => {
    const stores = (restore: object) =>
      "engine" in server
        ? {
            eventStore: { engine: "postgres", server: { ...server, ...("globalDatabase" in server ? {} : restore) } },
            readDatabase: { engine: "rds", replicas: 1, backup: { keep: "20d" }, ...restore },
          }
        : {};
    const restore = {
      from: { environment: "test" },
      target: { snapshot: "arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:awsbackup:one" },
    };
    const region = "globalDatabase" in server ? "us-east-1" : "eu-central-1";
    const elsewhere = (promotion: object) => {
      const { stacks } = synthesisOf(aProgram(primary(stores({})), standby(promotion), region as "eu-central-1"));
      const bodies = [...stacks].filter(([name]) => name.startsWith("standby-")).map(([, { json }]) => json as Body);
      return bodies
        .flatMap(({ resource = {}, data = {} }) => [resource, data].flatMap(Object.values).flatMap(Object.values))
        .filter((one) => one.provider);
    };
    const before = elsewhere(stores({}));
    expect(before.length).toBeGreaterThan(5);
    expect(elsewhere({ ...stores({ restore }), promoted: true })).toEqual(before);
  });

  it("can be planned while the other region is lost: no provider asks there who it is", () => {
    const providers = names(promoted).flatMap((name) => [jsonOf(promoted, name).provider?.aws ?? []].flat());
    const others = providers.filter(({ alias }) => alias);
    expect(new Set(others.map(({ region, sts_region }) => `${region} by ${sts_region}`))).toEqual(new Set(["eu-west-1 by eu-central-1"]));
  });

  it("have deploy roles that may give the follower access to the primary's copies", () => {
    expect(JSON.stringify(jsonOf(waiting, "bootstrap-111122223333"))).toContain("orders-test-backups-copy-111122223333-eu-central-1");
  });
});

describe("what the summary says of a standby", () => {
  it("names what is created with the promotion, and what nothing fills", () => {
    const settings = { ...SYSTEM, cache: { engine: "valkey", purpose: "store" } };
    const found = ineffective(asDomains(standby(settings)));
    expect(found.map(({ setting }) => setting)).toEqual(expect.arrayContaining(["commandApi", "commandProcessors", "cache"]));
    expect(ineffective(asDomains(standby({ promoted: true }))).map(({ setting }) => setting)).not.toContain("commandApi");
  });

  it("says which stores follow", () => {
    const settings = (environment: Environment) => resolvedStores(asDomains(environment)).map((one) => one.settings);
    expect(settings(standby())).toEqual([expect.stringMatching(/^kurrentdb: .*, follows test$/), expect.not.stringContaining("follows")]);
    expect(settings(standby({ promoted: true }))).not.toContainEqual(expect.stringContaining("follows"));
  });

  it("promises no backup of a store that follows", () => {
    const [row] = backupTable(asDomains(standby()));
    expect(row).toMatchObject({ part: "event-store", how: "none: it follows test, and has a backup once promoted" });
    expect(backupTable(asDomains(standby({ promoted: true })))[0]).toMatchObject({ how: "stream backup" });
  });

  it("has nothing of a domain whose workloads all wait, and others come after what came before it", () => {
    const domains = {
      first: { services: { read: { image, replicas: 1 } } },
      second: { workers: { write: { image, replicas: 1, uses: ["event-store"] } } },
      third: { after: ["second"], services: { web: { image, replicas: 1, calls: [] } } },
    };
    const system = deployedParts(asDomains(standby({ domains })));
    expect(system.domains.map(({ name }) => name)).not.toContain("second");
    expect(system.domains.find(({ name }) => name === "third")?.after).toEqual(["first"]);
  });
});

function dependenciesOf(
  stack: { readonly dependencies: readonly { readonly node: { readonly id: string } }[] } | undefined,
): readonly string[] {
  const [found, open] = [new Set<string>(), [...(stack?.dependencies ?? [])]];
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next.node.id)) continue;
    found.add(next.node.id);
    open.push(...(next as unknown as { dependencies: typeof open }).dependencies);
  }
  return [...found];
}
