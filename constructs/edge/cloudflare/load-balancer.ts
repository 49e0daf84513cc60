import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareLoadBalancerConfig {
  readonly zoneId: string;

  /** Its DNS name, which it overrides any record for. */
  readonly name: string;
  readonly description: string;
  readonly defaultPools: readonly string[];

  /** The pool to use if all pools are unhealthy. */
  readonly fallbackPool: string;
  readonly proxied: boolean;
  readonly steeringPolicy: "off";
  readonly sessionAffinity: "none";
  readonly adaptiveRouting: { readonly failoverAcrossPools: boolean };
}

/** A public name that routes to pools (`cloudflare_load_balancer`). */
export class CloudflareLoadBalancer extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareLoadBalancerConfig) {
    super(scope, id, "load_balancer", config);
  }
}
