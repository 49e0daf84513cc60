import { doctor, type Machine } from "../../cli/doctor";
import type { Program } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";

const OUTPUTS: Readonly<Record<string, string>> = {
  terraform: "Terraform v1.13.4\non linux_amd64\n",
  tofu: "OpenTofu v1.10.6\non linux_amd64\n",
  kubectl: "Client Version: v1.35.0\n",
  helm: "v3.19.0+g3d8990f\n",
  aws: "aws-cli/2.31.0 Python/3.13.7\n",
};

const KUBECONFIG = "contexts:\n- name: kind-shop\n- name: operations\n";

/** A machine that has everything, except what a test takes away. */
function aMachine({ without = [], ...changes }: Partial<Machine> & { readonly without?: readonly string[] } = {}): Machine {
  return {
    node: "20.12.0",
    output: (program) => (without.includes(program) ? undefined : OUTPUTS[program]),
    variables: { ESC_ORG_ID: "shop", ESC_TOKEN: "token", CLOUDFLARE_API_TOKEN: "token" },
    read: () => KUBECONFIG,
    awsIdentity: async () => "arn:aws:sts::111122223333:assumed-role/platform/me",
    ...changes,
  };
}

const LOCAL = anEnvironment({ name: "local", aws: undefined, cluster: { context: "kind-shop" } });
const PREMISES = anEnvironment({
  name: "premises",
  aws: undefined,
  cluster: { context: "shop", kubeconfig: "~/shop.yaml" },
  state: { backend: "kubernetes", context: "operations" },
});
const CLOUD = anEnvironment({
  name: "cloud",
  eventStore: { engine: "kurrent-cloud", size: "production" },
  queryApi: { replicas: 2, edge: { provider: "cloudflare" } },
});

afterEach(() => jest.restoreAllMocks());

/** The exit code, and what is printed, a line for each check. */
async function run(program: Program, machine: Machine, ...args: string[]) {
  const lines: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(...line.split("\n")));
  const code = await doctor(program, args, machine);
  return { code, lines: lines.map((line) => line.replace(/ {2,}/g, "  ")) };
}

const all = aProgram(LOCAL, CLOUD);

describe("cdktf-cqrs doctor", () => {
  it("lists what is there", async () => {
    expect(await run(all, aMachine())).toEqual({
      code: 0,
      lines: [
        "ok  node  20.12.0",
        "ok  terraform or tofu  terraform 1.13.4",
        "ok  kubectl  v1.35.0",
        "ok  helm  v3.19.0",
        "ok  aws  2.31.0",
        "ok  AWS credentials  arn:aws:sts::111122223333:assumed-role/platform/me",
        "ok  ESC_ORG_ID, ESC_TOKEN  set",
        "ok  CLOUDFLARE_API_TOKEN  set",
        "ok  context kind-shop  in ~/.kube/config",
        "",
        "Nothing required is missing.",
      ],
    });
  });

  it.each<readonly [string, Parameters<typeof aMachine>[0], string, string]>([
    ["an old Node.js", { node: "20.11.1" }, "node  install Node.js 20.12 or newer: https://nodejs.org", "node"],
    [
      "an old Terraform",
      { without: ["tofu"], output: (program: string) => (program === "terraform" ? "Terraform v1.10.5" : OUTPUTS[program]) },
      "terraform or tofu  install Terraform or OpenTofu 1.11 or newer: https://developer.hashicorp.com/terraform/install",
      "terraform or tofu",
    ],
    ["no AWS CLI", { without: ["aws"] }, "aws  install the AWS CLI: https://docs.aws.amazon.com/cli/", "aws"],
    [
      "no credentials",
      {
        awsIdentity: async () => {
          throw new Error("no credentials were found\nmore");
        },
      },
      "AWS credentials  sign in to 111122223333 (aws sso login, or AWS_PROFILE): no credentials were found",
      "AWS credentials",
    ],
    [
      "credentials of another account",
      { awsIdentity: async () => "arn:aws:iam::999999999999:user/me" },
      "AWS credentials  arn:aws:iam::999999999999:user/me is in another account; sign in to 111122223333",
      "AWS credentials",
    ],
    [
      "no credentials of vendors",
      { variables: { CLOUDFLARE_API_TOKEN: "token", ESC_CLIENT_ID: "id" } },
      "ESC_ORG_ID, ESC_CLIENT_ID, ESC_CLIENT_SECRET  set ESC_ORG_ID and ESC_CLIENT_SECRET",
      "ESC_ORG_ID, ESC_CLIENT_ID, ESC_CLIENT_SECRET",
    ],
    ["no kubeconfig", { read: () => undefined }, "context kind-shop  kind create cluster --name shop", "context kind-shop"],
    ["a broken kubeconfig", { read: () => "contexts: [" }, "context kind-shop  kind create cluster --name shop", "context kind-shop"],
  ])("fails with %s, and says what to do", async (_, changes, line, subject) => {
    const { code, lines } = await run(all, aMachine(changes));
    expect(code).toBe(1);
    expect(lines.filter((each) => each.startsWith("missing"))).toEqual([`missing  ${line}`]);
    expect(lines.at(-1)).toBe(`Missing: ${subject}`);
  });

  it("does not fail if only kubectl and helm are missing, which no deployment needs", async () => {
    const { code, lines } = await run(all, aMachine({ without: ["kubectl", "helm"] }));
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith("optional"))).toEqual([
      "optional  kubectl  to look into clusters: https://kubernetes.io/docs/tasks/tools/",
      "optional  helm  to render charts by hand: https://helm.sh/docs/intro/install/",
    ]);
  });

  it("is content with OpenTofu alone", async () => {
    const output = (program: string) => (program === "tofu" ? "OpenTofu v1.11.0" : undefined);
    expect((await run(aProgram(LOCAL), aMachine({ output }))).lines).toContain("ok  terraform or tofu  tofu 1.11.0");
  });

  it("checks one environment, and asks AWS nothing for one without AWS", async () => {
    const awsIdentity = async () => {
      throw new Error("AWS was asked");
    };
    const { code, lines } = await run(all, aMachine({ awsIdentity, without: ["aws"], variables: {} }), "local");
    expect(code).toBe(0);
    expect(lines.map((line) => line.split("  ")[1])).toEqual([
      "node",
      "terraform or tofu",
      "kubectl",
      "helm",
      "context kind-shop",
      undefined,
      undefined,
    ]);
  });

  it("looks for contexts where they are configured, those of Terraform state too", async () => {
    const read = (file: string) => (file.endsWith("/shop.yaml") ? "contexts: [{ name: kind-shop }]" : KUBECONFIG);
    const { lines } = await run(aProgram(PREMISES), aMachine({ read }));
    expect(lines).toContain("missing  context shop  add the context shop to ~/shop.yaml, or change it in the environment");
    expect(lines).toContain("ok  context operations  in ~/.kube/config");
  });

  it("refuses an environment that does not exist", async () => {
    await expect(run(all, aMachine(), "locl")).rejects.toThrow("locl: is not an environment; use one of local, cloud; did you mean local?");
    await expect(run(all, aMachine(), "local", "cloud")).rejects.toThrow("local cloud: at most one environment is expected");
  });
});
