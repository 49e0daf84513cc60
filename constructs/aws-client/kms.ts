import { callJson, type JsonClientProps } from "./json";
import { serviceFromEnvironment } from "./service";

export type KmsClientProps = JsonClientProps;

/** Encryption context of a data key: a request to decrypt it must name the same. CloudTrail shows it. */
export type EncryptionContext = Readonly<Record<string, string>>;

/** Props of a client from `AWS_REGION`, `AWS_ENDPOINT_URL_KMS` and the variables of credentials. */
export function kmsFromEnvironment(env: NodeJS.ProcessEnv): KmsClientProps {
  return serviceFromEnvironment(env, "kms");
}

/** Signs digests, and wraps data keys, with keys that never leave KMS. */
export class KmsClient {
  constructor(private readonly props: KmsClientProps) {}

  /** Signs a SHA-256 digest with a key of type ECC_NIST_P256. Returns the signature in DER (KMS, Sign). */
  async sign(keyId: string, digest: Buffer): Promise<Buffer> {
    const { Signature } = await this.call<"Signature">("Sign", keyId, {
      Message: digest.toString("base64"),
      MessageType: "DIGEST",
      SigningAlgorithm: "ECDSA_SHA_256",
    });
    return Buffer.from(Signature, "base64");
  }

  /** Generates a data key of 256 bits. Returns it in plaintext and wrapped by a symmetric key. */
  async generateDataKey(keyId: string, context: EncryptionContext): Promise<{ readonly plain: Buffer; readonly wrapped: Buffer }> {
    const { Plaintext, CiphertextBlob } = await this.call<"Plaintext" | "CiphertextBlob">("GenerateDataKey", keyId, {
      KeySpec: "AES_256",
      EncryptionContext: context,
    });
    return { plain: Buffer.from(Plaintext, "base64"), wrapped: Buffer.from(CiphertextBlob, "base64") };
  }

  /** Unwraps a data key. KMS refuses another encryption context than that with which it was generated. */
  async decrypt(keyId: string, wrapped: Buffer, context: EncryptionContext): Promise<Buffer> {
    const { Plaintext } = await this.call<"Plaintext">("Decrypt", keyId, {
      CiphertextBlob: wrapped.toString("base64"),
      EncryptionContext: context,
    });
    return Buffer.from(Plaintext, "base64");
  }

  private call<Field extends string>(action: string, keyId: string, input: object): Promise<Readonly<Record<Field, string>>> {
    const request = { service: "kms", version: "1.1", target: `TrentService.${action}`, input: { KeyId: keyId, ...input } } as const;
    return callJson(this.props, request, `KMS ${action} with ${keyId}`);
  }
}
