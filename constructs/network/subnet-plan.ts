import { type Block, parseBlock, part, show, size } from "./ipv4";

/** The blocks of a network's subnets, one of each kind for every zone. */
export interface SubnetPlan {
  readonly public: readonly string[];
  readonly private: readonly string[];
  readonly data: readonly string[];
}

/** The shortest and longest prefix of a network: what AWS allows, and what still holds a load balancer's subnet. */
export const NETWORK_PREFIX = { shortest: 16, longest: 21 } as const;

/** AWS keeps the first four addresses and the last of every subnet. */
const RESERVED = 5;

/**
 * Divides a network among at most three zones. Each zone's private subnet takes a quarter of it,
 * because pods have addresses of the network; public and data subnets take 1/64 each, in the last
 * quarter, half of which stays free. A third zone added later moves no block.
 *
 * ```
 * |      private a     |      private b     |      private c     | pub abc_ data abc_ |  free   |
 * ```
 */
export function subnetPlan(cidr: string, zones: number): SubnetPlan {
  const network = blockOf(cidr);
  const of = (prefix: number, offset: number) =>
    Array.from({ length: zones }, (_, zone) => show(part(network, network.prefix + prefix, offset + zone)));
  return { private: of(2, 0), public: of(6, 48), data: of(6, 52) };
}

/** How many pods and nodes of one zone find an address in its private subnet. */
export function privateAddresses(cidr: string): number {
  return size(blockOf(cidr)) / 4 - RESERVED;
}

function blockOf(cidr: string): Block {
  const block = parseBlock(cidr);
  if (!block) throw new Error(`"${cidr}" is no block of IPv4 addresses`);
  return block;
}
