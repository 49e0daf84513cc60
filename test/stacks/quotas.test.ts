import type { SynthesizedStack } from "../../constructs/policy";
import { isTight, quotaNeeds } from "../../stacks";
import { program } from "../fixtures/environments";
import { synthesisOf } from "../program";

const needs = quotaNeeds(synthesisOf(program).stacks.values());

/** What is needed of one quota, by account and region. */
const needed = (quota: string) =>
  needs.filter((need) => need.quota === quota).map(({ account, region, needed: count }) => [account, region, count]);

/** A stack of one region with some resources. */
const aStack = (id: string, resource: object): SynthesizedStack =>
  ({
    stack: { node: { id } },
    json: {
      provider: {
        aws: [
          { region: "eu-west-1", allowed_account_ids: ["1"] },
          { alias: "far", region: "eu-central-1", allowed_account_ids: ["1"] },
        ],
      },
      resource,
    },
  }) as unknown as SynthesizedStack;

describe("what an account must allow", () => {
  it("is counted over all environments in it, region by region", () => {
    // 3 nodes of 4 cores and 5 of 8, and one more in each of six groups while nodes are replaced.
    expect(needed("vCPUs of running On-Demand Standard instances")).toContainEqual([
      "111122223333",
      "eu-west-1",
      3 * 4 + 5 * 8 + 3 * 4 + 3 * 8,
    ]);
    // One network with three exits, and one with a single one.
    expect(needed("Elastic IP addresses")).toContainEqual(["444455556666", "eu-west-1", 4]);
    expect(needed("VPCs")).toContainEqual(["444455556666", "eu-west-1", 2]);
    expect(needed("S3 buckets").every(([, region]) => region === "every region")).toBe(true);
  });

  it("is said with what it is given, which has a source", () => {
    for (const need of needs) {
      expect(need.default).toBeGreaterThan(0);
      expect(need.code).toMatch(/^[a-z0-9]+ L-[0-9A-F]{8}$|^EKS, service quotas$/);
    }
    expect(needs.filter((need) => isTight(need) && need.needed > need.default).map(({ quota }) => quota)).toEqual([
      "vCPUs of running On-Demand Standard instances",
      "vCPUs of running On-Demand Standard instances",
    ]);
  });

  it("is the largest where each network, group or cluster has a quota of its own", () => {
    const rules = (group: string, count: number, more: object = {}) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${group}-${index}`, { security_group_id: group, ...more }]));
    const ways = [
      aStack("one", { aws_vpc_security_group_ingress_rule: { ...rules("a", 3), ...rules("b", 5) } }),
      aStack("two", { aws_vpc_security_group_egress_rule: { ...rules("c", 4), ...rules("d", 1, { prefix_list_id: "pl-1" }) } }),
    ];
    expect(quotaNeeds(ways).map(({ quota, needed: count }) => [quota, count])).toEqual([
      ["inbound or outbound rules of a security group", 55],
    ]);
    const cache = { num_node_groups: 3, replicas_per_node_group: 1 };
    expect(
      quotaNeeds([aStack("data", { aws_elasticache_replication_group: { one: cache, two: cache } })]).map(({ quota, needed: count }) => [
        quota,
        count,
      ]),
    ).toEqual([
      ["ElastiCache nodes", 12],
      ["nodes of an ElastiCache cluster", 6],
    ]);
  });

  it("is of the region that a resource is made in, by whichever provider", () => {
    const keys = { aws_kms_key: { here: {}, there: { provider: "aws.far" } } };
    expect(quotaNeeds([aStack("keys", keys)]).map(({ region, needed: count }) => [region, count])).toEqual([
      ["eu-west-1", 1],
      ["eu-central-1", 1],
    ]);
  });
});
