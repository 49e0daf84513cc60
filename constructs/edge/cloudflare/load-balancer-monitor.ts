import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareLoadBalancerMonitorConfig {
  readonly accountId: string;
  readonly description: string;
  readonly type: "https";
  readonly method: "GET";
  readonly path: string;
  readonly port: number;

  /** The answers that mean it is well: `2xx`. */
  readonly expectedCodes: string;
  readonly header: { readonly Host: readonly string[] };

  /** The zone as which it asks, and so with the certificate that the zone's own requests show. */
  readonly probeZone: string;
  readonly followRedirects: boolean;
  readonly allowInsecure: boolean;

  /** Seconds between two questions; below 60 takes a Business plan. */
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
}

/** What asks an origin whether it is well (`cloudflare_load_balancer_monitor`). */
export class CloudflareLoadBalancerMonitor extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareLoadBalancerMonitorConfig) {
    super(scope, id, "load_balancer_monitor", config);
  }
}
