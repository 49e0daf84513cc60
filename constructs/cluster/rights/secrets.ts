import type { ControllerPlace } from "./place";

/** external-secrets: secrets of the environment by name, and none by looking for them; it writes who signs certificates, and nothing else. */
export function secretStatements({ account, region, secretPrefix }: ControllerPlace): object[] {
  const secrets = `arn:aws:secretsmanager:${region}:${account}:secret:${secretPrefix}-*`;
  const authorities = `${secrets}-authority-??????`; // Secrets Manager ends each name with six characters
  return [
    {
      Sid: "ReadSecretsOfTheEnvironment",
      Effect: "Allow",
      Action: [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
      ],
      Resource: secrets,
    },
    {
      Sid: "PublishAuthorities",
      Effect: "Allow",
      // It takes away a policy whenever it writes.
      Action: ["secretsmanager:DeleteResourcePolicy", "secretsmanager:PutSecretValue"],
      Resource: authorities,
    },
    {
      Sid: "EncryptAuthorities",
      Effect: "Allow",
      Action: "kms:GenerateDataKey",
      Resource: `arn:aws:kms:${region}:${account}:key/*`,
      Condition: {
        StringEquals: { "kms:ViaService": `secretsmanager.${region}.amazonaws.com` },
        StringLike: { "kms:EncryptionContext:SecretARN": authorities },
      },
    },
    {
      Sid: "DecryptSecrets",
      Effect: "Allow",
      Action: "kms:Decrypt",
      Resource: `arn:aws:kms:${region}:${account}:key/*`,
      Condition: {
        StringEquals: { "kms:ViaService": `secretsmanager.${region}.amazonaws.com` },
        StringLike: { "kms:EncryptionContext:SecretARN": secrets },
      },
    },
  ];
}
