import { type CredentialProvider, credentialsFrom } from "./credentials";
import { sendRepeatedly } from "./http";
import { signedHeaders } from "./signature";

export interface KmsClientProps {
  readonly region: string;
  readonly credentials: CredentialProvider;

  /** @default - AWS KMS in the region */
  readonly endpoint?: string;
}

/** Props of a client from `AWS_REGION`, `AWS_ENDPOINT_URL_KMS` and the variables of credentials. */
export function kmsFromEnvironment(env: NodeJS.ProcessEnv): KmsClientProps {
  const endpoint = env.AWS_ENDPOINT_URL_KMS ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region) throw new Error("AWS_REGION is not set");
  return { region, credentials: credentialsFrom(env), ...(endpoint ? { endpoint } : {}) };
}

/** Signs digests with an asymmetric key that never leaves KMS. */
export class KmsClient {
  constructor(private readonly props: KmsClientProps) {}

  /** Signs a SHA-256 digest with a key of type ECC_NIST_P256. Returns the signature in DER (KMS, Sign). */
  async sign(keyId: string, digest: Buffer): Promise<Buffer> {
    const { region, credentials } = this.props;
    const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const request = {
      method: "POST",
      url: new URL(this.props.endpoint ?? `https://kms.${region}.${suffix}/`),
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.Sign" },
      body: Buffer.from(
        JSON.stringify({ KeyId: keyId, Message: digest.toString("base64"), MessageType: "DIGEST", SigningAlgorithm: "ECDSA_SHA_256" }),
      ),
    };
    const { status, body } = await sendRepeatedly(async () => ({
      ...request,
      headers: signedHeaders(request, { service: "kms", region, credentials: await credentials() }),
    }));
    const answer = JSON.parse(String(body) || "{}");
    if (status !== 200) throw new Error(`KMS Sign with ${keyId}: ${answer.__type ?? `status ${status}`}`);
    return Buffer.from(answer.Signature, "base64");
  }
}
