export type * from "./contract";
export {
  type AuthorityObject,
  type ConnectionMount,
  type ConnectionVariable,
  type ConnectionVolume,
  type NeededAuthority,
  type NeededSecret,
  type PodConnections,
  podConnections,
  type WaitContainer,
} from "./pod-connections";
