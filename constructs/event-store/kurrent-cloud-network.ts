import { Token } from "cdktf";
import type { Problem } from "../core/errors";
import { overlap, parseBlock } from "../network";

/** Prefix lengths that Kurrent Cloud's API accepts. */
const PREFIX = { shortest: 8, longest: 24 } as const;

/** Private address blocks (RFC 1918 and 6598). */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].flatMap((block) => parseBlock(block) ?? []);

/** Returns the reasons why a Kurrent Cloud network can't have these addresses, alone or together with those of its peer. */
export function kurrentCloudNetworkProblems(cidr: string, peer?: string): readonly Omit<Problem, "path">[] {
  const block = parseBlock(cidr);
  if (!block || block.prefix < PREFIX.shortest || block.prefix > PREFIX.longest) {
    return [
      {
        value: cidr,
        rule: "is not a network that Kurrent Cloud supports",
        remedy: `use a block from /${PREFIX.shortest} to /${PREFIX.longest}, like 10.128.0.0/20`,
      },
    ];
  }
  if (!PRIVATE.some((space) => space.prefix <= block.prefix && overlap(space, block))) {
    return [
      {
        value: cidr,
        rule: "is a public address range",
        remedy: "use addresses of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
      },
    ];
  }
  const other = peer === undefined || Token.isUnresolved(peer) ? undefined : parseBlock(peer);
  return other && overlap(other, block)
    ? [{ value: cidr, rule: `overlaps ${peer} of its peer, so that the two can't be joined`, remedy: "give one of them other addresses" }]
    : [];
}
