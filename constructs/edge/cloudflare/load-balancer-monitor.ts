import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareLoadBalancerMonitorConfig {
  readonly accountId: string;
  readonly description: string;
  readonly type: "https";
  readonly method: "GET";
  readonly path: string;
  readonly port: number;

  /** Statuses that count as healthy: `2xx`. */
  readonly expectedCodes: string;
  readonly header: { readonly Host: readonly string[] };

  /** The zone whose settings apply to probes, such as the client certificate of its requests. */
  readonly probeZone: string;
  readonly followRedirects: boolean;
  readonly allowInsecure: boolean;

  /** Seconds between probes; below 60 requires a Business plan. */
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
}

/** A health check of origins (`cloudflare_load_balancer_monitor`). */
export class CloudflareLoadBalancerMonitor extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareLoadBalancerMonitorConfig) {
    super(scope, id, "load_balancer_monitor", config);
  }
}
