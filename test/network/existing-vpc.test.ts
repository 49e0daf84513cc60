import { ExistingVpc } from "../../constructs/network";
import { synth } from "../synth";

const subnets = (use: string) => [1, 2, 3].map((zone) => `subnet-${use}${zone}`);

const json = synth(
  (stack) =>
    void new ExistingVpc(stack, "network", { vpc: "vpc-1", subnets: { public: subnets("a"), private: subnets("b"), data: subnets("c") } }),
);

describe("ExistingVpc", () => {
  it("makes nothing", () => {
    expect(json.resource).toBeUndefined();
  });

  it("fails the plan where a subnet is of another network, or two of a use share a zone", () => {
    const looked = Object.values(json.data.aws_subnet as Record<string, any>);
    expect(looked).toHaveLength(9);
    const messages = looked.flatMap(({ lifecycle }) =>
      lifecycle.postcondition.map(({ error_message }: { error_message: string }) => error_message),
    );
    expect(messages).toContain("subnet-b1 is a subnet of another VPC");
    expect(messages).toContain("subnet-b3 is in the zone of another private subnet; name one subnet for each zone");
  });

  it("fails the plan where the network does not resolve names", () => {
    const [vpc] = Object.values(json.data.aws_vpc as Record<string, any>);
    expect(vpc.lifecycle.postcondition[0].error_message).toBe("vpc-1 needs DNS support and DNS hostnames; turn both on");
  });
});
