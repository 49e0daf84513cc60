import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareLoadBalancerPoolConfig {
  readonly accountId: string;

  /** Letters, digits, hyphens and underscores. */
  readonly name: string;
  readonly description: string;
  readonly monitor: string;
  readonly checkRegions: readonly string[];
  readonly minimumOrigins: number;
  readonly origins: readonly {
    readonly name: string;
    readonly address: string;
    readonly enabled: boolean;
    readonly weight: number;
    readonly header: { readonly host: readonly string[] };
  }[];
}

/** A pool of interchangeable origins (`cloudflare_load_balancer_pool`). */
export class CloudflareLoadBalancerPool extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareLoadBalancerPoolConfig) {
    super(scope, id, "load_balancer_pool", config);
  }
}
