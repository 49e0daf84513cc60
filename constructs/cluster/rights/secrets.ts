import type { ControllerPlace } from "./place";

/** external-secrets: secrets of the environment by name, and none by looking for them. */
export function secretStatements({ account, region, secretPrefix }: ControllerPlace): object[] {
  const secrets = `arn:aws:secretsmanager:${region}:${account}:secret:${secretPrefix}-*`;
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
      Sid: "DecryptThemAndNothingElse",
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
