export type * from "./contract";
export { ManagedSecret, type ManagedSecretProps } from "./managed-secret";
export type { ClusterSecretStore, ExternalSecret, Password } from "./objects";
export { SECRET_STORE, type SecretStoreProps, secretStore } from "./secret-store";
export { WorkloadSecret, type WorkloadSecretProps } from "./workload-secret";
