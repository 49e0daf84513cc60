export { type AuthorityPlace, type AuthorityPush, authorityCopy, authorityPush } from "./authority-objects";
export type * from "./contract";
export { ManagedSecret, type ManagedSecretProps } from "./managed-secret";
export type { ClusterSecretStore, ExternalSecret, Password, PushSecret, SecretStore } from "./objects";
export { ProvidedSecret, type ProvidedSecretProps } from "./provided-secret";
export { PublishedAuthority, type PublishedAuthorityProps } from "./published-authority";
export { SECRET_STORE, type SecretStoreProps, secretStore } from "./secret-store";
export { type SharedSecret, SharedSecrets, type SharedSecretsProps } from "./shared-secrets";
export { type FromStore, fromStore, WorkloadSecret, type WorkloadSecretProps } from "./workload-secret";
