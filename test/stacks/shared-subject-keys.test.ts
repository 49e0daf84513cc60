import type { Environment, Program } from "../../stacks";
import { Deployed, worstRole } from "../bootstrap/account";
import { allows } from "../bootstrap/evaluator";
import { anEnvironment, errorsOf } from "../environments";
import { synthesisOf } from "../program";
import { all, type Body, one, statements } from "../synth";

const image = "registry.example.com/orders/app:1.0.0";
const place = { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "orders.example.com" };
const SYSTEM = {
  aws: place,
  cluster: { nodes: 6, node: { cpu: 8, memory: "32Gi", storage: "200Gi" } },
  eventStore: { engine: "kurrentdb", backup: { every: "15m", keep: "28d" } },
  commandProcessors: { image, replicas: 2 },
  projections: { image, workers: 2, parallelism: 2 },
  readDatabase: { engine: "cloudnative-pg" },
};
const KEYS = { recovery: "14d", users: ["command-processors", "projections"], erasers: ["projections"] };
const audited = (subjectKeys: object = KEYS) => ({ audit: { access: "400d", lock: "governance", writers: {}, subjectKeys } });
const there = {
  ...place,
  region: "eu-central-1",
  recoveryRegion: "eu-west-1",
  domain: "standby.example.com",
  network: { cidr: "10.9.0.0/16" },
};

const origin = (changes: object = {}) => anEnvironment({ ...SYSTEM, ...audited(), ...changes });
const standby = (changes: object = {}) =>
  anEnvironment({ ...SYSTEM, ...audited({ ...KEYS, of: "test" }), name: "standby", standbyOf: "test", aws: there, ...changes });
const aProgram = (...environments: readonly Environment[]): Program => ({
  accounts: [{ system: "orders", id: "111122223333", region: "eu-central-1", github: { repository: "example/orders" } }],
  environments,
});
const json = (program: Program, stack: string): Body => synthesisOf(program).stacks.get(stack)?.json as Body;
const both = aProgram(origin(), standby());
const promoted = aProgram(origin(), standby({ promoted: true }));

describe("data keys of data subjects in two regions", () => {
  it("are one table: its copy in the recovery region has the same keys, and no backup that outlives a deletion", () => {
    const table = one(json(both, "test-subject-keys"), "aws_dynamodb_table");
    expect(table).toMatchObject({
      stream_enabled: true,
      point_in_time_recovery: { enabled: true, recovery_period_in_days: 14 },
      replica: [
        {
          region_name: "eu-central-1",
          kms_key_arn: expect.stringContaining("subject_keys_copy_key_arn"),
          point_in_time_recovery: false,
        },
      ],
    });
    const keys = json(both, "test-keys");
    expect(all(keys, "aws_kms_key").filter(({ multi_region }) => multi_region)).toHaveLength(1);
    expect(one(keys, "aws_kms_replica_key")).toMatchObject({ provider: "aws.eu-central-1", lifecycle: { prevent_destroy: true } });
    expect(all(json(both, "standby-subject-keys"), "aws_dynamodb_table")).toEqual([]);
    expect(all(json(both, "standby-keys"), "aws_kms_replica_key")).toEqual([]);
  });

  it("are used in the standby under the names of their environment, and only read before its promotion", () => {
    const env = (program: Program) => {
      const [pod] = all(json(program, "standby-projections"), "kubernetes_stateful_set_v1").map(({ spec }) => spec.template.spec);
      return Object.fromEntries(pod.container[0].env.map(({ name, value }: Body) => [name, value]));
    };
    expect(env(both)).toMatchObject({
      SUBJECT_KEYS_TABLE: "orders-test-subject-keys",
      SUBJECT_KEYS_KEY: "alias/orders-test-subject-keys",
      SUBJECT_KEYS_RECOVERY_DAYS: "14",
      AWS_REGION: "eu-central-1",
    });
    const rights = (program: Program) =>
      all(json(program, "standby-identities"), "aws_iam_role_policy")
        .flatMap(({ policy }) => statements(policy))
        .filter(({ Sid }) => /Keys$/.test(Sid));
    const tableArn = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders-test-subject-keys";
    const alias = { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/orders-test-subject-keys" } };
    expect(rights(both)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Sid: "ReadKeys", Action: ["dynamodb:GetItem"], Resource: tableArn }),
        expect.objectContaining({ Sid: "WrapKeys", Action: ["kms:Decrypt"], Condition: expect.objectContaining(alias) }),
      ]),
    );
    expect(rights(both).map(({ Sid }) => Sid)).not.toContain("ReadAndCreateKeys");
    expect(rights(promoted).map(({ Sid }) => Sid)).toContain("ReadAndCreateKeys");
  });

  it("can be used by workloads of the standby, and administered by nobody there", () => {
    const stacks = synthesisOf(promoted).stacks;
    const bootstrap = new Deployed(stacks.get("bootstrap-111122223333")?.json as Body, "111122223333", "eu-central-1", () => false);
    const boundaries = bootstrap.policies();
    const table = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders-test-subject-keys";
    const key = "arn:aws:kms:eu-central-1:111122223333:key/1";
    const tags = { "aws:ResourceTag/system": "orders", "aws:ResourceTag/environment": "test", "aws:RequestedRegion": "eu-central-1" };
    const aliases = { "kms:ResourceAliases": "alias/orders-test-subject-keys" };
    const may = (environment: string, action: string) => {
      const role = worstRole("orders", "111122223333", environment, boundaries);
      const isKey = action.startsWith("kms:");
      return allows(role, { action, resource: isKey ? key : table, context: { ...tags, ...(isKey ? aliases : {}) } });
    };
    const uses = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "kms:Decrypt", "kms:GenerateDataKey"];
    const others = [
      "dynamodb:Scan",
      "dynamodb:DeleteTable",
      "dynamodb:UpdateTable",
      "kms:ScheduleKeyDeletion",
      "kms:CreateGrant",
      "kms:PutKeyPolicy",
    ];
    expect(uses.filter((action) => !may("standby", action))).toEqual([]);
    expect(others.filter((action) => may("standby", action))).toEqual([]);
    const alone = aProgram(origin(), standby({ standbyOf: undefined, audit: undefined }));
    const without = new Deployed(
      synthesisOf(alone).stacks.get("bootstrap-111122223333")?.json as Body,
      "111122223333",
      "eu-central-1",
      () => false,
    );
    const role = worstRole("orders", "111122223333", "standby", without.policies());
    expect(allows(role, { action: "dynamodb:GetItem", resource: table, context: tags })).toBe(false);
    expect(allows(role, { action: "kms:Decrypt", resource: key, context: { ...tags, ...aliases } })).toBe(false);
  });

  const said = (...environments: readonly Environment[]) => errorsOf(aProgram(...environments));
  const ofTest = "is not test, with whose data keys the personal data here is encrypted: it would look deleted";

  it("are those of the primary, before and after the roles are swapped", () => {
    expect(said(origin(), standby())).toEqual([]);
    expect(said(origin(), standby(audited()))).toEqual([`standby.audit.subjectKeys.of: ${ofTest}; write of: "test"`]);
    expect(said(origin(), standby({ audit: undefined }))).toEqual([
      `standby.audit.subjectKeys.of: ${ofTest}; add subjectKeys: { of: "test", users: […] }`,
    ]);
    const swapped = [origin({ standbyOf: "standby" }), standby({ standbyOf: undefined })] as const;
    const program: Program = { ...aProgram(...swapped), accounts: both.accounts.map((account) => ({ ...account, region: "eu-west-1" })) };
    expect(errorsOf(program)).toEqual([]);
    expect(one(json(program, "test-subject-keys"), "aws_dynamodb_table").name).toBe("orders-test-subject-keys");
  });

  it("are those of the environment that data is restored from, or none", () => {
    const restore = { from: { environment: "test" }, target: { time: "2026-11-21T02:15:00Z" } };
    const readDatabase = { ...SYSTEM.readDatabase, restore };
    const recovered = (changes: object) =>
      standby({
        name: "recovered",
        standbyOf: undefined,
        aws: { ...there, region: "eu-west-1", recoveryRegion: "eu-central-1" },
        readDatabase,
        ...changes,
      });
    expect(said(origin(), recovered({}))).toEqual([]);
    expect(said(origin(), recovered({ audit: undefined }))).toEqual([]);
    expect(said(origin(), recovered(audited()))).toEqual([`recovered.audit.subjectKeys.of: ${ofTest}; write of: "test"`]);
  });

  it("are refused if there is no such table in the region, or deletions would be final at another time", () => {
    const of = (name: string, changes: object = {}) => audited({ ...KEYS, of: name, ...changes });
    const free = (changes: object) => standby({ standbyOf: undefined, ...changes });
    expect(said(origin(), free(of("prod")))).toEqual([
      'standby.audit.subjectKeys.of: "prod" must be another environment with a table of data keys of its own; use one of test, or leave it out',
    ]);
    expect(said(origin({ audit: undefined }), free(of("test")))).toEqual([
      'standby.audit.subjectKeys.of: "test" must be another environment with a table of data keys of its own; leave it out',
    ]);
    expect(said(origin(), free({ aws: { ...there, region: "eu-north-1" } }))).toEqual([
      'standby.audit.subjectKeys.of: "test" has no copy of its table in eu-north-1; set test.aws.recoveryRegion to eu-north-1',
    ]);
    expect(said(origin(), free(of("test", { recovery: undefined })))).toEqual([
      'standby.audit.subjectKeys.recovery: "7d" is not that of the table, which test has: deleted keys can be restored for 14d; use "14d"',
    ]);
  });
});
