import { anEnvironment, aProgram, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const cluster = { nodes: 3, node: { cpu: 8, memory: "32Gi", storage: "100Gi" } };
const image = "registry.example.com/orders/app:1.0.0";
const AUDIT = {
  commands: "3650d",
  access: "400d",
  lock: "governance",
  writers: { "command-processors": ["commands"], projections: ["access"] },
};
const SYSTEM = {
  cluster,
  eventStore: { engine: "postgres", server: { engine: "aurora", replicas: 1 } },
  readDatabase: { engine: "aurora", replicas: 1 },
  commandProcessors: { image, replicas: 2 },
  projections: { image, workers: 2, parallelism: 2 },
};
const environment = (audit: object | null = AUDIT, changes: object = {}) =>
  anEnvironment({ ...SYSTEM, ...(audit ? { audit } : {}), ...changes });
const GITHUB = { system: "orders", id: "111122223333", region: "eu-west-1" as const, github: { repository: "example/orders" } };
const program = { ...aProgram(environment()), accounts: [GITHUB] };
const stack = (id: string, of = program): Body => {
  const found = synthesisOf(of).stacks.get(id);
  if (!found) throw new Error(`there is no stack ${id}`);
  return found.json;
};
const dependenciesOf = (id: string) =>
  synthesisOf(program)
    .stacks.get(id)
    ?.stack.dependencies.map(({ node }) => node.id);
const output = (of: string, name: string) => `\${data.terraform_remote_state.test-${of}.outputs.${name}}`;
const errors = (audit: object, changes: object = {}) => errorsOf(aProgram(environment(audit, changes)));

describe("the audit trail of an environment", () => {
  it("is made only where it is asked for", () => {
    const ids = [...synthesisOf(aProgram(environment(null))).stacks.keys()];
    expect(ids.filter((id) => id.includes("audit"))).toEqual([]);
  });

  it("has a bucket with keys of its own, which only the deploy role configures", () => {
    const json = stack("test-audit-trail");
    const [rule] = one(json, "aws_s3_bucket_server_side_encryption_configuration", "/records/encryption").rule;
    expect(rule.apply_server_side_encryption_by_default.kms_master_key_id).toBe(output("keys", "audit_key_arn"));
    expect(one(json, "aws_s3_bucket_object_lock_configuration", "/records/lock").rule.default_retention).toEqual({
      days: 400,
      mode: "GOVERNANCE",
    });
    const guard = statements(one(json, "aws_s3_bucket_policy", "/records/policy").policy).find(
      ({ Sid }) => Sid === "OnlyAdministratorsConfigure",
    );
    expect(guard?.Condition.ArnNotLike["aws:PrincipalArn"]).toEqual(["arn:aws:iam::111122223333:role/orders/orders-deploy-test"]);
    expect(one(stack("test-keys"), "aws_kms_key", "audit-signing/key").key_usage).toBe("SIGN_VERIFY");
  });

  it("has a copy in the recovery region, under a key there, with an alarm on records that are not copied", () => {
    const trail = stack("test-audit-trail");
    const { from, to } = { from: one(trail, "aws_s3_bucket", "/records/bucket"), to: one(trail, "aws_s3_bucket", "/copy/bucket") };
    const [rule] = one(trail, "aws_s3_bucket_replication_configuration").rule;
    expect(rule.destination.encryption_configuration.replica_kms_key_id).toBe(output("keys", "audit_copy_key_arn"));
    const places = [to, one(stack("test-keys"), "aws_kms_key", "audit-copy/key")].map(({ provider }) => provider);
    expect(places).toEqual(["aws.eu-central-1", "aws.eu-central-1"]);
    const alarm = all(stack("test-backup"), "aws_cloudwatch_metric_alarm").find(({ alarm_name }) =>
      alarm_name.endsWith("not-copied-audit"),
    );
    expect(alarm?.dimensions).toEqual({ SourceBucket: from.bucket, DestinationBucket: to.bucket, RuleId: rule.id });
  });

  it("has no copy without a recovery region", () => {
    const { recoveryRegion: _, ...aws } = anEnvironment().aws as object & { recoveryRegion?: string };
    const { stacks } = synthesisOf(aProgram(environment(AUDIT, { aws, exceptions: { noRecoveryCopy: "one region" } })));
    for (const type of ["aws_s3_bucket_replication_configuration", "aws_sns_topic_subscription"])
      expect([...stacks.values()].flatMap(({ json }) => all(json, type))).toEqual([]);
    expect(all(stacks.get("test-audit-trail")?.json as Body, "aws_s3_bucket").map(({ bucket }) => bucket)).toHaveLength(2);
    expect(all(stacks.get("test-keys")?.json as Body, "aws_kms_key").filter(({ provider }) => provider)).toEqual([]);
  });

  it("gives each writer a role that only adds records below its own path", () => {
    const roles = all(stack("test-identities"), "aws_iam_role_policy").map(({ policy }) => statements(policy));
    const added = roles.flatMap((found) => found.filter(({ Sid }) => Sid === "AddRecords"));
    const bucket = output("audit-trail", "audit_bucket_arn");
    expect(added.map(({ Resource }) => Resource).sort()).toEqual([
      [`${bucket}/access/????/??/??/??/projections/projections/*`],
      [`${bucket}/commands/????/??/??/??/write-side/command-processors/*`],
    ]);
  });

  it("lets only the role of the digester sign", () => {
    const roles = all(stack("test-identities"), "aws_iam_role_policy");
    const [signer, ...others] = roles.filter(({ policy }) => statements(policy).some(({ Action }) => Action === "kms:Sign"));
    expect(others).toEqual([]);
    const role = all(stack("test-identities"), "aws_iam_role").find(({ name }) => name === "orders-test-audit-digests-audit-digest");
    expect(signer?.role).toContain(role?.["//"].metadata.uniqueId);
    const [, deny] = statements(one(stack("test-keys"), "aws_kms_key", "audit-signing/key").policy);
    expect(deny?.Condition.ArnNotLike["aws:PrincipalArn"]).toEqual([
      `arn:aws:iam::111122223333:role/${role?.name}`,
      `arn:aws:iam::111122223333:role/*/${role?.name}`,
    ]);
  });

  it("tells writers where records go, and lets them reach it", () => {
    const [pod] = all(stack("test-write-side"), "kubernetes_deployment_v1").map(({ spec }) => spec.template.spec.container[0]);
    const env = Object.fromEntries(pod.env.map(({ name, value }: Body) => [name, value]));
    expect(env).toMatchObject({
      AUDIT_BUCKET: "orders-test-audit-111122223333-eu-west-1",
      AUDIT_KINDS: "commands",
      AUDIT_PATH: "write-side/command-processors",
      AWS_REGION: "eu-west-1",
    });
    expect(JSON.stringify(all(stack("test-write-side"), "kubernetes_network_policy_v1"))).toContain("169.254.170.23/32");
    expect(dependenciesOf("test-write-side")).toContain("test-identities");
  });

  it("is digested every hour on the cluster with the dashboards, after its role", () => {
    const json = stack("test-audit-digests");
    const { spec } = one(json, "kubernetes_cron_job_v1");
    const env = spec.job_template.spec.template.spec.container[0].env as Body[];
    expect(env).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "KEEP_DAYS", value: '{"commands":3650,"access":400}' }),
        expect.objectContaining({ name: "LOCK_MODE", value: "GOVERNANCE" }),
        expect.objectContaining({ name: "SIGNING_KEY_ARN", value: output("audit-trail", "audit_signing_key_arn") }),
      ]),
    );
    expect(dependenciesOf("test-audit-digests")).toEqual(expect.arrayContaining(["test-identities", "test-audit-trail"]));
  });

  it("can be destroyed with a disposable environment", () => {
    const { lock, ...unlocked } = AUDIT;
    const disposable = aProgram(environment(unlocked, { exceptions: { disposable: "ends with a test" } }));
    expect(lock).toBe("governance");
    expect(all(stack("test-audit-trail", { ...disposable, accounts: [GITHUB] }), "aws_s3_bucket_object_lock_configuration")).toEqual([]);
    const { spec } = one(stack("test-audit-digests", { ...disposable, accounts: [GITHUB] }), "kubernetes_cron_job_v1");
    expect(JSON.stringify(spec)).not.toContain("LOCK_MODE");
  });

  it.each([
    [
      { ...AUDIT, lock: undefined },
      'test.audit: has no lock, so its records could be deleted; set lock to "governance", or to "compliance", which not even the account owner can remove',
    ],
    [{ ...AUDIT, access: "36h" }, 'test.audit.access: "36h" must be a number of days that S3 can lock; use "1d" to "36469d"'],
    [{ ...AUDIT, access: "40000d" }, 'test.audit.access: "40000d" must be a number of days that S3 can lock; use "1d" to "36469d"'],
    [
      { ...AUDIT, writers: { ...AUDIT.writers, "command-api": ["commands"] } },
      "test.audit.writers.command-api: is not a workload of this environment; use one of command-processors, projections",
    ],
    [
      { ...AUDIT, events: "400d" },
      'test.audit.events: "400d" has a retention, but no workload writes records of this kind; add "events" to a workload in audit.writers, or remove it',
    ],
    [
      { ...AUDIT, writers: { ...AUDIT.writers, projections: ["access", "events"] } },
      'test.audit.writers.projections: "events" has no retention; set audit.events, for example to "365d"',
    ],
  ])("refuses %j", (audit, message) => {
    expect(errors(audit)).toEqual([message]);
  });

  const SUBJECTS = { recovery: "14d", users: ["command-processors", "projections"], erasers: ["command-processors"] };
  const withKeys = { ...aProgram(environment({ ...AUDIT, subjectKeys: SUBJECTS })), accounts: [GITHUB] };

  it("has a table of data keys that is recovered as long as promised, and protected, only where it is asked for", () => {
    expect([...synthesisOf(program).stacks.keys()]).not.toContain("test-subject-keys");
    const table = one(stack("test-subject-keys", withKeys), "aws_dynamodb_table");
    expect(table).toMatchObject({
      name: "orders-test-subject-keys",
      deletion_protection_enabled: true,
      point_in_time_recovery: { enabled: true, recovery_period_in_days: 14 },
      server_side_encryption: { enabled: true, kms_key_arn: output("keys", "subject_keys_key_arn") },
    });
    const gateways = (of: typeof program) =>
      all(stack("test-network", of), "aws_vpc_endpoint").filter(({ service_name }) => service_name.endsWith(".dynamodb"));
    expect([program, withKeys].map((of) => gateways(of).length)).toEqual([0, 1]);
  });

  it("gives users and erasers of data keys their rights and addresses, and operators a policy", () => {
    const rights = all(stack("test-identities", withKeys), "aws_iam_role_policy").map(({ policy }) =>
      statements(policy).map(({ Sid }) => Sid),
    );
    const users = ["AddRecords", "KeyOfBucket", "ReadAndCreateKeys", "WrapKeys", "EncryptedTableOfUsers"];
    const erasers = [...users, "DeleteKeys", "EncryptedTableOfErasers"];
    const ofKeys = rights.filter((sids) => sids.some((sid) => sid === "ReadAndCreateKeys" || sid === "DeleteKeys"));
    expect([...new Set(ofKeys.map(String))].sort()).toEqual([String(users), String(erasers)]);
    const [pod] = all(stack("test-write-side", withKeys), "kubernetes_deployment_v1").map(({ spec }) => spec.template.spec.container[0]);
    expect(Object.fromEntries(pod.env.map(({ name, value }: Body) => [name, value]))).toMatchObject({
      AUDIT_KINDS: "commands,access",
      SUBJECT_KEYS_TABLE: "orders-test-subject-keys",
      SUBJECT_KEYS_KEY: "alias/orders-test-subject-keys",
    });
    expect(one(stack("test-keys", withKeys), "aws_kms_alias", "subject-keys/alias").name).toBe("alias/orders-test-subject-keys");
    const operators = one(stack("test-subject-keys", withKeys), "aws_iam_policy");
    expect(operators).toMatchObject({ name: "orders-test-subject-key-erasure", path: "/orders/test/" });
    const [, , record] = statements(operators.policy);
    expect(record?.Resource).toEqual([`${output("audit-trail", "audit_bucket_arn")}/access/????/??/??/??/subject-key-operators/*`]);
  });

  it("leaves the table to a disposable environment's end, and erasures to operators", () => {
    const { lock, ...unlocked } = AUDIT;
    const kinds = { ...unlocked, writers: { "command-processors": ["commands"] }, subjectKeys: { users: ["projections"] } };
    const disposable = { ...aProgram(environment(kinds, { exceptions: { disposable: "ends with a test" } })), accounts: [GITHUB] };
    const table = one(stack("test-subject-keys", disposable), "aws_dynamodb_table");
    expect(lock).toBe("governance");
    expect(table.deletion_protection_enabled).toBe(false);
    expect(table.point_in_time_recovery.recovery_period_in_days).toBe(7);
    const pods = all(stack("test-projections", disposable), "kubernetes_stateful_set_v1").map(
      ({ spec }) => spec.template.spec.container[0],
    );
    expect(JSON.stringify(pods)).toContain("SUBJECT_KEYS_TABLE");
    expect(JSON.stringify(pods)).not.toContain("AUDIT_BUCKET");
  });

  it.each([
    [
      { recovery: "36h" },
      'test.audit.subjectKeys.recovery: "36h" must be a number of days that point-in-time recovery can have; use "1d" to "35d"',
    ],
    [
      { recovery: "36d" },
      'test.audit.subjectKeys.recovery: "36d" must be a number of days that point-in-time recovery can have; use "1d" to "35d"',
    ],
    [
      { users: ["command-processors", "command-api"] },
      'test.audit.subjectKeys.users[1]: "command-api" is not a workload of this environment; use one of command-processors, projections',
    ],
    [
      { erasers: ["privacy"] },
      'test.audit.subjectKeys.erasers[0]: "privacy" is not a workload of this environment; use one of command-processors, projections',
    ],
    [{ users: [] }, "test.audit.subjectKeys.users: [] is empty; name workloads"],
  ])("refuses data keys with %j", (changes, message) => {
    expect(errors({ ...AUDIT, subjectKeys: { ...SUBJECTS, ...changes } })).toEqual([message]);
  });

  it("refuses data keys whose deletions would not be recorded", () => {
    const { access, ...others } = AUDIT;
    expect(access).toBe("400d");
    expect(errors({ ...others, writers: { "command-processors": ["commands"] }, subjectKeys: SUBJECTS })).toEqual([
      'test.audit.subjectKeys: records each deletion of a key as access, which has no retention; set audit.access, for example to "3650d"',
    ]);
  });

  it("refuses a lock in a disposable environment, and a trail without AWS", () => {
    expect(errors(AUDIT, { exceptions: { disposable: "ends with a test" } })).toEqual([
      'test.audit.lock: "governance" locks records of a disposable environment, which could not be destroyed then; leave it out, or remove exceptions.disposable',
    ]);
    const local = {
      aws: undefined,
      cluster: { context: "kind" },
      eventStore: { engine: "postgres", server: { engine: "cloudnative-pg", instances: 3, storage: "20Gi" } },
      readDatabase: { engine: "cloudnative-pg", instances: 3, storage: "20Gi" },
    };
    expect(errors(AUDIT, local)).toEqual([
      "test.audit: requires AWS, and this environment has no aws; add aws, or use the constructs with your own bucket",
    ]);
  });
});
