export { clientAuthorityProblems } from "./client-authority";
export type { Backend, ClientAddress, LoadBalancerInFront } from "./contract";
export { gatewayPeer, nearest, nginxOf, PREVIEW_HEADER, READINESS } from "./contract";
export { Gateway, type GatewayProps } from "./gateway";
export { type RateLimit, Routes, type RoutesProps, sharesPatch } from "./routes";
