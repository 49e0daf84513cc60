import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataAwsIamPolicyDocument } from "@cdktf/provider-aws/lib/data-aws-iam-policy-document";
import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { ElasticacheReplicationGroup } from "@cdktf/provider-aws/lib/elasticache-replication-group";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Release } from "@cdktf/provider-helm/lib/release";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import { JobV1 } from "@cdktf/provider-kubernetes/lib/job-v1";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import { StatefulSetV1 } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import { App, LocalBackend, S3Backend, TerraformStack } from "cdktf";
import { literal } from "../../constructs/core";
import { KurrentCloudManagedCluster } from "../../constructs/event-store/kurrent-cloud/managed-cluster";
import { enforcePolicies, exempt, findings, POLICY_IDS } from "../../constructs/policy";
import { READ_BACK } from "../../constructs/policy/read-back";
import { DISRUPTIONS_IGNORED } from "../../constructs/workload";

const ID = "production-data";

/** What the policies find in a stack: a sound one, on AWS or on a cluster, with what a test breaks. */
function found(
  build: (stack: TerraformStack) => void,
  { protect = true, holdsData = true, sound = true, on = "aws" as "aws" | "cluster" } = {},
): readonly string[] {
  const stack = new TerraformStack(new App({ outdir: join(tmpdir(), "cdktf-cqrs-test") }), ID);
  if (sound && on === "aws") {
    new AwsProvider(stack, "aws", {
      region: "eu-west-1",
      allowedAccountIds: ["111122223333"],
      defaultTags: [{ tags: { system: "orders", environment: "production", stack: ID } }],
    });
  }
  if (sound) {
    new S3Backend(stack, { bucket: "state", key: "data", encrypt: true, kmsKeyId: "alias/state" }).addOverride("use_lockfile", true);
  }
  build(stack);
  stack.prepareStack();
  const json = JSON.parse(JSON.stringify(stack.toTerraform()));
  return findings({ stack, protect, holdsData, json }).map(({ policy, address }) => `${policy}: ${address}`);
}

const guarded = { lifecycle: { preventDestroy: true } };

const TLS_ONLY = { Effect: "Deny", Principal: "*", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } };

/** A bucket as it should be. */
function aBucket(stack: TerraformStack, changes: object = {}, denial: object = {}): S3Bucket {
  const bucket = new S3Bucket(stack, "bucket", { bucket: "events", ...guarded, ...changes });
  new S3BucketPolicy(stack, "policy", {
    bucket: bucket.id,
    policy: JSON.stringify({ Statement: [{ ...TLS_ONLY, Resource: [bucket.arn, `${bucket.arn}/*`], ...denial }] }),
  });
  return bucket;
}

const database = {
  instanceClass: "db.m7g.large",
  ...guarded,
  deletionProtection: true,
  manageMasterUserPassword: true,
  tags: { "backup-plan": "daily" },
};

/** A cache, but for what becomes of its version. */
function aCache(stack: TerraformStack, changes: object): void {
  new ElasticacheReplicationGroup(stack, "cache", {
    replicationGroupId: "c",
    description: "c",
    engineVersion: "8.1",
    ...guarded,
    ...changes,
  });
}

/** A release as it should be. */
function aRelease(stack: TerraformStack, changes: object = {}): void {
  new Release(stack, "release", { name: "keda", chart: "keda", atomic: true, maxHistory: 5, ...changes });
}

/** The values of a release that is a database. */
const POSTGRES = JSON.stringify({ objects: [{ apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster", metadata: { name: "orders" } }] });

/** A job as it should be. */
function aJob(stack: TerraformStack, changes: object = {}, container: object = {}, pod: object = {}): void {
  const spec = {
    restartPolicy: "Never",
    container: [{ name: "job", terminationMessagePolicy: "FallbackToLogsOnError", ...container }],
    ...pod,
  };
  const template = { metadata: {}, spec };
  new JobV1(stack, "job", { metadata: { name: "job" }, spec: { ...DISRUPTIONS_IGNORED, template, ...changes } });
}

const CLAIM = { metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } };

const EVENTS = {
  name: "orders",
  projectId: "p",
  networkId: "n",
  topology: "single-node",
  instanceType: "c4",
  diskSize: 100,
  diskType: "gp3",
  diskIops: 3000,
  diskThroughput: 125,
  serverVersion: "26.0",
  projectionLevel: "off",
} as const;

interface Mutant {
  readonly break: (stack: TerraformStack) => void;
  readonly at: string;
  readonly on?: "cluster";
  readonly holdsData?: boolean;
  readonly sound?: boolean;
}

/** Each policy with what breaks it, and with nothing else wrong. */
const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  "names-fit": [
    { break: (stack) => void aBucket(stack, { bucket: "e".repeat(64) }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void aBucket(stack, { bucket: "Events" }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void new DbInstance(stack, "db", { ...database, identifier: `${"d".repeat(62)}-1` }), at: "aws_db_instance.db" },
    { break: (stack) => void aRelease(stack, { name: "r".repeat(54) }), at: "helm_release.release", on: "cluster" },
  ],
  "policies-fit": [
    {
      break: (stack) => void new IamPolicy(stack, "policy", { name: "p", policy: "p".repeat(6145) }),
      at: "aws_iam_policy.policy",
    },
    {
      break: (stack) => {
        for (const name of ["one", "two"]) new IamRolePolicy(stack, name, { role: "r", name, policy: "p".repeat(5121) });
      },
      at: "aws_iam_role_policy.two",
    },
  ],
  "tls-only-buckets": [
    { break: (stack) => void new S3Bucket(stack, "bucket", { bucket: "events", ...guarded }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void aBucket(stack, {}, { Condition: { Bool: { "aws:SecureTransport": "true" } } }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void aBucket(stack, {}, { Resource: "arn:aws:s3:::another" }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void aBucket(stack, {}, { Effect: "Allow" }), at: "aws_s3_bucket.bucket" },
    {
      break: (stack) => {
        const bucket = new S3Bucket(stack, "bucket", { bucket: "events", ...guarded });
        new S3BucketPolicy(stack, "policy", { bucket: bucket.id, policy: "not a policy" });
      },
      at: "aws_s3_bucket.bucket",
    },
  ],
  "data-is-kept": [
    { break: (stack) => void aBucket(stack, { lifecycle: { preventDestroy: false } }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void aBucket(stack, { forceDestroy: true }), at: "aws_s3_bucket.bucket" },
    { break: (stack) => void new DbInstance(stack, "db", { ...database, deletionProtection: false }), at: "aws_db_instance.db" },
    { break: (stack) => void new SecretsmanagerSecret(stack, "secret"), at: "aws_secretsmanager_secret.secret" },
    { break: (stack) => new DbInstance(stack, "db", database).addOverride("lifecycle.prevent_destroy", false), at: "aws_db_instance.db" },
    { break: (stack) => void aRelease(stack, { values: [POSTGRES] }), at: "helm_release.release", on: "cluster" },
    {
      break: (stack) => void new PersistentVolumeClaimV1(stack, "claim", CLAIM),
      at: "kubernetes_persistent_volume_claim_v1.claim",
      on: "cluster",
    },
    {
      break: (stack) => void new KurrentCloudManagedCluster(stack, "events", { ...EVENTS, protected: false }, guarded),
      at: "kurrentcloud_managed_cluster.events",
      on: "cluster",
    },
  ],
  "data-lives-apart": [
    { break: (stack) => void new DbInstance(stack, "db", database), at: "aws_db_instance.db", holdsData: false },
    {
      break: (stack) => void aRelease(stack, { values: [POSTGRES], ...guarded }),
      at: "helm_release.release",
      on: "cluster",
      holdsData: false,
    },
  ],
  "backups-select-it": [
    { break: (stack) => void new DbInstance(stack, "db", { ...database, tags: { team: "orders" } }), at: "aws_db_instance.db" },
  ],
  "no-secret-in-state": [
    { break: (stack) => void new DbInstance(stack, "db", { ...database, password: "hunter2" }), at: "aws_db_instance.db" },
    {
      break: (stack) => void new SsmParameter(stack, "parameter", { name: "p", type: "SecureString", value: "hunter2" }),
      at: "aws_ssm_parameter.parameter",
    },
  ],
  "pinned-account": [
    { break: (stack) => void new AwsProvider(stack, "elsewhere", { region: "us-east-1", alias: "elsewhere" }), at: "" },
    {
      break: (stack) =>
        void new AwsProvider(stack, "nameless", {
          region: "us-east-1",
          alias: "nameless",
          allowedAccountIds: ["111122223333"],
          defaultTags: [{ tags: { system: "orders" } }],
        }),
      at: "",
    },
  ],
  "shared-locked-state": [
    { break: (stack) => void new LocalBackend(stack, { path: "terraform.tfstate" }), at: "", sound: false },
    {
      break: (stack) => void new S3Backend(stack, { bucket: "state", key: "data", encrypt: true, kmsKeyId: "alias/state" }),
      at: "",
      sound: false,
    },
  ],
  "one-cloud-api": [
    { break: (stack) => stack.addOverride("provider.kubernetes", [{ config_path: "~/.kube/config" }]), at: "" },
    { break: (stack) => stack.addOverride("provider.cloudflare", [{}]), at: "" },
    { break: (stack) => stack.addOverride("terraform.required_providers.helm", { source: "hashicorp/helm" }), at: "" },
    { break: (stack) => void new NamespaceV1(stack, "namespace", { metadata: { name: "orders" } }), at: "" },
    { break: (stack) => stack.addOverride("data.kubernetes_namespace_v1.orders", { metadata: { name: "orders" } }), at: "" },
  ],
  "whole-releases": [
    { break: (stack) => void aRelease(stack, { atomic: false }), at: "helm_release.release", on: "cluster" },
    { break: (stack) => void aRelease(stack, { maxHistory: 0 }), at: "helm_release.release", on: "cluster" },
    { break: (stack) => void aRelease(stack, { maxHistory: 100 }), at: "helm_release.release", on: "cluster" },
    { break: (stack) => void new Release(stack, "release", { name: "keda", chart: "keda" }), at: "helm_release.release", on: "cluster" },
  ],
  "no-secret-in-releases": [
    {
      break: (stack) => void aRelease(stack, { setSensitive: [{ name: "password", value: "hunter2" }] }),
      at: "helm_release.release",
      on: "cluster",
    },
    {
      break: (stack) => void aRelease(stack, { setWo: [{ name: "password", value: "hunter2" }] }),
      at: "helm_release.release",
      on: "cluster",
    },
  ],
  "upgrades-keep-plans-empty": [
    { break: (stack) => void aCache(stack, { autoMinorVersionUpgrade: "true" }), at: "aws_elasticache_replication_group.cache" },
    { break: (stack) => void aCache(stack, {}), at: "aws_elasticache_replication_group.cache" },
    { break: (stack) => void new DbInstance(stack, "db", { ...database, engineVersion: "17.5" }), at: "aws_db_instance.db" },
  ],
  "tags-have-values": [
    { break: (stack) => void new Subnet(stack, "subnet", { vpcId: "vpc-1", tags: { team: "" } }), at: "aws_subnet.subnet" },
    {
      break: (stack) =>
        void new AwsProvider(stack, "other", {
          alias: "other",
          allowedAccountIds: ["111122223333"],
          defaultTags: [{ tags: { system: "orders", environment: "production", stack: ID, team: "" } }],
        }),
      at: "",
    },
  ],
  "last-words": [
    { break: (stack) => aJob(stack, {}, { terminationMessagePolicy: "File" }), at: "kubernetes_job_v1.job", on: "cluster" },
    { break: (stack) => aJob(stack, {}, {}, { initContainer: [{ name: "first" }] }), at: "kubernetes_job_v1.job", on: "cluster" },
    {
      break: (stack) =>
        void new StatefulSetV1(stack, "nodes", {
          metadata: { name: "nodes" },
          spec: { serviceName: "nodes", selector: {}, template: { metadata: {}, spec: { container: [{ name: "node" }] } } },
        }),
      at: "kubernetes_stateful_set_v1.nodes",
      on: "cluster",
    },
  ],
  "disruptions-are-no-failures": [
    { break: (stack) => aJob(stack, { podFailurePolicy: undefined }), at: "kubernetes_job_v1.job", on: "cluster" },
    { break: (stack) => aJob(stack, {}, {}, { restartPolicy: "OnFailure" }), at: "kubernetes_job_v1.job", on: "cluster" },
    {
      break: (stack) =>
        aJob(stack, { podFailurePolicy: { rule: [{ action: "FailJob", onPodCondition: [{ type: "DisruptionTarget" }] }] } }),
      at: "kubernetes_job_v1.job",
      on: "cluster",
    },
    {
      break: (stack) =>
        void new CronJobV1(stack, "task", {
          metadata: { name: "task" },
          spec: {
            schedule: "@daily",
            jobTemplate: { metadata: {}, spec: { template: { metadata: {}, spec: { restartPolicy: "Never" } } } },
          },
        }),
      at: "kubernetes_cron_job_v1.task",
      on: "cluster",
    },
  ],
  "named-outputs": [
    { break: (stack) => void new Subnet(stack, "subnet", { vpcId: "${aws_vpc.of_another_stack.id}" }), at: "aws_subnet.subnet" },
  ],
  "no-stray-templates": [
    "${datasource}",
    "/d/cqrs?${__url_time_range}",
    "${__field.labels.pod}",
    'curl -w "%{http_code}" "${URL:-http://localhost}"',
    "${NAME%suffix}",
    "${#list}",
    "${1}",
    "costs $${ and then ${more}",
  ].map((text) => ({
    break: (stack: TerraformStack) => void new ConfigMapV1(stack, "files", { metadata: { name: "files" }, data: { text } }),
    at: "kubernetes_config_map_v1.files",
    on: "cluster",
  })),
};

describe("every policy", () => {
  it("has a mutant that it kills", () => {
    // The mutants of what is read back are in read-back.test.ts.
    expect([...Object.keys(MUTANTS), ...READ_BACK.map(({ id }) => id)].sort()).toEqual([...POLICY_IDS].sort());
  });

  it("finds what is read back otherwise", () => {
    expect(found((stack) => aRelease(stack, { version: "1.2" }), { on: "cluster" })).toEqual([
      "exact-charts: production-data/helm_release.release",
    ]);
  });

  it("lets a sound stack pass", () => {
    const sound = (stack: TerraformStack) => {
      aBucket(stack);
      new DbInstance(stack, "db", { ...database, engineVersion: "17" });
      aCache(stack, { autoMinorVersionUpgrade: "false" });
    };
    expect(found(sound)).toEqual([]);
    expect(found((stack) => aRelease(stack, { values: [POSTGRES], ...guarded }), { on: "cluster" })).toEqual([]);
    expect(found((stack) => aRelease(stack, { values: ["not: JSON"] }), { on: "cluster", holdsData: false })).toEqual([]);
  });

  it("lets pass what Terraform is to evaluate, and what is escaped", () => {
    const texts = [
      '${jsonencode({"a" = "b"})}',
      "${provider::aws::arn_parse(var.arn)}",
      '${try([for of in [self.data.of] : of][0], "none")}',
      '${!(data.terraform_remote_state.network.outputs.open) ? "a" : "b"}',
      "%{ if true }yes%{ else }no%{ endif ~}",
      literal('curl -w "%{http_code}" ${URL:-http://localhost} $${TWO} ${datasource}'),
    ];
    const written = (stack: TerraformStack) => {
      stack.addOverride("data.terraform_remote_state.network", {});
      new ConfigMapV1(stack, "files", { metadata: { name: "files" }, data: Object.fromEntries(texts.map((text, key) => [key, text])) });
    };
    expect(found(written, { on: "cluster" })).toEqual([]);
  });

  it("reads a bucket policy that Terraform puts together", () => {
    const documented = (stack: TerraformStack) => {
      const bucket = new S3Bucket(stack, "bucket", { bucket: "events", ...guarded });
      const document = new DataAwsIamPolicyDocument(stack, "tls", {
        statement: [
          {
            effect: "Deny",
            actions: ["s3:*"],
            resources: [bucket.arn, `${bucket.arn}/*`],
            principals: [{ type: "*", identifiers: ["*"] }],
            condition: [{ test: "Bool", variable: "aws:SecureTransport", values: ["false"] }],
          },
        ],
      });
      new S3BucketPolicy(stack, "policy", { bucket: bucket.id, policy: document.json });
    };
    expect(found(documented)).toEqual([]);
  });

  const cases = Object.entries(MUTANTS).flatMap(([policy, mutants]) => mutants.map((mutant, index) => [policy, index, mutant] as const));

  it.each(cases)("%s kills mutant %d, and no other policy does", (policy, _, { break: breakIt, at, ...settings }) => {
    expect(found(breakIt, settings)).toEqual([`${policy}: ${[ID, at].filter(Boolean).join("/")}`]);
  });

  it.each(cases)("%s spares mutant %d that is exempt for a reason", (policy, _, { break: breakIt, at, ...settings }) => {
    const excuse = (stack: TerraformStack) => {
      breakIt(stack);
      exempt(at ? stack.node.findChild(at.split(".")[1] as string) : stack, policy, "a test says so");
    };
    expect(found(excuse, settings)).toEqual([]);
  });
});

describe("an exemption", () => {
  it("needs a reason", () => {
    expect(() => found((stack) => exempt(stack, "pinned-account", " "))).toThrow(
      "production-data: an exemption from pinned-account needs a reason",
    );
  });

  it("concerns one resource and no other", () => {
    const two = (stack: TerraformStack) => {
      exempt(new DbInstance(stack, "one", { ...database, deletionProtection: false }), "data-is-kept", "a test says so");
      new DbInstance(stack, "two", { ...database, deletionProtection: false });
    };
    expect(found(two)).toEqual(["data-is-kept: production-data/aws_db_instance.two"]);
  });
});

describe("a disposable environment", () => {
  it("may lose its data", () => {
    expect(found((stack) => void aBucket(stack, { forceDestroy: true, lifecycle: { preventDestroy: false } }), { protect: false })).toEqual(
      [],
    );
  });
});

describe("a stack of one's own", () => {
  it("is checked when it is synthesized", () => {
    const app = new App({ outdir: join(tmpdir(), "cdktf-cqrs-test-enforced") });
    const stack = new TerraformStack(app, "mine-data");
    new AwsProvider(stack, "aws", {
      region: "eu-west-1",
      allowedAccountIds: ["111122223333"],
      defaultTags: [{ tags: { system: "a", environment: "b", stack: "c" } }],
    });
    new S3Backend(stack, { bucket: "state", key: "data", encrypt: true, kmsKeyId: "alias/state" }).addOverride("use_lockfile", true);
    new S3Bucket(stack, "bucket", { bucket: "events", ...guarded });
    enforcePolicies(stack, { protect: true });
    expect(() => app.synth()).toThrow(
      "mine-data/aws_s3_bucket.bucket: has no bucket policy that denies requests without TLS (tls-only-buckets); use PrivateBucket, or deny s3:* where aws:SecureTransport is false",
    );
  });
});
