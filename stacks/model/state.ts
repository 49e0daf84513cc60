import { kinds, object, optional, text, told } from "./check/shape";
import { anything, name } from "./common";

/** Where the Terraform state of an environment is stored that is not on AWS: with locks, and shared by all who deploy it. */
export type StateSettings = KubernetesState | PostgresState | HttpState | S3State;

/** In Secrets of a cluster, locked by Leases. A state has room for 1 MiB, compressed; the cluster has to encrypt its Secrets at rest. */
export interface KubernetesState {
  readonly backend: "kubernetes";

  /** The kubeconfig context of the cluster, one that no environment destroys. */
  readonly context: string;

  /** @default "~/.kube/config" */
  readonly kubeconfig?: string;

  /**
   * A namespace that exists.
   * @default "terraform-state"
   */
  readonly namespace?: string;
}

/** In a PostgreSQL database, locked by advisory locks. `PG_CONN_STR` of the operator has its address and password. */
export interface PostgresState {
  readonly backend: "pg";
}

/** At a server that stores states over HTTP, like GitLab's. `TF_HTTP_USERNAME` and `TF_HTTP_PASSWORD` of the operator sign in. */
export interface HttpState {
  readonly backend: "http";

  /** What the address of each state begins with: `https://gitlab.example.com/api/v4/projects/7/terraform/state`. */
  readonly address: string;
}

/** In a bucket of a store that speaks S3's protocol and writes on condition, by which states are locked: MinIO, Ceph, R2. */
export interface S3State {
  readonly backend: "s3";

  /** Its address: `https://s3.example.com`. `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of the operator sign in. */
  readonly endpoint: string;

  /** A bucket that exists, with versions. */
  readonly bucket: string;

  /** @default "us-east-1" */
  readonly region?: string;
}

const https = text(
  /^https:\/\/[^\s/]+(\/\S*[^/\s])?$/,
  "must be an https address without a slash at its end",
  "write one like https://s3.example.com",
);

export const stateShape = kinds("backend", "backend for states", {
  kubernetes: object<KubernetesState>({ backend: told, context: anything, kubeconfig: optional(anything), namespace: optional(name) }),
  pg: object<PostgresState>({ backend: told }),
  http: object<HttpState>({ backend: told, address: https }),
  s3: object<S3State>({ backend: told, endpoint: https, bucket: anything, region: optional(anything) }),
});
