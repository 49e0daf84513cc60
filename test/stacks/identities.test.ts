import type { Environment } from "../../stacks";
import { identitiesOf } from "../../stacks/model/derive/identities";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const cluster = { nodes: 3, node: { cpu: 4, memory: "32Gi", storage: "100Gi" } };
const cloudNativePg = { engine: "cloudnative-pg", instances: 3, storage: "20Gi" };
const events = { engine: "postgres", server: cloudNativePg };

const names = (changes: object) =>
  identitiesOf(asDomains(anEnvironment(changes))).map((one) => `${one.cluster}: ${one.namespace}/${one.serviceAccount}`);
const stacksOf = (changes: object) => synthesisOf(aProgram(anEnvironment(changes))).stacks;
const output = (stack: string, name: string) => `\${data.terraform_remote_state.test-${stack}.outputs.${name}}`;

function identities(changes: object): Body {
  const found = stacksOf(changes).get("test-identities");
  if (!found) throw new Error("there is no stack test-identities");
  return found.json;
}

describe("the identities of workloads", () => {
  it("are those of what has backups of its own to keep", () => {
    expect(names({ cluster, readDatabase: cloudNativePg, eventStore: events })).toEqual([
      "cluster: event-store/event-store",
      "cluster: read-store/read-database",
    ]);
    expect(names({ cluster, readDatabase: { engine: "aurora", replicas: 1 }, eventStore: { engine: "kurrent-cloud" } })).toEqual([]);
    const kurrentDb = { engine: "kurrentdb", backup: { every: "1h", keep: "30d" } };
    expect(names({ cluster, eventStore: kurrentDb })).toEqual(["cluster: event-store/event-store-backup"]);
    expect(names({ cluster, eventStore: { engine: "kurrentdb" } })).toEqual([]);
    expect(names({ cluster: { context: "kind" }, eventStore: kurrentDb })).toEqual([]);
    const snapshots = { engine: "kurrentdb", volumeSnapshots: { every: "6h", keep: "7d" } };
    expect(names({ cluster, eventStore: snapshots })).toEqual(["cluster: event-store/event-store-snapshots"]);
    expect(names({ cluster, eventStore: snapshots, aws: { ...anEnvironment().aws, recoveryRegion: undefined } })).toEqual([]);
  });

  it("are on the cluster of their side", () => {
    expect(names({ writeCluster: cluster, readCluster: cluster, readDatabase: cloudNativePg, eventStore: events })).toEqual([
      "writeCluster: event-store/event-store",
      "readCluster: read-store/read-database",
    ]);
  });

  it("are those of the jobs that tell ElastiCache a password", () => {
    const cache = { engine: "elasticache", shards: 1, replicasPerShard: 1 };
    expect(names({ cluster, cache })).toEqual(["cluster: read-store/cache-password"]);
    expect(names({ writeCluster: cluster, readCluster: { context: "kind" }, cache })).toEqual([]);
    expect(names({ cluster, cache: { engine: "valkey" } })).toEqual([]);
  });

  it("are one for each of several databases, by its name", () => {
    const readDatabase = ["orders", "search"].map((name) => ({ ...cloudNativePg, name }));
    expect(names({ cluster, readDatabase })).toEqual(["cluster: read-store/orders", "cluster: read-store/search"]);
  });

  it("are none on a cluster that exists already", () => {
    expect(names({ writeCluster: cluster, readCluster: { context: "kind" }, readDatabase: cloudNativePg })).toEqual([]);
    expect(identitiesOf(asDomains({ ...anEnvironment(), readDatabase: cloudNativePg } as Environment))).toEqual([]);
  });
});

describe("the role of Elasticsearch", () => {
  const monitoring = { prometheus: true, elasticStack: true };
  const backup = { keep: "60d" };

  it("trusts the cluster that has Elasticsearch, and writes to the bucket of snapshots alone", () => {
    const json = identities({ writeCluster: cluster, readCluster: cluster, monitoring });
    expect(one(json, "aws_iam_openid_connect_provider").url).toBe(`https://${output("read-cluster", "cluster_issuer")}`);
    const [trust] = statements(one(json, "aws_iam_role", "elasticsearch/role").assume_role_policy);
    expect(trust?.Condition.StringEquals).toEqual({
      [`${output("read-cluster", "cluster_issuer")}:aud`]: "sts.amazonaws.com",
      [`${output("read-cluster", "cluster_issuer")}:sub`]: "system:serviceaccount:observability:elasticsearch",
    });
    const bucket = output("backup", "snapshot_bucket_arn");
    const rights = statements(one(json, "aws_iam_role_policy", "elasticsearch/rights").policy);
    expect(rights.map(({ Resource }) => Resource)).toEqual([bucket, `${bucket}/elasticsearch/*`, output("keys", "backup_key_arn")]);
  });

  it("is told to Elasticsearch with its bucket, which keeps snapshots as long as other backups", () => {
    const stack = stacksOf({ cluster, monitoring, backup }).get("test-observability")?.json as Body;
    const text = JSON.stringify(stack);
    expect(text).toContain(output("identities", "snapshot_role_arn"));
    expect(text).toContain(output("backup", "snapshot_bucket"));
    const [files] = all(stack, "kubernetes_config_map_v1").filter(({ data }) => data?.["settings.sh"]);
    expect(JSON.parse(files?.data["_slm-policy-daily.json"]).retention).toEqual({ expire_after: "60d", min_count: 7 });
  });

  it.each<[string, object]>([
    ["without logs", { cluster, monitoring: { prometheus: true } }],
    ["on an existing cluster, whose tokens no role can trust", { cluster: { context: "kind" }, monitoring }],
  ])("is not there, nor its bucket, provider and outputs, %s", (_, changes) => {
    const stacks = stacksOf(changes);
    const text = JSON.stringify([...stacks.values()].map(({ json }) => json));
    expect(text).not.toMatch(/snapshot_bucket|cluster_issuer|-snapshots-|OpenIDConnectProvider"|_slm-policy|observability:elasticsearch/);
  });
});

describe("the identities stack", () => {
  it("is not there where it would be empty", () => {
    expect([...stacksOf({ cluster }).keys()]).not.toContain("test-identities");
    expect([...stacksOf({ cluster, readDatabase: cloudNativePg }).keys()]).toContain("test-identities");
  });

  it("gives the pods of one service account a role of their cluster", () => {
    const json = identities({ cluster, readDatabase: cloudNativePg });
    expect(one(json, "aws_eks_pod_identity_association")).toMatchObject({
      cluster_name: output("cluster", "cluster_name"),
      namespace: "read-store",
      service_account: "read-database",
    });
    expect(one(json, "aws_iam_role")).toMatchObject({ name: "orders-test-read-store-read-database", path: "/orders/test/" });
    const [trust] = statements(one(json, "aws_iam_role").assume_role_policy);
    expect(trust?.Condition.StringEquals["aws:RequestTag/eks-cluster-arn"]).toBe(output("cluster", "cluster_arn"));
  });

  const rights = statements(
    one(identities({ cluster, readDatabase: cloudNativePg, eventStore: events }), "aws_iam_role_policy", "event-store-event-store/rights")
      .policy,
  );
  const bucket = output("backup", "backup_bucket_arn");
  const statement = (sid: string) => rights.find(({ Sid }) => Sid === sid);

  it("lets a workload write its own backups and read them, and delete none", () => {
    expect(statement("OwnBackups")).toMatchObject({
      Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
      Resource: `${bucket}/event-store/event-store/*`,
    });
    expect(rights.flatMap(({ Action }) => Action).filter((action) => /Delete|\*/.test(action))).toEqual([]);
  });

  it("lets it find its own backups, and ask whether the bucket is there", () => {
    expect(statement("FindBackups")).toMatchObject({
      Resource: bucket,
      Condition: { StringLikeIfExists: { "s3:prefix": ["event-store/event-store", "event-store/event-store/*"] } },
    });
  });

  it("lends it the key of backups for this bucket alone, through S3", () => {
    expect(statement("KeyOfBackups")).toMatchObject({
      Resource: output("keys", "backup_key_arn"),
      Condition: {
        StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" },
        StringLike: { "kms:EncryptionContext:aws:s3:arn": `${bucket}*` },
      },
    });
  });

  it("lets drills read the backups of their store, and write nothing but results", () => {
    const backup = { every: "15m", keep: "28d", rto: "4h" };
    const json = identities({ cluster, eventStore: { engine: "kurrentdb", nodes: 3, backup } });
    const all = statements(one(json, "aws_iam_role_policy", "event-store-event-store-drill/rights").policy);
    const rightsOf = (action: string) => all.filter(({ Action }) => [Action].flat().includes(action)).map(({ Resource }) => Resource);
    const [backups, results] = [`${bucket}/event-store/event-store-backup/*`, `${bucket}/drills/event-store/event-store/*`];
    expect(rightsOf("s3:GetObject")).toEqual([backups, results]);
    expect(rightsOf("s3:PutObject")).toEqual([results]);
    expect(all.find(({ Sid }) => Sid === "FindBackups")?.Condition).toEqual({
      StringLikeIfExists: { "s3:prefix": ["event-store/event-store-backup", "event-store/event-store-backup/*"] },
    });
    expect(all.flatMap(({ Action }) => Action).filter((action) => /Delete|\*/.test(action))).toEqual([]);
  });

  it("lets drills of copies read the copy with its key, and write results to the bucket of the region", () => {
    const eventStore = { engine: "kurrentdb", nodes: 3, backup: { every: "15m", keep: "28d", rto: "4h" } };
    const json = identities({ cluster, eventStore, backup: { drillCopies: true } });
    const all = statements(one(json, "aws_iam_role_policy", "event-store-event-store-drill/rights").policy);
    const copy = "arn:aws:s3:::orders-test-backups-copy-111122223333-eu-central-1";
    const rightsOf = (action: string) => all.filter(({ Action }) => [Action].flat().includes(action)).map(({ Resource }) => Resource);
    expect(rightsOf("s3:GetObject")).toEqual([`${copy}/event-store/event-store-backup/*`, `${bucket}/drills/event-store/event-store/*`]);
    expect(rightsOf("s3:ListBucketVersions")).toEqual([copy]);
    expect(all.find(({ Sid }) => Sid === "KeyOfOrigin")).toMatchObject({
      Resource: "arn:aws:kms:eu-central-1:111122223333:key/*",
      Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/orders-test-recovery" } },
    });
  });

  it("gives drills of a stream backup of events in PostgreSQL other names than those of their server", () => {
    const server = { engine: "cloudnative-pg", backup: { drill: "0 4 1 * *" } };
    const eventStore = { engine: "postgres", server, streamBackup: { every: "15m", keep: "28d", drill: "0 4 1 * *" } };
    for (const [from, backup] of [
      [bucket, {}],
      ["arn:aws:s3:::orders-test-backups-copy-111122223333-eu-central-1", { drillCopies: true }],
    ] as const) {
      const json = identities({ cluster, eventStore, backup });
      const objectsOf = (name: string) =>
        statements(one(json, "aws_iam_role_policy", `event-store-event-store${name}/rights`).policy)
          .flatMap(({ Action, Resource }) => [Action].flat().map((action: string) => `${action} ${Resource}`))
          .filter((right) => /^s3:(Get|Put)Object /.test(right))
          .sort();
      const results = `${bucket}/drills/event-store/event-store-stream/*`;
      expect(objectsOf("-stream-drill")).toEqual(
        [`s3:GetObject ${from}/event-store/event-store-backup/*`, `s3:GetObject ${results}`, `s3:PutObject ${results}`].sort(),
      );
      const ofServer = `${bucket}/drills/event-store/event-store/*`;
      expect(objectsOf("-drill")).toEqual([`s3:GetObject ${ofServer}`, `s3:PutObject ${ofServer}`]);
    }
  });

  it("lets drills of volume snapshots write results, and read no backups", () => {
    const eventStore = { engine: "kurrentdb", nodes: 3, volumeSnapshots: { every: "6h", keep: "7d", drill: "0 4 1 * *" } };
    for (const backup of [{}, { drillCopies: true }]) {
      const streamed = "drillCopies" in backup ? { backup: { every: "15m", keep: "28d", drill: "0 4 1 * *" } } : {};
      const json = identities({ cluster, eventStore: { ...eventStore, ...streamed }, backup });
      const all = statements(one(json, "aws_iam_role_policy", "event-store-event-store-volume-drill/rights").policy);
      const results = `${bucket}/drills/event-store/event-store-volume/*`;
      const rights = all.flatMap(({ Action, Resource }) => [Action].flat().map((action: string) => `${action} ${Resource}`));
      expect(rights.filter((right) => right.startsWith("s3:"))).toEqual([`s3:GetObject ${results}`, `s3:PutObject ${results}`]);
    }
  });

  it("lets the server that a drill creates read the archive, and its job write results", () => {
    const json = identities({ cluster, readDatabase: { engine: "cloudnative-pg", backup: { rto: "4h" } } });
    const rightsOf = (account: string) =>
      statements(one(json, "aws_iam_role_policy", `read-store-${account}/rights`).policy).flatMap(({ Action, Resource }) =>
        [Action].flat().map((action: string) => `${action} ${Resource}`),
      );
    const key = ["kms:Decrypt", "kms:GenerateDataKey"].map((action) => `${action} ${output("keys", "backup_key_arn")}`);
    expect(rightsOf("read-database-scratch")).toEqual([
      `s3:ListBucket ${bucket}`,
      `s3:ListBucketVersions ${bucket}`,
      `s3:GetObject ${bucket}/read-store/read-database/*`,
      ...key,
    ]);
    const results = `${bucket}/drills/read-store/read-database/*`;
    expect(rightsOf("read-database-drill")).toEqual([`s3:GetObject ${results}`, `s3:PutObject ${results}`, ...key]);
  });

  it("keeps the workloads apart", () => {
    const json = identities({ cluster, readDatabase: cloudNativePg, eventStore: events });
    const written = all(json, "aws_iam_role_policy").map(
      ({ policy }) => statements(policy).find(({ Sid }) => Sid === "OwnBackups")?.Resource,
    );
    expect(new Set(written).size).toBe(2);
  });

  it("lets the job of volume snapshots copy them to the recovery region, with its key, locked for their retention", () => {
    const eventStore = { engine: "kurrentdb", nodes: 3, volumeSnapshots: { every: "6h", keep: "7d" } };
    const rightsOf = (changes: object) => statements(one(identities({ cluster, eventStore, ...changes }), "aws_iam_role_policy").policy);
    const statement = (sid: string) => rightsOf({}).find(({ Sid }) => Sid === sid);
    const tags = ["system", "environment", "event-store"].map((name) => `aws:ResourceTag/${name}`);
    expect(statement("LockCopies")).toMatchObject({
      Resource: "arn:aws:ec2:eu-central-1::snapshot/*",
      Condition: {
        StringEquals: Object.fromEntries(tags.map((tag, index) => [tag, ["orders", "test", "event-store/event-store"][index]])),
        NumericEquals: { "ec2:SnapshotLockDuration": "7" },
      },
    });
    expect(statement("CopyKey")?.Resource).toBe(output("keys", "recovery_key_arn"));
    expect(statement("SourceKey")?.Resource).toBe(output("keys", "disks_key_arn"));
    expect(rightsOf({ exceptions: { disposable: "a test" } }).map(({ Sid }) => Sid)).not.toContain("LockCopies");
    const job = one(stacksOf({ cluster, eventStore }).get("test-event-store")?.json as Body, "kubernetes_cron_job_v1", "snapshots/job");
    const { env } = job.spec.job_template.spec.template.spec.container[0];
    expect(env).toContainEqual({ name: "COPY_KEY", value: output("keys", "recovery_key_arn") });
  });

  it("lets the job of the cache's password change that user, and nobody else", () => {
    const json = identities({ cluster, cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 } });
    expect(statements(one(json, "aws_iam_role_policy").policy)).toEqual([
      {
        Sid: "OwnUser",
        Effect: "Allow",
        Action: ["elasticache:AddTagsToResource", "elasticache:DescribeUsers", "elasticache:ListTagsForResource", "elasticache:ModifyUser"],
        Resource: output("data", "cache_user_arn"),
      },
    ]);
    expect(Object.keys(json.data.terraform_remote_state).sort()).toEqual(["test-cluster", "test-data"]);
  });
});
