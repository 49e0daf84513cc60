import type { SecretReference } from "../connection";
import { HTTPS, ROLE_AGENT, type TrafficRule } from "../kubernetes";

/** A bucket that pods use, in Amazon S3 or in a service with the same API. */
export interface S3Location {
  readonly name: string;
  readonly region: string;

  /**
   * Service with the S3 API outside of AWS. It must support object locks and conditional writes (`If-None-Match`).
   * @default - Amazon S3, with the role of the service account
   */
  readonly service?: S3Service;
}

/** Service with the S3 API outside of AWS. */
export interface S3Service {
  /** Address, to which path-style requests are sent: `https://s3.example.internal`. */
  readonly url: string;

  /** Egress rule of the pods. */
  readonly egress: TrafficRule;

  readonly accessKeyId: SecretReference;
  readonly secretAccessKey: SecretReference;

  /**
   * Certificate of its CA, as PEM.
   * @default - a public CA
   */
  readonly authority?: SecretReference;
}

/** Settings of a pod that uses a bucket. */
export interface S3Access {
  /** Variables `AWS_REGION`, `BUCKET`, and those that name another service and its CA. */
  readonly env: Readonly<Record<string, string>>;

  /** Variables with the access keys of another service. */
  readonly secrets: Readonly<Record<string, SecretReference>>;

  /** Files by path. */
  readonly secretFiles: Readonly<Record<string, SecretReference>>;

  readonly egress: readonly TrafficRule[];
}

const AUTHORITY = "/run/secrets/s3/ca.crt";

/** Access of a pod to a bucket. */
export function s3Access({ name, region, service }: S3Location): S3Access {
  const env = { AWS_REGION: region, BUCKET: name };
  if (!service) return { env, secrets: {}, secretFiles: {}, egress: [ROLE_AGENT, HTTPS] };
  const { url, egress, accessKeyId, secretAccessKey, authority } = service;
  return {
    env: { ...env, AWS_ENDPOINT_URL_S3: url, ...(authority ? { AWS_CA_BUNDLE: AUTHORITY } : {}) },
    secrets: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    secretFiles: authority ? { [AUTHORITY]: authority } : {},
    egress: [egress],
  };
}
