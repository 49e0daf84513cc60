import { asDomains, backupTable, type Environment, moves, type Program, resolvedStores } from "../../stacks";
import { billables } from "../../stacks/billable";
import { cloudWatchOn } from "../../stacks/model/derive/cloudwatch";
import { ineffective } from "../../stacks/model/derive/ineffective";
import { deployedParts } from "../../stacks/model/derive/standby";
import { Deployed, tagged } from "../bootstrap/account";
import { allows } from "../bootstrap/evaluator";
import { anEnvironment, errorsOf } from "../environments";
import { addressesOf, synthesisOf } from "../program";
import { all, type Body } from "../synth";

const image = "registry.example.com/orders/app:1.0.0";
const place = { account: "111122223333", domain: "orders.example.com" };
const globalDatabase = { of: "test", minorVersion: 5 };
const server = { engine: "aurora", replicas: 1 } as const;

/** Events and read models in Aurora, both in global databases. */
const SYSTEM = {
  cluster: { nodes: 6, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
  eventStore: { engine: "postgres", server: { ...server, globalDatabase } },
  commandApi: { image, replicas: 3 },
  queryApi: { image, replicas: 2 },
  projections: { image, workers: 2, parallelism: 2 },
  readDatabase: { ...server, globalDatabase },
  monitoring: { prometheus: true },
  exceptions: { unauthenticatedApis: "callers are in a mesh" },
};

const primary = (changes: object = {}) => anEnvironment({ ...SYSTEM, ...changes });
const away = {
  ...place,
  region: "eu-central-1",
  recoveryRegion: "eu-west-1",
  domain: "standby.example.com",
  network: { cidr: "10.9.0.0/16" },
};
const standby = (changes: object = {}) => anEnvironment({ ...SYSTEM, name: "standby", standbyOf: "test", aws: away, ...changes });
const aProgram = (...environments: readonly Environment[]): Program => ({
  // The state of both is in a third region, so that the roles can be swapped.
  accounts: [{ system: "orders", id: "111122223333", region: "eu-north-1", github: { repository: "example/orders" } }],
  environments: [...environments],
});
const said = (one: object = {}, other: object = {}) => errorsOf(aProgram(primary(one), standby(other)));
const aurora = (changes: object = {}) => ({ ...server, globalDatabase, ...changes });

describe("a global database", () => {
  it("has a server in the primary and one in its standby", () => {
    expect(said()).toEqual([]);
    expect(said({}, { readDatabase: server })).toEqual([
      'test.readDatabase.globalDatabase: has no server in another region to replicate to; add globalDatabase: { of: "test", … } to read-database of standby, or remove it',
    ]);
    expect(errorsOf(aProgram(primary({ eventStore: { engine: "postgres", server } })))).toEqual([
      "test.readDatabase.globalDatabase: has no server in another region to replicate to; add an environment with standbyOf, or remove it",
    ]);
    const other = standby({ name: "other", aws: { ...away, domain: "other.example.com", network: { cidr: "10.10.0.0/16" } } });
    expect(errorsOf(aProgram(primary(), standby(), other))).toContain(
      "test.readDatabase.globalDatabase: spans more than two environments: standby and other are in one region; keep it in one of them",
    );
  });

  it("is owned by one of the two, for good", () => {
    const readDatabase = aurora({ globalDatabase: { of: "tset", minorVersion: 5 } });
    expect(said({ readDatabase })).toContain(
      'test.readDatabase.globalDatabase.of: "tset" must be this environment, or the other one of the primary and its standby; use test or standby',
    );
    const moved = standby({ readDatabase: aurora({ globalDatabase: { of: "standby", minorVersion: 5 } }) });
    expect(moves(standby(), moved).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      `standby.readDatabase.globalDatabase.of was "test": the server can't leave that global database for another one`,
    ]);
    expect(moves(standby(), standby({ promoted: true }))).toEqual([]);
  });

  it("takes in a server that exists only as the first one", () => {
    const alone = { readDatabase: server, promoted: true };
    expect(moves(standby(alone), standby({ promoted: true })).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      "standby.readDatabase.globalDatabase.of can't take in a server that exists, and is not a secondary",
    ]);
    expect(moves(standby({ readDatabase: server }), standby())).toEqual([]);
    expect(moves(primary({ readDatabase: server }), primary())).toEqual([]);
  });

  it("has what AWS requires when the secondary is created", () => {
    const small = aurora({ size: "small" });
    expect(said({ readDatabase: small }, { readDatabase: small })).toEqual(
      ["test", "standby"].map(
        (name) =>
          `${name}.readDatabase.globalDatabase: can't have the burstable instances of the size small; set size: "medium" or "large" for the server`,
      ),
    );
    expect(said({}, { readDatabase: aurora({ globalDatabase: { of: "test", minorVersion: 4 } }) })).toEqual([
      "standby.readDatabase.globalDatabase.minorVersion: 4 is older than that of test, which it can't follow; use 5",
    ]);
    expect(said({}, { readDatabase: aurora({ globalDatabase: { of: "test", minorVersion: 6 } }) })).toEqual([]);
    expect(said({}, { aws: { ...away, recoveryRegion: "eu-north-1" } })).toContain(
      'standby.aws.recoveryRegion: "eu-north-1" must be the region of test, whose global database read-database joins; use eu-west-1',
    );
    const restore = { from: { environment: "test" }, target: { snapshot: "arn:aws:rds:eu-central-1:111122223333:cluster-snapshot:copy" } };
    expect(said({}, { readDatabase: aurora({ restore }) })).toEqual([
      expect.stringMatching(
        /^standby\.readDatabase\.restore: .* can't be combined with globalDatabase: the server has the data of the primary; leave it out$/,
      ),
    ]);
    expect(said({ readDatabase: aurora({ version: "16" }) })).toContain(
      'standby.readDatabase.version: "17" is not the version of test, whose backups it can\'t read; use "16"',
    );
  });

  it("is not for what projections of the standby write", () => {
    const followed = { eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } } };
    expect(said(followed, followed)).toEqual([
      "standby.readDatabase.globalDatabase: makes the server read-only until the promotion, and projections of this standby write to it; " +
        "remove it here and in test: the projections build the read models in both regions",
    ]);
  });

  it("is for Aurora only", () => {
    expect(said({ readDatabase: { engine: "rds", replicas: 1, globalDatabase } })).toContainEqual(
      expect.stringMatching(/^test\.readDatabase\.globalDatabase: /),
    );
  });
});

describe("the stacks of a global database", () => {
  const waiting = synthesisOf(aProgram(primary(), standby()));
  const promoted = synthesisOf(aProgram(primary(), standby({ promoted: true })));
  const jsonOf = ({ stacks }: typeof waiting, name: string): Body => JSON.parse(JSON.stringify(stacks.get(name)?.json ?? {}));
  const names = ({ stacks }: typeof waiting, of = "standby") => [...stacks.keys()].filter((name) => name.startsWith(`${of}-`));
  const clusters = (found: typeof waiting, of = "standby") => all(jsonOf(found, `${of}-data`), "aws_rds_cluster");

  it("create it from the server of its owner, which can exist already", () => {
    const json = jsonOf(waiting, "test-data");
    const databases = all(json, "aws_rds_global_cluster");
    expect(databases.map(({ global_cluster_identifier: id }) => id).sort()).toEqual([
      "orders-test-event-store",
      "orders-test-read-database",
    ]);
    for (const each of databases) {
      expect(each).toMatchObject({ deletion_protection: true, lifecycle: { prevent_destroy: true } });
      expect(each.source_db_cluster_identifier).toMatch(/^\$\{aws_rds_cluster\..*\.arn\}$/);
    }
    for (const cluster of clusters(waiting, "test")) {
      expect(cluster).toMatchObject({ engine_version: "17.5", master_username: "administrator", master_password_wo_version: 1 });
      expect(cluster).not.toHaveProperty("global_cluster_identifier");
      expect(cluster).not.toHaveProperty("source_region");
    }
  });

  it("create the standby's server as a secondary, with its own key and without a password", () => {
    expect(all(jsonOf(waiting, "standby-data"), "aws_rds_global_cluster")).toEqual([]);
    expect(
      clusters(waiting)
        .map(({ global_cluster_identifier: id }) => id)
        .sort(),
    ).toEqual(["orders-test-event-store", "orders-test-read-database"]);
    for (const cluster of clusters(waiting)) {
      expect(cluster).toMatchObject({ engine_version: "17.5", source_region: "eu-west-1", storage_encrypted: true });
      expect(cluster.kms_key_id).toContain("standby-keys");
      for (const refused of ["master_username", "master_password_wo", "master_password_wo_version", "snapshot_identifier"])
        expect(cluster).not.toHaveProperty(refused);
    }
    expect(all(jsonOf(waiting, "standby-data"), "aws_rds_cluster_instance")).toHaveLength(4);
  });

  it("change no argument with the promotion but the password, which the server and its secret get together", () => {
    const before = clusters(waiting);
    const after = clusters(promoted);
    for (const [index, cluster] of after.entries()) {
      const { master_password_wo: password, master_password_wo_version: version, ...rest } = cluster;
      expect(rest).toEqual(before[index]);
      expect(password).toContain("aws_secretsmanager_random_password");
      expect(version).toBe(1);
      // What a failover changes, and what would replace or detach the cluster if it were reverted.
      expect(cluster.lifecycle.ignore_changes).toEqual([
        "global_cluster_identifier",
        "replication_source_identifier",
        "source_region",
        "master_username",
      ]);
    }
    const versions = (found: typeof waiting) =>
      all(jsonOf(found, "standby-data"), "aws_secretsmanager_secret_version").map(({ secret_string_wo_version: version }) => version);
    expect(versions(waiting).filter((version) => version === 0)).toHaveLength(2);
    expect(versions(promoted)).not.toContain(0);
    expect(addressesOf(jsonOf(promoted, "standby-data"))).toEqual(addressesOf(jsonOf(waiting, "standby-data")));
    expect(addressesOf(jsonOf(promoted, "standby-network"))).toEqual(
      expect.arrayContaining([...addressesOf(jsonOf(waiting, "standby-network"))]),
    );
  });

  it("let nothing connect before the promotion, and set up users with it, before workloads", () => {
    const rules = (found: typeof waiting) => all(jsonOf(found, "standby-network"), "aws_vpc_security_group_ingress_rule");
    expect(rules(waiting).filter(({ from_port: port }) => port === 5432)).toEqual([]);
    expect(rules(promoted).filter(({ from_port: port }) => port === 5432)).not.toEqual([]);
    for (const name of ["standby-event-store", "standby-write-side", "standby-projections", "standby-read-side"]) {
      expect(names(waiting)).not.toContain(name);
      expect(names(promoted)).toContain(name);
    }
  });

  it("back the server up once it is promoted", () => {
    expect(all(jsonOf(waiting, "standby-backup"), "aws_backup_plan")).toEqual([]);
    expect(all(jsonOf(promoted, "standby-backup"), "aws_backup_plan")).not.toEqual([]);
  });

  it("swap the roles after a failover: the old primary becomes a secondary, and its secrets stay", () => {
    const swapped = synthesisOf(aProgram(primary({ standbyOf: "standby" }), standby({ standbyOf: undefined })));
    const [was] = clusters(waiting, "test");
    for (const cluster of clusters(swapped, "test")) {
      const { master_password_wo: _, master_password_wo_version: __, ...rest } = was as Body;
      expect(Object.keys(cluster).sort()).toEqual(Object.keys(rest).sort());
      expect(cluster).toMatchObject({ master_username: "administrator" });
    }
    const kept = addressesOf(jsonOf(waiting, "test-data"));
    expect(addressesOf(jsonOf(swapped, "test-data"))).toEqual(kept);
    // The new primary has what it had when it was promoted.
    expect(clusters(swapped)).toEqual(clusters(promoted));
    expect(addressesOf(jsonOf(swapped, "standby-data"))).toEqual(addressesOf(jsonOf(promoted, "standby-data")));
  });

  it("have deploy roles that may join the global database of the other environment, and nothing else", () => {
    const bootstrap = new Deployed(jsonOf(waiting, "bootstrap-111122223333"), place.account, "eu-north-1", () => false);
    const roles = bootstrap.roles(bootstrap.policies());
    const database = "arn:aws:rds::111122223333:global-cluster:orders-test-read-database";
    const may = (name: string, action: string, resource = database, environment = "test") => {
      const role = roles.find((one) => one.name === name);
      if (!role) throw new Error(`there is no role ${name}`);
      const context = { "aws:RequestedRegion": "eu-central-1", ...tagged({ system: "orders", environment }) };
      return allows(role, { action, resource, context });
    };
    const joins = ["rds:CreateDBCluster", "rds:DescribeGlobalClusters", "rds:RemoveFromGlobalCluster"];
    const others = ["rds:DeleteGlobalCluster", "rds:ModifyGlobalCluster", "rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster"];
    expect([...joins, ...others].filter((action) => may("orders-deploy-standby", action))).toEqual(joins);
    expect([...joins, ...others].filter((action) => may("orders-deploy-test", action))).toEqual([...joins, ...others]);
    // The cluster of the primary is out of reach, and so are other global databases of its environment.
    const cluster = "arn:aws:rds:eu-west-1:111122223333:cluster:orders-test-read-database";
    const another = "arn:aws:rds::111122223333:global-cluster:orders-test-another";
    expect([cluster, another].some((arn) => may("orders-deploy-standby", "rds:RemoveFromGlobalCluster", arn))).toBe(false);
    expect(may("orders-plan", "rds:DescribeGlobalClusters")).toBe(true);
  });

  it("count the instances of the standby in its bill", () => {
    const stacks = names(waiting).flatMap((name) => waiting.stacks.get(name) ?? []);
    expect(billables(stacks, []).find(({ item }) => item === "Aurora db.r7g.large")).toMatchObject({ counted: "4" });
  });
});

describe("what the summary says of a global database", () => {
  const deployed = deployedParts(asDomains(standby()));

  it("names the global database and how far a secondary is behind", () => {
    const settings = (environment: Environment) => resolvedStores(deployedParts(asDomains(environment))).map((one) => one.settings);
    expect(settings(standby())).toEqual([
      expect.stringMatching(/, secondary of the Aurora global database of test, usually 1s behind$/),
      expect.stringMatching(/, secondary of the Aurora global database of test, usually 1s behind$/),
    ]);
    expect(settings(primary())[1]).toMatch(/, part of the Aurora global database$/);
    expect(settings(standby({ promoted: true }))[1]).toMatch(/, part of the Aurora global database of test$/);
  });

  it("promises no backup of a secondary, and says what a failover loses", () => {
    expect(backupTable(deployed).filter(({ part }) => part === "read-database")).toEqual([
      expect.objectContaining({
        how: "none: it follows test by an Aurora global database, and has backups once promoted",
        often: "continuously",
        loss: "usually loses 1s",
        alert: "alert AuroraGlobalLag",
      }),
    ]);
    expect(backupTable(deployedParts(asDomains(standby({ promoted: true })))).map(({ how }) => how)).toContain(
      "automated backups of Aurora",
    );
  });

  it("says which stores are created from a backup instead", () => {
    const why = (environment: Environment) => ineffective(asDomains(environment)).find(({ setting }) => setting === "readDatabase")?.why;
    expect(why(standby({ readDatabase: server }))).toBe("it is created from a backup of test when the standby is promoted");
    expect(why(standby())).toBeUndefined();
  });

  it("watches the lag before the promotion", () => {
    expect(cloudWatchOn(deployed, "cluster")).toContain("aurora");
  });
});
