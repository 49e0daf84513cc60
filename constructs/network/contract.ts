/** A network that clusters and stores are put into, whether it was made here or found. */
export interface Network {
  readonly vpcId: string;
  readonly cidr: string;

  /** Subnets that the internet reaches, for load balancers, one for each zone. */
  readonly publicSubnetIds: string[];

  /** Subnets of nodes and pods, one for each zone. */
  readonly privateSubnetIds: string[];

  /** Subnets of databases and caches, without a way to the internet, one for each zone. */
  readonly dataSubnetIds: string[];
}

/** Something with a security group of its own. */
export interface SecurityGroupMember {
  /** Its name, which is its group's: `read-database`. */
  readonly name: string;

  readonly description: string;
}

/** Who may open a connection to whom. */
export interface AllowedFlow {
  readonly from: string;

  /** A party, a network that is known by name, or `INTERNET`. */
  readonly to: string;

  readonly port: number;

  /**
   * The last port, where several in a row are open.
   * @default - the one port
   */
  readonly lastPort?: number;

  /** @default "tcp" */
  readonly protocol?: "tcp" | "udp";

  readonly description: string;
}

/** Whatever lies outside of the network. It opens no connections to the inside. */
export const INTERNET = "internet";
