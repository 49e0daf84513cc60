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
  /** The beginning of its name: system and environment. Controllers may read what begins so, and nothing else. */
  readonly name: readonly string[];

  readonly spec: SecretSpec;

  /** The customer-managed key, by ARN. */
  readonly key: string;

  /** Whether it is guarded against deletion, and can be had back for 30 days. */
  readonly protect: boolean;

  /**
   * How often its values have been drawn. A higher number draws all of them anew, here and wherever `value` is written.
   * @default 1
   */
  readonly drawing?: number;
}

/**
 * A secret in AWS Secrets Manager. Its first value is drawn by AWS while Terraform applies, and goes into no plan and no
 * state. Later values are written by a rotation, which no apply undoes.
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
      recoveryWindowInDays: protect ? 30 : 0, // the longest that Secrets Manager allows, and none: its name is free at once
      tags: { rotation: spec.rotation.method },
      lifecycle: { preventDestroy: protect },
    });
    exempt(secret, "CKV2_AWS_57", "rotated with its engine, which a function of Secrets Manager does not reach");

    this.drawn = Object.fromEntries(Object.entries(spec.keys).map(([name, value]) => [name, randomValue(this, name, value)]));
    this.first = new SecretsmanagerSecretVersion(this, "first", {
      secretId: secret.id,
      secretStringWo: jsonOf({ ...quoted(spec.fixed), ...this.drawn }),
      // A higher number would draw every value anew, and write it over what a rotation wrote.
      secretStringWoVersion: drawing,
      // Secrets Manager drops versions without a label; Terraform would take that for a loss and write another first value.
      versionStages: ["AWSCURRENT", "first"],
      lifecycle: { ignoreChanges: ["version_stages"] },
    });
    this.arn = secret.arn;
  }

  /** The value of a key, for a write-only argument alone. It is drawn at every plan: what takes it has to be told by `drawing` when. */
  value(key: string): string {
    return `\${${this.drawn[key]}}`;
  }

  /** Writes the value once its engine has taken it. What failed before has told nobody, and is drawn anew. */
  writtenAfter(engine: ITerraformDependable): void {
    this.first.dependsOn = [...(this.first.dependsOn ?? []), dependable(engine)];
  }
}

const FIRST = 1;

/** What Secrets Manager leaves out, so that what is left is the alphabet. */
const LEFT_OUT: Readonly<Record<Characters, object>> = {
  alphanumeric: { exclude_punctuation: true },
  hex: { exclude_punctuation: true, exclude_uppercase: true, exclude_characters: "ghijklmnopqrstuvwxyz" },
};

/** An ephemeral resource, of which cdktf has no class, as an expression: drawn at each plan and apply, used when the secret is made, kept nowhere. */
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

/** An object of expressions. cdktf's own function would quote them, and their text would be the password. */
function jsonOf(expressions: Readonly<Record<string, string>>): string {
  const members = Object.entries(expressions).map(([key, expression]) => `${JSON.stringify(key)} = ${expression}`);
  return `\${jsonencode({${members.join(", ")}})}`;
}
