import type { Duration } from "../core/quantities";

/** The label by which the nginx of a Gateway is known: that of its Deployment, its Service and its pods. */
export const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

/** Where nginx says that it is well, apart from all listeners and without the PROXY protocol (NGINX Gateway Fabric 2.6). */
export const READINESS = { port: 8081, path: "/readyz" } as const;

/** The ports of a Gateway's nginx, with a certificate and without: of its pods and of its Service, which are the same. */
export const GATEWAY_PORTS = { encrypted: 443, clear: 80 } as const;

/** The Service, and the Deployment, of a Gateway's nginx, as NGINX Gateway Fabric names them, and the port that it listens on. */
export function nginxOf({ name = "gateway", certificate }: { readonly name?: string; readonly certificate?: string }) {
  return { name: `${name}-nginx`, port: certificate === undefined ? GATEWAY_PORTS.clear : GATEWAY_PORTS.encrypted };
}

/** The pods of a Gateway's nginx, for services that let them in. */
export function gatewayPeer(
  namespace: string,
  name = "gateway",
): { readonly namespace: string; readonly labels: Readonly<Record<string, string>> } {
  return { namespace, labels: { [GATEWAY_LABEL]: name } };
}

/** The length of the longest of some beginnings that a path has, -1 of none: where it is the longest, the request goes. */
export function nearest(beginnings: readonly string[], path: string): number {
  const found = beginnings.map((each) => each.replace(/\/$/, "")).filter((each) => path === each || path.startsWith(`${each}/`));
  return Math.max(-1, ...found.map(({ length }) => length));
}

/** The header by which a request asks for a version that does not serve everybody: `x-preview: green`. */
export const PREVIEW_HEADER = "x-preview";

/**
 * How what stands in front tells who the client is: in the first bytes of each connection, or in the header
 * `X-Forwarded-For`, of which the last address is believed that is not its own.
 */
export type ClientAddress = "proxy-protocol" | "x-forwarded-for";

/** A load balancer in front of a Gateway, that is slow to learn which of its pods are there. */
export interface LoadBalancerInFront {
  /** Networks from which its connections come: `["10.0.0.0/16"]`. Whatever comes from there is believed to be it. */
  readonly networks: readonly string[];

  readonly clientAddress: ClientAddress;

  /**
   * How long it may go on sending new connections to a pod that is going.
   * @default "150s": a Network Load Balancer takes two minutes, whatever delay it is told (aws-load-balancer-controller, issue 2366)
   */
  readonly forgets?: Duration;

  /**
   * How long it may take until it sends connections to a pod that is ready; an older pod stays as long.
   * @default "180s": a Network Load Balancer takes up to three minutes (aws-load-balancer-controller, issue 1834)
   */
  readonly learns?: Duration;
}

/** A Service in the Gateway's namespace, and its share of the requests. */
export interface Backend {
  readonly service: string;
  readonly port: number;

  /**
   * Its share beside the others': 0 to 1,000,000. With 0 it gets none, and stays ready to.
   * @default 1
   */
  readonly weight?: number;
}
