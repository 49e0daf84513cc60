import * as fc from "fast-check";
import { type Block, overlap, parseBlock, size } from "../../constructs/network/ipv4";
import { blocksFor, podBlocks, subnetPlan } from "../../constructs/network/subnet-plan";
import { runs } from "../thorough";

describe("a subnet plan", () => {
  it("divides a /16 so that pods have most of it", () => {
    expect(subnetPlan("10.0.0.0/16", 3)).toEqual({
      private: ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"],
      public: ["10.0.192.0/22", "10.0.196.0/22", "10.0.200.0/22"],
      data: ["10.0.208.0/22", "10.0.212.0/22", "10.0.216.0/22"],
      pods: [
        ["10.0.4.0/22", "10.0.8.0/21", "10.0.16.0/20", "10.0.32.0/19"],
        ["10.0.68.0/22", "10.0.72.0/21", "10.0.80.0/20", "10.0.96.0/19"],
        ["10.0.132.0/22", "10.0.136.0/21", "10.0.144.0/20", "10.0.160.0/19"],
      ],
    });
  });

  it("counts the whole blocks that are kept for pods, without the one that has the last address of the subnet", () => {
    expect(podBlocks("10.0.0.0/16")).toBe((16_384 - 1024) / 16 - 1);
    expect(podBlocks("10.0.0.0/21")).toBe((512 - 64) / 16 - 1);
    expect([110, 112, 113, 250].map(blocksFor)).toEqual([7, 7, 8, 16]);
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
        for (const [index, kept] of plan.pods.entries()) {
          const subnet = parseBlock(plan.private[index]) as Block;
          for (const block of kept.map((cidr) => parseBlock(cidr) as Block)) {
            expect(block.first).toBeGreaterThan(subnet.first);
            expect(block.first + size(block)).toBeLessThanOrEqual(subnet.first + size(subnet));
          }
        }
      }),
      { numRuns: runs(100) },
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
