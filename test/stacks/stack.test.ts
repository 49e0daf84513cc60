import { tmpdir } from "node:os";
import { join } from "node:path";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { App } from "cdktf";
import { PlatformStack, type StackProps } from "../../stacks";
import { localStackProps } from "../../stacks/base/stack";
import { anEnvironment } from "../environments";
import { type Body, one } from "../synth";

const bucket = {
  bucket: "orders-terraform-state",
  region: "eu-west-1",
  key: "arn:aws:kms:eu-west-1:111122223333:alias/orders-terraform-state",
};

const PROPS: StackProps = {
  state: { bucket, key: "test/network.tfstate" },
  protect: true,
  holdsData: false,
  aws: {
    account: "111122223333",
    region: "eu-west-1",
    tags: { system: "orders", environment: "test" },
    rolePath: "/orders/test/",
    permissionsBoundary: "arn:aws:iam::111122223333:policy/orders-boundary",
  },
};

const anApp = () => new App({ outdir: join(tmpdir(), "cdktf-cqrs-test") });
const json = (stack: PlatformStack): Body => JSON.parse(JSON.stringify(stack.toTerraform()));

describe("PlatformStack", () => {
  it("keeps its state in the account's bucket, encrypted and locked there", () => {
    expect(json(new PlatformStack(anApp(), "test-network", PROPS)).terraform.backend.s3).toEqual({
      bucket: bucket.bucket,
      region: "eu-west-1",
      kms_key_id: bucket.key,
      key: "test/network.tfstate",
      encrypt: true,
      use_lockfile: true,
    });
  });

  it("is pinned to its account, and says on everything whose it is, in every region", () => {
    const stack = new PlatformStack(anApp(), "test-network", PROPS);
    expect(stack.providerIn("eu-central-1")).toBe(stack.providerIn("eu-central-1"));
    const tags = { system: "orders", environment: "test", stack: "test-network" };
    expect(json(stack).provider.aws).toEqual([
      { region: "eu-west-1", allowed_account_ids: ["111122223333"], default_tags: [{ tags }] },
      {
        region: "eu-central-1",
        sts_region: "eu-west-1",
        max_retries: 10,
        alias: "eu-central-1",
        allowed_account_ids: ["111122223333"],
        default_tags: [{ tags }],
      },
    ]);
  });

  it("lets both majors of the provider resolve", () => {
    expect(json(new PlatformStack(anApp(), "test-network", PROPS)).terraform).toMatchObject({
      required_version: ">= 1.11",
      required_providers: { aws: { source: "aws", version: ">= 5.100, < 7" } },
    });
  });

  it("bounds every role it makes, as deploy roles demand", () => {
    const app = anApp();
    const stack = new PlatformStack(app, "test-network", PROPS);
    new IamRole(stack, "role", { assumeRolePolicy: "{}" });
    app.synth();
    expect(one(json(stack), "aws_iam_role")).toMatchObject({
      path: "/orders/test/",
      permissions_boundary: "arn:aws:iam::111122223333:policy/orders-boundary",
    });
  });

  it("is read by others through outputs with names of their own, and comes before them", () => {
    const app = anApp();
    const producer = new PlatformStack<{ vpcId: string; subnetIds: string[] }>(app, "test-network", PROPS).publish({
      vpcId: "vpc-1",
      subnetIds: ["subnet-1"],
    });
    const consumer = new PlatformStack<{ copy: string; copies: string[] }>(app, "test-cluster", PROPS);
    const { vpcId, subnetIds } = consumer.read(producer);
    consumer.publish({ copy: vpcId, copies: subnetIds });
    expect(json(producer).output).toEqual({ vpc_id: { value: "vpc-1" }, subnet_ids: { value: ["subnet-1"] } });
    expect(json(consumer).output).toEqual({
      copy: { value: "${data.terraform_remote_state.test-network.outputs.vpc_id}" },
      copies: { value: "${data.terraform_remote_state.test-network.outputs.subnet_ids}" },
    });
    expect(consumer.dependencies).toEqual([producer]);
  });

  it("can't be read before it has published anything", () => {
    const app = anApp();
    expect(() => new PlatformStack(app, "b", PROPS).read(new PlatformStack(app, "a", PROPS))).toThrow(
      "a publishes nothing that b could read",
    );
  });

  it("keeps its state outside of what synthesis writes where there is no AWS", () => {
    const local = anEnvironment({ name: "local", aws: undefined, exceptions: { disposable: "on one machine" } });
    const stack = new PlatformStack(anApp(), "local-platform", localStackProps(local, "platform"));
    expect(json(stack).terraform.backend.local).toEqual({ path: "../../../.state/local/platform.tfstate" });
    expect(json(stack).provider).toBeUndefined();
  });
});
