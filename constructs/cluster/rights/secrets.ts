import type { ControllerPlace } from "./place";

/** Rights of external-secrets: it reads secrets of the environment by name, without listing them, and writes only CA certificates. */
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
      // It deletes the resource policy at every write.
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
