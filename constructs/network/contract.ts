/** A network for clusters and stores, created here or existing. */
export interface Network {
  readonly vpcId: string;
  readonly cidr: string;

  /** Public subnets for load balancers, one per zone. */
  readonly publicSubnetIds: string[];

  /** Private subnets of nodes and pods, one per zone. */
  readonly privateSubnetIds: string[];

  /** Private subnets of databases and caches, without internet access, one per zone. */
  readonly dataSubnetIds: string[];
}

/** A component with its own security group. */
export interface SecurityGroupMember {
  /** Its name, also of its security group: `read-database`. */
  readonly name: string;

  readonly description: string;
}

/** An allowed connection between two members. */
export interface AllowedFlow {
  readonly from: string;

  /** A member, a named network, or `INTERNET`. */
  readonly to: string;

  readonly port: number;

  /**
   * The last port of a range.
   * @default - none: a single port
   */
  readonly lastPort?: number;

  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp";

  readonly description: string;
}

/** All addresses outside of the network. Inbound connections from there are not allowed. */
export const INTERNET = "internet";
