import { AuditDigests, type AuditDigestsProps, AuditSigningKey } from "../../constructs/audit";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { aSpec } from "../secrets/specs";
import { type Body, one, refusalsOf, statements, synth } from "../synth";

const KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/signing";
const at = (name: string) => ({ secret: aSpec({ name }), home: "audit", key: "password" });
const SERVICE = {
  url: "https://s3.example.internal",
  egress: { name: "s3", peer: { cidr: "10.0.0.9/32" }, ports: [443] },
  accessKeyId: at("s3-id"),
  secretAccessKey: at("s3-key"),
  authority: at("s3-ca"),
};
const PRIVATE_KEY = { secret: at("signing") };
const on = (changes: Partial<AuditDigestsProps>) => (stack: Parameters<Parameters<typeof synth>[0]>[0]) =>
  void new AuditDigests(stack, "digests", {
    cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
    namespace: "audit",
    bucket: { name: "orders-test-audit", region: "eu-west-1" },
    keepDays: { commands: 3650, access: 400 },
    signingKey: { kmsArn: KEY_ARN },
    ...changes,
  });
const job = (changes: Partial<AuditDigestsProps> = {}) => one(synth(on(changes)), "kubernetes_cron_job_v1").spec;
const container = (changes: Partial<AuditDigestsProps> = {}) => {
  const pod = job(changes).job_template.spec.template.spec;
  return pod.container[0] as Body;
};
const env = (changes: Partial<AuditDigestsProps> = {}) =>
  Object.fromEntries(container(changes).env.map(({ name, value, value_from }: Body) => [name, value ?? value_from]));

describe("AuditDigests", () => {
  it("runs every hour, ten minutes after it, and never twice at the same time", () => {
    expect(job()).toMatchObject({ schedule: "10 * * * *", timezone: "Etc/UTC", concurrency_policy: "Forbid", suspend: false });
  });

  it("ends before the next run, and starts late rather than not at all", () => {
    const { starting_deadline_seconds, job_template } = job();
    expect(Number(starting_deadline_seconds)).toBe(1800);
    expect(job_template.spec.active_deadline_seconds).toBe(2700);
  });

  it("has the whole program as a file", () => {
    const json = synth(on({}));
    expect(container().command).toEqual(["bun", "--smol", "/app/audit-digest.mjs"]);
    const [program] = Object.values(one(json, "kubernetes_config_map_v1").data) as string[];
    expect(program).toContain("audit-digest/1");
    expect(program).not.toMatch(/from "\./);
  });

  it("signs in AWS KMS as its service account, and reaches DNS, the agent of its role and HTTPS only", () => {
    expect(env({ lock: "compliance" })).toMatchObject({
      AWS_REGION: "eu-west-1",
      BUCKET: "orders-test-audit",
      KEEP_DAYS: '{"commands":3650,"access":400}',
      LOCK_MODE: "COMPLIANCE",
      SIGNING_KEY_ARN: KEY_ARN,
    });
    expect(env()).not.toHaveProperty("LOCK_MODE");
    const policies = Object.values(synth(on({})).resource.kubernetes_network_policy_v1) as Body[];
    const ports = policies.flatMap(({ spec }) => (spec.egress ?? []) as Body[]).flatMap(({ ports }) => ports as Body[]);
    expect([...new Set(ports.map(({ port }) => String(port)))].sort()).toEqual(["443", "53", "80"]);
  });

  it("signs with a private key and writes to another service on premises", () => {
    const found = env({ bucket: { name: "audit", region: "us-east-1", service: SERVICE }, signingKey: PRIVATE_KEY });
    expect(found).toMatchObject({
      AWS_ENDPOINT_URL_S3: SERVICE.url,
      AWS_CA_BUNDLE: "/run/secrets/s3/ca.crt",
      SIGNING_KEY_FILE: "/run/secrets/audit/key.pem",
    });
    expect(found).not.toHaveProperty("SIGNING_KEY_ARN");
    expect(found.AWS_SECRET_ACCESS_KEY).toBeDefined();
  });

  it("refuses KMS without a role", () => {
    expect(refusalsOf(on({ bucket: { name: "audit", region: "us-east-1", service: SERVICE } }))).toEqual([
      `test/digests.signingKey.kmsArn: "${KEY_ARN}" requires the role of a service account, which a service outside of AWS replaces with access keys; give a private key as signingKey.secret`,
    ]);
  });
});

describe("AuditSigningKey", () => {
  const key = (protect: boolean) =>
    one(
      synth(
        (stack) =>
          void new AuditSigningKey(stack, "signing", { alias: "orders-audit", description: "Digests", account: "111122223333", protect }),
      ),
      "aws_kms_key",
    );

  it("signs with ECDSA on P-256, and encrypts nothing", () => {
    expect(key(true)).toMatchObject({ key_usage: "SIGN_VERIFY", customer_master_key_spec: "ECC_NIST_P256" });
    expect(key(true)).not.toHaveProperty("enable_key_rotation");
    expect(statements(key(true).policy)).toHaveLength(1);
  });

  it("lets no principal sign but those it is given", () => {
    const signers = ["arn:aws:iam::111122223333:role/digester"];
    const props = { alias: "orders-audit", description: "Digests", account: "111122223333", protect: true, signers };
    const { policy } = one(
      synth((stack) => void new AuditSigningKey(stack, "signing", props)),
      "aws_kms_key",
    );
    expect(statements(policy)[1]).toMatchObject({
      Effect: "Deny",
      Principal: { AWS: "*" },
      Action: ["kms:CreateGrant", "kms:Sign"],
      Condition: { ArnNotLike: { "aws:PrincipalArn": signers } },
    });
  });

  it.each([
    [true, 30],
    [false, 7],
  ])("is protected from deletion where the environment is: %s", (protect, deletion_window_in_days) => {
    expect(key(protect)).toMatchObject({ deletion_window_in_days, lifecycle: { prevent_destroy: protect } });
  });
});
