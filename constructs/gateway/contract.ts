import type { Duration } from "../core/quantities";

/** Label of a Gateway's nginx, on its Deployment, its Service and its pods. */
export const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

/** Health endpoint of nginx, separate from all listeners and without the PROXY protocol (NGINX Gateway Fabric 2.6). */
export const READINESS = { port: 8081, path: "/readyz" } as const;

/** Ports of a Gateway's nginx, with and without a certificate: the same for its pods and its Service. */
export const GATEWAY_PORTS = { encrypted: 443, clear: 80 } as const;

/** Returns the Service and the Deployment of a Gateway's nginx, as NGINX Gateway Fabric names them, and its port. */
export function nginxOf({ name = "gateway", certificate }: { readonly name?: string; readonly certificate?: string }) {
  return { name: `${name}-nginx`, port: certificate === undefined ? GATEWAY_PORTS.clear : GATEWAY_PORTS.encrypted };
}

/** Returns the pods of a Gateway's nginx, for services that allow them. */
export function gatewayPeer(
  namespace: string,
  name = "gateway",
): { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } {
  return { namespace, labels: { [GATEWAY_LABEL]: name } };
}

/** Returns the length of the longest prefix that matches a path, -1 if none does: requests go to the longest match. */
export function nearest(beginnings: readonly string[], path: string): number {
  const found = beginnings.map((each) => each.replace(/\/$/, "")).filter((each) => path === each || path.startsWith(`${each}/`));
  return Math.max(-1, ...found.map(({ length }) => length));
}

/** Header to request a version that doesn't serve all clients: `x-preview: green`. */
export const PREVIEW_HEADER = "x-preview";

/**
 * Transfer of the client address by a load balancer: in the first bytes of each connection, or in the header `X-Forwarded-For`, where the last
 * address outside of its own networks is trusted.
 */
export type ClientAddress = "proxy-protocol" | "x-forwarded-for";

/** A load balancer in front of a Gateway, which learns of new and removed pods with a delay. */
export interface LoadBalancerInFront {
  /** CIDR blocks of its connections: `["10.0.0.0/16"]`. Client addresses that they report are trusted. */
  readonly networks: readonly string[];

  readonly clientAddress: ClientAddress;

  /**
   * Time for which it may send new connections to a terminating pod.
   * @default "150s": a Network Load Balancer takes two minutes, for any configured delay (aws-load-balancer-controller, issue 2366)
   */
  readonly forgets?: Duration;

  /**
   * Time until it sends connections to a ready pod; old pods stay as long.
   * @default "180s": a Network Load Balancer takes up to three minutes (aws-load-balancer-controller, issue 1834)
   */
  readonly learns?: Duration;
}

/** A Service in the Gateway's namespace, and its traffic weight. */
export interface Backend {
  readonly service: string;
  readonly port: number;

  /**
   * Traffic weight relative to the others: 0 to 1,000,000. With 0 it gets no requests, but stays ready.
   * @default 1
   */
  readonly weight?: number;
}
