export type * from "./contract";
export type { ConnectionContainer } from "./init-containers";
export {
  type AuthorityObject,
  type ConnectionMount,
  type ConnectionVariable,
  type ConnectionVolume,
  type NeededAuthority,
  type NeededSecret,
  type PodConnections,
  type PodConnectionsOptions,
  podConnections,
} from "./pod-connections";
