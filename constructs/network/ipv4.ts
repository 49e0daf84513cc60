/** An IPv4 CIDR block: its first address as a number, and its prefix length. */
export interface Block {
  readonly first: number;
  readonly prefix: number;
}

/** Four numbers and a prefix length, without leading zeros, which other parsers refuse or read as octal. */
const BLOCK = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\/(0|[1-9]\d?)$/;

/** Parses `10.0.0.0/16`; undefined if it is not a valid block, or has host bits set. */
export function parseBlock(cidr: unknown): Block | undefined {
  const match = typeof cidr === "string" ? BLOCK.exec(cidr) : null;
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const first = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
  return first % size({ first, prefix }) === 0 ? { first, prefix } : undefined;
}

/** Returns the number of addresses in a block. */
export function size(block: Block): number {
  return 2 ** (32 - block.prefix);
}

/** Checks if two blocks overlap. */
export function overlap(one: Block, other: Block): boolean {
  return one.first < other.first + size(other) && other.first < one.first + size(one);
}

/** Returns the nth of the equal parts of a block with a longer prefix. */
export function part(block: Block, prefix: number, index: number): Block {
  return { first: block.first + index * 2 ** (32 - prefix), prefix };
}

/** Formats a block: `10.0.0.0/16`. */
export function show(block: Block): string {
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(block.first / 2 ** shift) % 256);
  return `${octets.join(".")}/${block.prefix}`;
}
