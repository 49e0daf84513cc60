import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { ManagedSecret, type ManagedSecretProps } from "../../constructs/secrets";
import { type Body, one, refusalsOf, synth } from "../synth";
import { aSpec } from "./specs";

const KEY = "arn:aws:kms:eu-west-1:111122223333:key/secrets";

const made =
  (changes: Partial<ManagedSecretProps> = {}) =>
  (stack: ConstructorParameters<typeof ManagedSecret>[0]) =>
    void new ManagedSecret(stack, "admin", { name: ["orders", "test"], spec: aSpec(), key: KEY, protect: true, ...changes });

const aSecret = (changes: Partial<ManagedSecretProps> = {}): Body => synth(made(changes));
const refusals = (spec: Partial<ManagedSecretProps["spec"]>) => refusalsOf(made({ spec: aSpec(spec) }));

const drawn = (json: Body): readonly Body[] => Object.values(json.ephemeral.aws_secretsmanager_random_password);

describe("ManagedSecret", () => {
  it("begins with what controllers may read, and says what it opens and how it is rotated", () => {
    expect(one(aSecret(), "aws_secretsmanager_secret")).toMatchObject({
      name: "orders-test-grafana-admin",
      description: "Grafana's administrator",
      tags: { rotation: "engine-first" },
      kms_key_id: KEY,
    });
  });

  it("has its first value drawn by AWS, and written where no state keeps it", () => {
    const json = aSecret({ spec: aSpec({ fixed: { user: "admin" } }) });
    const [id] = Object.keys(json.ephemeral.aws_secretsmanager_random_password);
    const { secret_string_wo, ...version } = one(json, "aws_secretsmanager_secret_version");
    expect(secret_string_wo).toBe(
      `\${jsonencode({"user" = "admin", "password" = ephemeral.aws_secretsmanager_random_password.${id}.random_password})}`,
    );
    expect(version).not.toHaveProperty("secret_string");
  });

  it("is left alone by every later apply", () => {
    expect(one(aSecret(), "aws_secretsmanager_secret_version")).toMatchObject({
      secret_string_wo_version: 1,
      version_stages: ["AWSCURRENT", "first"],
      lifecycle: { ignore_changes: ["version_stages"] },
    });
  });

  it("is drawn anew when it is told to, and written once its engine has it", () => {
    const json = synth((stack) => {
      const secret = new ManagedSecret(stack, "admin", { name: ["orders", "test"], spec: aSpec(), key: KEY, protect: true, drawing: 2 });
      const engine = new CloudwatchLogGroup(stack, "engine", { name: secret.value("password") });
      secret.writtenAfter(engine);
    });
    const version = one(json, "aws_secretsmanager_secret_version");
    expect(version).toMatchObject({ secret_string_wo_version: 2, depends_on: ["aws_cloudwatch_log_group.engine"] });
    expect(version.secret_string_wo).toContain(one(json, "aws_cloudwatch_log_group").name.slice(2, -1));
  });

  it("draws letters and digits, or hexadecimal digits", () => {
    expect(drawn(aSecret())).toEqual([{ password_length: 32, require_each_included_type: true, exclude_punctuation: true }]);
    expect(drawn(aSecret({ spec: aSpec({ keys: { key: { length: 64, characters: "hex" } } }) }))).toEqual([
      {
        password_length: 64,
        require_each_included_type: true,
        exclude_punctuation: true,
        exclude_uppercase: true,
        exclude_characters: "ghijklmnopqrstuvwxyz",
      },
    ]);
  });

  it("draws each key by itself", () => {
    expect(drawn(aSecret({ spec: aSpec({ keys: { admin: { length: 32 }, ops: { length: 40 } } }) }))).toMatchObject([
      { password_length: 32 },
      { password_length: 40 },
    ]);
  });

  it("outlives mistakes where data is protected, and leaves nothing behind where it is not", () => {
    expect(one(aSecret(), "aws_secretsmanager_secret")).toMatchObject({
      recovery_window_in_days: 30,
      lifecycle: { prevent_destroy: true },
    });
    expect(one(aSecret({ protect: false }), "aws_secretsmanager_secret")).toMatchObject({
      recovery_window_in_days: 0,
      lifecycle: { prevent_destroy: false },
    });
  });

  it.each([
    [{ name: "Grafana" }, `"Grafana" is not a valid secret name; use at most 63 lower-case letters, digits and hyphens`],
    [{ keys: {} }, `"grafana-admin" has no key, and so no secret in it; name one, like { password: { length: 32 } }`],
    [{ keys: { PASSWORD: { length: 32 } } }, `"PASSWORD" is not a valid secret key; use at most 63 lower-case letters, digits and hyphens`],
    [{ keys: { password: { length: 12 } } }, "12 characters of password can be guessed; use 16 or more"],
    [{ fixed: { password: "admin" } }, `"password" is drawn at random and fixed at once; keep one of the two`],
    [{ fixed: { user: "{{ .user }}" } }, `"{{ .user }}" of user would be read as a template; leave out {{, \${ and %{`],
    [{ fixed: { user: "${var.user}" } }, `"\${var.user}" of user would be read as a template; leave out {{, \${ and %{`],
  ])("refuses what would be no secret: %j", (spec, message) => {
    expect(refusals(spec)).toEqual([`test/admin.spec: ${message}`]);
  });

  it("refuses nothing else", () => {
    expect(refusals({ keys: { "key-1": { length: 64, characters: "hex" } }, fixed: { user: "admin" } })).toEqual([]);
  });
});
