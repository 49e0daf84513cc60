import { type Block, parseBlock, part, show, size } from "./ipv4";

/** The blocks of a network's subnets, one of each kind for every zone. */
export interface SubnetPlan {
  readonly public: readonly string[];
  readonly private: readonly string[];
  readonly data: readonly string[];

  /** The parts of each private subnet that are kept for blocks of addresses of pods. */
  readonly pods: readonly (readonly string[])[];
}

/** The shortest and longest prefix of a network: what AWS allows, and what still holds a load balancer's subnet. */
export const NETWORK_PREFIX = { shortest: 16, longest: 21 } as const;

/** Addresses that a node takes for pods at once (EC2, prefixes for network interfaces: a /28). */
const BLOCK = 16;

/**
 * The share of a private subnet for single addresses, and the fewest of them: thirteen endpoints, up to four interfaces of
 * each control plane, load balancers, and one for each node.
 */
const SINGLE = { share: 16, fewest: 64 } as const;

/**
 * Divides a network among at most three zones. Each zone's private subnet takes a quarter of it,
 * because pods have addresses of the network; public and data subnets take 1/64 each, in the last
 * quarter, half of which stays free. A third zone added later moves no block. Of a private subnet the first part is for
 * single addresses, of nodes, endpoints and load balancers; the rest is kept for blocks of addresses.
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

/** How many blocks of 16 addresses are kept for the pods of one zone. AWS keeps the last address of a subnet, and so a block. */
export function podBlocks(cidr: string): number {
  const subnet = size(blockOf(cidr)) / 4;
  return (subnet - singles(subnet)) / BLOCK - 1;
}

/** What is left of a subnet behind its single addresses, in as few blocks as there can be: a half, a quarter, and so on. */
function behind(subnet: Block): readonly Block[] {
  const halvings = Math.log2(size(subnet) / singles(size(subnet)));
  return Array.from({ length: halvings }, (_, index) => part(subnet, subnet.prefix + halvings - index, 1));
}

function singles(subnet: number): number {
  return Math.max(subnet / SINGLE.share, SINGLE.fewest);
}

/** How many of them a node with so many pods takes (VPC CNI, prefix delegation). */
export function blocksFor(pods: number): number {
  return Math.ceil(pods / BLOCK);
}

function blockOf(cidr: string): Block {
  const block = parseBlock(cidr);
  if (!block) throw new Error(`"${cidr}" is no block of IPv4 addresses`);
  return block;
}
