import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareLoadBalancerConfig {
  readonly zoneId: string;

  /** Its name, for which it takes the place of any record. */
  readonly name: string;
  readonly description: string;
  readonly defaultPools: readonly string[];

  /** The pool that is asked when all are unwell. */
  readonly fallbackPool: string;
  readonly proxied: boolean;
  readonly steeringPolicy: "off";
  readonly sessionAffinity: "none";
  readonly adaptiveRouting: { readonly failoverAcrossPools: boolean };
}

/** A public name before pools (`cloudflare_load_balancer`). */
export class CloudflareLoadBalancer extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareLoadBalancerConfig) {
    super(scope, id, "load_balancer", config);
  }
}
