import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { App, TerraformStack } from "cdktf";
import { InvalidInput } from "../../constructs/core/errors";
import { Release } from "../../constructs/kubernetes";
import type { Program } from "../../stacks";
import { composed } from "../../stacks/synthesize";
import { anEnvironment, aProgram } from "../environments";
import type { Body } from "../synth";

type Extend = NonNullable<Program["extend"]>;

/** A broker on a cluster that exists. */
const small = anEnvironment({ aws: undefined, cluster: { context: "kind-orders" } });

const made = (extend: Extend, environment = small) =>
  composed(new App({ outdir: "/nowhere" }), {
    ...aProgram(environment),
    extend: (deployment) => deployment.name === "test" && extend(deployment),
  });

function errorsOf(extend: Extend, environment = small): readonly string[] {
  try {
    made(extend, environment);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.message.split("\n");
  }
}

const pods = [{ name: "mail", pods: 1, request: { millicores: 100, memoryBytes: 1 } }];
const chart = { repository: "https://charts.example.com", chart: "mail", version: "1.0.0" } as const;

describe("a stack that extend adds", () => {
  it("on a cluster is deployed after the platform and the named stacks, with its objects and chart in the cluster's ledger", () => {
    const [environment] = made(({ stacks, addStack }) => {
      const before = addStack("queue", { on: "cluster" });
      const { cluster, node } = addStack("mail", { on: "cluster", after: [before] });
      expect(node.id).toBe("test-mail");
      const scope = stacks.get("test-mail");
      if (!scope) throw new Error("it is not among the stacks");
      new ConfigMapV1(scope, "labels", { metadata: { name: "labels", namespace: "mail" } });
      new Release(scope, "mail", { cluster, namespace: "mail", chart, values: {}, pods, after: [] });
    }).filter(({ name }) => name === "test");
    const stack = environment?.stacks.find(({ node }) => node.id === "test-mail");
    expect(stack?.dependencies.map(({ node }) => node.id).sort()).toEqual(["test-platform", "test-queue"]);
    const { terraform, provider }: Body = stack?.toTerraform() ?? {};
    expect(terraform.backend.local.path).toBe("../../../.state/test/mail.tfstate");
    expect(provider.kubernetes[0].config_context).toBe("kind-orders");
    expect(environment?.sites.map(({ stacks }) => stacks.at(-1)?.node.id)).toEqual(["test-mail"]);
    expect(stack?.holdsData).toBe(false);
  });

  it("on AWS has the account and tags of the environment, and may hold data", () => {
    const extend: Extend = ({ addStack }) => {
      new SsmParameter(addStack("ours", { on: "aws", holdsData: true }), "parameter", { name: "ours", type: "String" });
    };
    const stacks = made(extend, anEnvironment()).flatMap((one) => one.stacks);
    const stack = stacks.find(({ node }) => node.id === "test-ours");
    const { provider, terraform }: Body = stack?.toTerraform() ?? {};
    expect(provider.aws[0].default_tags[0].tags).toMatchObject({ environment: "test", stack: "test-ours" });
    expect(terraform.backend.s3.key).toBe("test/ours.tfstate");
    expect(stack?.holdsData).toBe(true);
  });

  it.each<[Extend, string]>([
    [
      ({ addStack }) => addStack("Mail", { on: "cluster" }),
      `addStack: "Mail" can't begin every cloud name; use lower-case letters, digits and single hyphens, beginning with a letter`,
    ],
    [({ addStack }) => addStack("platform", { on: "cluster" }), "test-platform: is another stack already; choose another name"],
    [({ addStack }) => addStack("mail", { on: "aws" }), 'test-mail.on: "aws" requires aws in test; add aws, or name a cluster'],
    [({ addStack }) => addStack("mail", { on: "readCluster" }), 'test-mail.on: "readCluster" is not a cluster of test; use one of cluster'],
    [
      ({ stacks }) => new TerraformStack([...stacks.values()][0]?.node.root ?? new App(), "mail"),
      "mail: is a stack that no command would deploy; create it with addStack of extend",
    ],
  ])("is refused where it could not be deployed (%#)", (extend, message) => {
    expect(errorsOf(extend)).toEqual([message]);
  });

  it("can't be one of an account", () => {
    const extend: Extend = ({ name, addStack }) => name.startsWith("bootstrap-") && void addStack("more", { on: "aws" });
    const program = { ...aProgram(anEnvironment()), extend };
    expect(() => composed(new App({ outdir: "/nowhere" }), program)).toThrow(
      /^bootstrap-\d+-more: can't be added to an account; add it to an environment$/,
    );
  });
});
