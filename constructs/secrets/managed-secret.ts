import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretVersion } from "@cdktf/provider-aws/lib/secretsmanager-secret-version";
import { dependable, type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { exempt } from "../policy/contract";
import type { Characters, RandomValue, SecretSpec } from "./contract";
import { secretProblems } from "./spec";

export interface ManagedSecretProps {
  /** Prefix of its name: system and environment. Controllers may read secrets with this prefix, and no others. */
  readonly name: readonly string[];

  readonly spec: SecretSpec;

  /** ARN of the customer-managed KMS key. */
  readonly key: string;

  /** Enables deletion protection, and recovery for 30 days after a deletion. */
  readonly protect: boolean;

  /**
   * Generation of its values. A higher number generates all of them again, here and wherever `value` is written.
   * @default 1
   */
  readonly drawing?: number;
}

/**
 * A secret in AWS Secrets Manager. AWS generates its first value during the apply; the value is not stored in plan or state. A rotation
 * writes later values, which an apply doesn't change.
 */
export class ManagedSecret extends Construct {
  readonly arn: string;
  readonly name: string;

  private readonly drawn: Readonly<Record<string, string>>;
  private readonly first: SecretsmanagerSecretVersion;

  constructor(scope: Construct, id: string, props: ManagedSecretProps) {
    super(scope, id);
    const { spec, key, protect, drawing = FIRST } = props;
    refuse(this, secretProblems(spec), "spec");
    this.name = cloudName("secret", ...props.name, spec.name);
    const secret = new SecretsmanagerSecret(this, "secret", {
      name: this.name,
      description: spec.purpose,
      kmsKeyId: key,
      recoveryWindowInDays: protect ? 30 : 0, // the maximum, or none: the name can be reused at once
      tags: { rotation: spec.rotation.method },
      lifecycle: { preventDestroy: protect },
    });
    exempt(secret, "CKV2_AWS_57", "rotated with its engine, which a function of Secrets Manager does not reach");

    this.drawn = Object.fromEntries(Object.entries(spec.keys).map(([name, value]) => [name, randomValue(this, name, value)]));
    this.first = new SecretsmanagerSecretVersion(this, "first", {
      secretId: secret.id,
      secretStringWo: jsonOf({ ...quoted(spec.fixed), ...this.drawn }),
      // A higher number would generate every value again and overwrite what a rotation wrote.
      secretStringWoVersion: drawing,
      // Secrets Manager deletes versions without a label. Terraform would see the version as missing and write another first value.
      versionStages: ["AWSCURRENT", "first"],
      lifecycle: { ignoreChanges: ["version_stages"] },
    });
    this.arn = secret.arn;
  }

  /** The value of a key, only for a write-only argument. It is generated at every plan: the argument's version must follow `drawing`. */
  value(key: string): string {
    return `\${${this.drawn[key]}}`;
  }

  /** Writes the value after its engine has accepted it. If the engine failed, the value was not stored, and is generated again. */
  writtenAfter(engine: ITerraformDependable): void {
    this.first.dependsOn = [...(this.first.dependsOn ?? []), dependable(engine)];
  }
}

const FIRST = 1;

/** Characters that Secrets Manager excludes, so that only the alphabet remains. */
const LEFT_OUT: Readonly<Record<Characters, object>> = {
  alphanumeric: { exclude_punctuation: true },
  hex: { exclude_punctuation: true, exclude_uppercase: true, exclude_characters: "ghijklmnopqrstuvwxyz" },
};

/**
 * An ephemeral resource, for which cdktf has no class, as an expression: generated at each plan and apply, used when the secret is created,
 * not stored.
 */
function randomValue(scope: Construct, key: string, { length, characters = "alphanumeric" }: RandomValue): string {
  const stack = TerraformStack.of(scope);
  const id = stack.getLogicalId(new Construct(scope, key).node);
  stack.addOverride(`ephemeral.aws_secretsmanager_random_password.${id}`, {
    password_length: length,
    require_each_included_type: true,
    ...LEFT_OUT[characters],
  });
  return `ephemeral.aws_secretsmanager_random_password.${id}.random_password`;
}

function quoted(fixed: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fixed).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** An object of expressions. cdktf's function would quote them, so their text would become the password. */
function jsonOf(expressions: Readonly<Record<string, string>>): string {
  const members = Object.entries(expressions).map(([key, expression]) => `${JSON.stringify(key)} = ${expression}`);
  return `\${jsonencode({${members.join(", ")}})}`;
}
