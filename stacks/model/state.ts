import { kinds, object, optional, told } from "./check/shape";
import { address, anything, name } from "./common";

/** Terraform backend of an environment that is not on AWS: with locks, and shared by all operators. */
export type StateSettings = KubernetesState | PostgresState | HttpState | S3State;

/** Secrets of a cluster, locked by Leases. A state is limited to 1 MiB, compressed; the cluster must encrypt Secrets at rest. */
export interface KubernetesState {
  readonly backend: "kubernetes";

  /** Kubeconfig context of the cluster. No environment may destroy that cluster. */
  readonly context: string;

  /** @default "~/.kube/config" */
  readonly kubeconfig?: string;

  /**
   * Existing namespace.
   * @default "terraform-state"
   */
  readonly namespace?: string;
}

/** PostgreSQL database, locked by advisory locks. The operator sets its address and password in `PG_CONN_STR`. */
export interface PostgresState {
  readonly backend: "pg";
}

/** Server that stores states over HTTP, such as GitLab. The operator sets credentials in `TF_HTTP_USERNAME` and `TF_HTTP_PASSWORD`. */
export interface HttpState {
  readonly backend: "http";

  /** Prefix of each state's URL: `https://gitlab.example.com/api/v4/projects/7/terraform/state`. */
  readonly address: string;
}

/** Bucket of an S3-compatible store: MinIO, Ceph, R2. The store must support conditional writes, which implement the locks. */
export interface S3State {
  readonly backend: "s3";

  /** URL of the store: `https://s3.example.com`. The operator sets credentials in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  readonly endpoint: string;

  /** Existing bucket with versioning. */
  readonly bucket: string;

  /** @default "us-east-1" */
  readonly region?: string;
}

const https = address(
  /^https:\/\/[^\s/?#]+(\/[^\s?#]*[^/\s?#])?$/,
  "must be an https address without a slash at its end",
  "write one like https://s3.example.com",
);

export const stateShape = kinds("backend", "backend for states", {
  kubernetes: object<KubernetesState>({ backend: told, context: anything, kubeconfig: optional(anything), namespace: optional(name) }),
  pg: object<PostgresState>({ backend: told }, "leave it out, and set PG_CONN_STR where you deploy"),
  http: object<HttpState>({ backend: told, address: https }),
  s3: object<S3State>({ backend: told, endpoint: https, bucket: anything, region: optional(anything) }),
});
