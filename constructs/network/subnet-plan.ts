import { type Block, parseBlock, part, show, size } from "./ipv4";

/** CIDR blocks of a network's subnets, one of each kind per zone. */
export interface SubnetPlan {
  readonly public: readonly string[];
  readonly private: readonly string[];
  readonly data: readonly string[];

  /** Parts of each private subnet that are reserved for the pods' prefixes. */
  readonly pods: readonly (readonly string[])[];
}

/** Shortest and longest prefix of a network: the limit of AWS, and the smallest that fits a load balancer's subnet. */
export const NETWORK_PREFIX = { shortest: 16, longest: 21 } as const;

/** Size of the prefix that a node allocates for pods (EC2, prefixes for network interfaces: a /28). */
const BLOCK = 16;

/**
 * Share of a private subnet for single addresses, and their minimum: thirteen endpoints, up to four interfaces of each control plane, load
 * balancers, and one per node.
 */
const SINGLE = { share: 16, fewest: 64 } as const;

/**
 * Divides a network among at most three zones. Each zone's private subnet takes a quarter of it, because pods use addresses of the network;
 * public and data subnets take 1/64 each, in the last quarter, half of which stays free. Adding a third zone later moves no block. The
 * first part of a private subnet is for single addresses of nodes, endpoints and load balancers; the rest is reserved for the pods'
 * prefixes.
 *
 * ```
 * |      private a     |      private b     |      private c     | pub abc_ data abc_ |  free   |
 * ```
 */
export function subnetPlan(cidr: string, zones: number): SubnetPlan {
  const network = blockOf(cidr);
  const of = (prefix: number, offset: number) =>
    Array.from({ length: zones }, (_, zone) => show(part(network, network.prefix + prefix, offset + zone)));
  const privates = of(2, 0);
  return { private: privates, public: of(6, 48), data: of(6, 52), pods: privates.map(blockOf).map((subnet) => behind(subnet).map(show)) };
}

/**
 * Returns the number of prefixes of 16 addresses for the pods of one zone. AWS reserves a subnet's last address, which costs one prefix.
 */
export function podBlocks(cidr: string): number {
  const subnet = size(blockOf(cidr)) / 4;
  return (subnet - singles(subnet)) / BLOCK - 1;
}

/** Returns the rest of a subnet after its single addresses, in as few blocks as possible: a half, a quarter, and so on. */
function behind(subnet: Block): readonly Block[] {
  const halvings = Math.log2(size(subnet) / singles(size(subnet)));
  return Array.from({ length: halvings }, (_, index) => part(subnet, subnet.prefix + halvings - index, 1));
}

function singles(subnet: number): number {
  return Math.max(subnet / SINGLE.share, SINGLE.fewest);
}

/** Returns the number of prefixes that a node needs for its pods (VPC CNI, prefix delegation). */
export function blocksFor(pods: number): number {
  return Math.ceil(pods / BLOCK);
}

function blockOf(cidr: string): Block {
  const block = parseBlock(cidr);
  if (!block) throw new Error(`"${cidr}" must be an IPv4 CIDR block`);
  return block;
}
