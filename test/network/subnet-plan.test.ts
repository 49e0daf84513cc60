import * as fc from "fast-check";
import { type Block, overlap, parseBlock, size } from "../../constructs/network/ipv4";
import { privateAddresses, subnetPlan } from "../../constructs/network/subnet-plan";

describe("a subnet plan", () => {
  it("divides a /16 so that pods have most of it", () => {
    expect(subnetPlan("10.0.0.0/16", 3)).toEqual({
      private: ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"],
      public: ["10.0.192.0/22", "10.0.196.0/22", "10.0.200.0/22"],
      data: ["10.0.208.0/22", "10.0.212.0/22", "10.0.216.0/22"],
    });
    expect(privateAddresses("10.0.0.0/16")).toBe(16_379);
  });

  it("moves no subnet when a third zone is added", () => {
    const [two, three] = [subnetPlan("10.4.0.0/18", 2), subnetPlan("10.4.0.0/18", 3)];
    for (const use of ["private", "public", "data"] as const) expect(three[use].slice(0, 2)).toEqual(two[use]);
  });

  it("stays within the network, and never gives an address twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 21 }), fc.nat(255), fc.constantFrom(2, 3), (prefix, second, zones) => {
        const network = `10.${second}.0.0/${prefix}`;
        const plan = subnetPlan(network, zones);
        const blocks = [...plan.private, ...plan.public, ...plan.data].map((cidr) => parseBlock(cidr) as Block);
        const whole = parseBlock(network) as Block;
        for (const [index, block] of blocks.entries()) {
          expect(block.first).toBeGreaterThanOrEqual(whole.first);
          expect(block.first + size(block)).toBeLessThanOrEqual(whole.first + size(whole));
          // An application load balancer wants a /27 at least (Elastic Load Balancing, subnets).
          expect(block.prefix).toBeLessThanOrEqual(27);
          for (const other of blocks.slice(index + 1)) expect(overlap(block, other)).toBe(false);
        }
      }),
    );
  });
});

describe("a block of addresses", () => {
  it.each(["10.0.0.0/33", "10.0.0/16", "10.0.0.1/16", "256.0.0.0/8", "10.0.0.0", "", undefined, 7])("is not %p", (cidr) => {
    expect(parseBlock(cidr)).toBeUndefined();
  });

  it("overlaps what it holds, and not its neighbour", () => {
    const block = (cidr: string) => parseBlock(cidr) as Block;
    expect(overlap(block("10.0.0.0/16"), block("10.0.255.0/24"))).toBe(true);
    expect(overlap(block("10.0.255.0/24"), block("10.0.0.0/16"))).toBe(true);
    expect(overlap(block("10.0.0.0/16"), block("10.1.0.0/16"))).toBe(false);
    expect(overlap(block("255.255.0.0/16"), block("0.0.0.0/0"))).toBe(true);
  });
});
