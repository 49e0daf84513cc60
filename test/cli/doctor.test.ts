import { AwsFailure } from "../../cli/aws";
import { doctor } from "../../cli/doctor";
import { type Machine, nodeProblem, type Output } from "../../cli/doctor/machine";
import { CapacityLedger, type NodePool } from "../../constructs/capacity";
import { InvalidInput, type Program, type Synthesis } from "../../stacks";
import { anEnvironment, aProgram } from "../environments";
import { aSynthesis } from "./synthesis";

const OUTPUTS: Readonly<Record<string, string>> = {
  terraform: "Terraform v1.13.4\non linux_amd64\n",
  tofu: "OpenTofu v1.10.6\non linux_amd64\n",
  kubectl: "Client Version: v1.35.0\n",
  helm: "v3.19.0+g3d8990f\n",
  aws: "aws-cli/2.31.0 Python/3.13.7\n",
};

const KUBECONFIG = "contexts:\n- name: kind-shop\n- name: operations\n";

type Changes = Partial<Omit<Machine, "aws">> & { readonly without?: readonly string[]; readonly aws?: Partial<Machine["aws"]> };

/** A machine that has everything, except what a test takes away. */
function aMachine({ without = [], aws, ...changes }: Changes = {}): Machine {
  return {
    node: "20.12.0",
    run: (program) => outputOf(without.includes(program) ? undefined : OUTPUTS[program]),
    variables: { ESC_ORG_ID: "shop", ESC_TOKEN: "token", CLOUDFLARE_API_TOKEN: "token" },
    read: () => KUBECONFIG,
    aws: {
      caller: async () => "arn:aws:sts::111122223333:assumed-role/platform/me",
      sessionEnd: () => undefined,
      bucketExists: async () => true,
      quota: async () => 1000,
      cluster: async () => undefined,
      ...aws,
    },
    now: () => new Date("2026-11-28T12:00:00Z"),
    ...changes,
  };
}

function outputOf(stdout: string | undefined): Output {
  return stdout === undefined ? { reason: "not found" } : { stdout };
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

const NOTHING = (): Synthesis => ({ compositions: [], stacks: new Map(), sites: [] });

afterEach(() => jest.restoreAllMocks());

/** The exit code, and what is printed, a line for each check. */
async function run(program: Program, machine: Machine, ...args: string[]) {
  return await runOn(NOTHING, program, machine, ...args);
}

/** The same with what the program synthesizes. */
async function runOn(made: () => Synthesis, program: Program, machine: Machine, ...args: string[]) {
  const lines: string[] = [];
  jest.spyOn(console, "log").mockImplementation((text: string) => void lines.push(...text.replace(/\n {2,}/g, " ").split("\n")));
  const code = await doctor(program, args, machine, made);
  return { code, lines: lines.map((line) => line.replace(/ {2,}/g, "  ")) };
}

const all = aProgram(LOCAL, CLOUD);

describe("cdktf-cqrs doctor", () => {
  it("continues a finding below itself after a phrase, so that commands can be copied", async () => {
    const printed = jest.spyOn(console, "log").mockImplementation();
    const refused = () => {
      throw new InvalidInput([]);
    };
    await doctor(all, [], aMachine(), refused);
    expect(printed.mock.calls.map(([text]) => String(text)).find((text) => text.startsWith("wrong"))).toBe(
      "wrong     program                its environments are refused,\n" +
        `${" ".repeat(33)}so accounts and clusters were not checked; npm start`,
    );
  });

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
      { run: (program: string) => outputOf({ ...OUTPUTS, terraform: "Terraform v1.10.5", tofu: undefined }[program]) },
      "terraform or tofu  terraform 1.10.5: too old; install Terraform or OpenTofu 1.11 or newer: https://developer.hashicorp.com/terraform/install",
      "terraform or tofu",
    ],
    ["no AWS CLI", { without: ["aws"] }, "aws  install the AWS CLI: https://docs.aws.amazon.com/cli/", "aws"],
    [
      "no credentials",
      {
        aws: {
          caller: async () => {
            throw new Error("no credentials were found\nmore");
          },
        },
      },
      "AWS credentials  no credentials were found; sign in to 111122223333 with aws sso login, or set AWS_PROFILE",
      "AWS credentials",
    ],
    [
      "no credentials of vendors",
      { variables: { CLOUDFLARE_API_TOKEN: "token", ESC_CLIENT_ID: "id" } },
      "ESC_ORG_ID, ESC_CLIENT_ID, ESC_CLIENT_SECRET  set ESC_ORG_ID and ESC_CLIENT_SECRET",
      "ESC_ORG_ID, ESC_CLIENT_ID, ESC_CLIENT_SECRET",
    ],
    [
      "no kubeconfig",
      { read: () => undefined },
      "context kind-shop  kind create cluster --name shop (https://kind.sigs.k8s.io)",
      "context kind-shop",
    ],
    [
      "a broken kubeconfig",
      { read: () => "contexts: [" },
      "context kind-shop  kind create cluster --name shop (https://kind.sigs.k8s.io)",
      "context kind-shop",
    ],
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
    const only = (program: string) => outputOf(program === "tofu" ? "OpenTofu v1.11.0" : undefined);
    expect((await run(aProgram(LOCAL), aMachine({ run: only }))).lines).toContain("ok  terraform or tofu  tofu 1.11.0");
  });

  it("checks one environment, and asks AWS nothing for one without AWS", async () => {
    const caller = async () => {
      throw new Error("AWS was asked");
    };
    const { code, lines } = await run(all, aMachine({ aws: { caller }, without: ["aws"], variables: {} }), "local");
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

  it("looks for the address of a PostgreSQL that stores state", async () => {
    const program = aProgram({ ...PREMISES, state: { backend: "pg" } });
    const lineIn = async (variables: Machine["variables"]) =>
      (await run(program, aMachine({ variables }))).lines.find((line) => line.includes("PG_CONN_STR"));
    expect(await lineIn({})).toBe("missing  PG_CONN_STR  set PG_CONN_STR");
    expect(await lineIn({ PG_CONN_STR: "postgres://state" })).toBe("ok  PG_CONN_STR  set");
    expect(await lineIn({ PGHOST: "state" })).toBeUndefined();
  });

  it("refuses an environment that does not exist", async () => {
    const said: string[] = [];
    jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
    for (const args of [["locl"], ["local", "cloud"], ["--jsn"]]) expect((await run(all, aMachine(), ...args)).code).toBe(1);
    expect(said).toEqual([
      "There is no environment locl; did you mean local?\n  environments: local, cloud\n",
      expect.stringMatching(/^cloud: at most one environment is expected\n\nUsage: /),
      expect.stringMatching(/^--jsn: not an option here\n\nUsage: /),
    ]);
  });

  it("says that it could not check accounts and clusters of a program that is refused", async () => {
    const refused = () => {
      throw new InvalidInput([{ path: "cloud.name", rule: "must be a name", remedy: "use one" }]);
    };
    const { code, lines } = await runOn(refused, all, aMachine());
    expect(code).toBe(1);
    expect(lines).toContain("wrong  program  its environments are refused, so accounts and clusters were not checked; npm start");
    expect(lines.at(-1)).toBe("Wrong: program");
  });
});

describe("cdktf-cqrs doctor, on AWS", () => {
  const backend = { s3: { bucket: "orders-state", region: "eu-west-1" } };
  const provider = { aws: [{ allowed_account_ids: ["111122223333"], region: "eu-west-1" }] };
  const resource = { aws_eip: { a: {}, b: {}, c: {} }, aws_vpc: { vpc: {} }, aws_iam_role: { role: {} } };
  const made = () => aSynthesis({ "cloud-network": { terraform: { backend }, provider, resource } });

  const aws = (changes: Partial<Machine["aws"]>) => runOn(made, all, aMachine({ aws: changes }), "cloud");

  /** The lines about the account. */
  const said = async (changes: Partial<Machine["aws"]>) => {
    const { code, lines } = await aws(changes);
    return { code, lines: lines.filter((line) => /^\w+ {2}(AWS|account|state|quota)/.test(line)) };
  };

  it("finds an account in which an environment can be deployed", async () => {
    const sessionEnd = () => new Date("2026-11-28T14:30:00Z");
    expect(await said({ sessionEnd })).toEqual({
      code: 0,
      lines: [
        "ok  AWS credentials  arn:aws:sts::111122223333:assumed-role/platform/me",
        "ok  AWS session  until 2026-11-28T14:30Z, 150 minutes from now",
        "ok  state bucket orders-state  exists",
        "ok  quotas of 111122223333  3 are sufficient for all environments of the account",
      ],
    });
  });

  it("asks where each quota is kept, and tells how to raise one that is too low", async () => {
    const asked: string[] = [];
    const quota = async (...words: string[]) => {
      asked.push(words.join(" "));
      return words[1] === "L-0263D0A3" ? 2 : 5;
    };
    const { code, lines } = await said({ quota });
    expect(asked.sort()).toEqual(["ec2 L-0263D0A3 eu-west-1", "iam L-FE177D64 us-east-1", "vpc L-F678F1CE eu-west-1"]);
    expect(code).toBe(1);
    expect(lines.at(-2)).toBe("ok  quotas of 111122223333  2 are sufficient for all environments of the account");
    expect(lines.at(-1)).toBe(
      "wrong  quota ec2 L-0263D0A3  Elastic IP addresses in eu-west-1: 3 needed, 2 allowed; aws service-quotas request-service-quota-increase --region eu-west-1 --service-code ec2 --quota-code L-0263D0A3 --desired-value 3",
    );
  });

  it.each<readonly [string, Partial<Machine["aws"]>, number, string]>([
    [
      "credentials of another account",
      { caller: async () => "arn:aws:iam::999999999999:user/me" },
      1,
      "wrong  AWS credentials  arn:aws:iam::999999999999:user/me is in another account; sign in to 111122223333",
    ],
    [
      "a session that ends soon",
      { sessionEnd: () => new Date("2026-11-28T12:12:00Z") },
      0,
      "warning  AWS session  until 2026-11-28T12:12Z, 12 minutes from now; sign in again before a first apply, which takes longer",
    ],
    [
      "an account without a state bucket",
      { bucketExists: async () => false },
      1,
      "missing  state bucket orders-state  npm run bootstrap -- 111122223333",
    ],
    [
      "a bucket that may not be read",
      { bucketExists: async () => Promise.reject(new AwsFailure("s3 answered 403 AccessDenied", "AccessDenied")) },
      0,
      "warning  state bucket orders-state  not checked: s3 answered 403 AccessDenied; allow the request, or check it in the console",
    ],
    [
      "quotas that may not be read",
      { quota: async () => Promise.reject(new AwsFailure("quotas answered 403")) },
      0,
      "warning  quota ec2 L-0263D0A3  not checked: quotas answered 403; allow the request, or check it in the console",
    ],
  ])("reports %s", async (_, changes, code, line) => {
    const found = await said(changes);
    expect(found.code).toBe(code);
    expect(found.lines.filter((each) => !each.startsWith("ok"))).toEqual([line]);
  });

  it("names the accounts that the credentials can't see", async () => {
    const elsewhere = anEnvironment({ name: "elsewhere", aws: { account: "444455556666", region: "eu-west-1" } });
    const { lines } = await run(aProgram(CLOUD, elsewhere), aMachine());
    expect(lines).toContain(
      "warning  account 444455556666  not checked: the credentials are for 111122223333; sign in to 444455556666, and check its environments again",
    );
  });
});

describe("cdktf-cqrs doctor, on a cluster", () => {
  const objects = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "read-side" } },
    { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "read-side" } },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "deny", namespace: "read-side" },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: "read-side" },
      spec: { storageClassName: "fast" },
    },
  ];
  const releases = [{ name: "cert-manager", namespace: "cert-manager", chart: "cert-manager", values: {} }];
  const ledger = (pool?: NodePool) => {
    const made = new CapacityLedger(pool);
    made.add({ name: "read-side/query-api", pods: 2, request: { millicores: 1000, memoryBytes: 2 ** 30 } });
    made.add({ name: "logging/agent", pods: "each-node", request: { millicores: 100, memoryBytes: 2 ** 29 } });
    return made;
  };
  const site = (environment: object, cluster: object, pool?: NodePool) =>
    ({
      path: "local.cluster",
      site: { environment, key: "cluster", cluster, ledger: ledger(pool) },
      objects,
      releases,
    }) as unknown as Synthesis["sites"][number];
  const made = () => aSynthesis({}, site(LOCAL, { context: "kind-shop" }));

  /** What kubectl answers on a cluster that is ready, by the words of the query. */
  const READY: Readonly<Record<string, string>> = {
    "version --output": '{ "serverVersion": { "major": "1", "gitVersion": "v1.35.2" } }',
    "auth whoami": "admin",
    "auth can-i": "yes\n",
    "get nodes": "2\t4Gi\n1930m\t3900000Ki\n",
    // Pods of the environment itself are what is needed.
    "get pods": "kube-system\t100m 250m\t70Mi 170M 1000000\nread-side\t2\t2Gi\nkube-system\t\t\n",
    "get storageclasses": "standard\nfast\n",
    "get namespace/read-side": "Namespace/kube-system\tkube-apiserver\nNamespace/read-side\tHashiCorp kube-controller-manager\n",
    "get customresourcedefinitions": "cert-manager.io\ncert-manager.io\nkeda.sh\n",
    "get configmaps": "cert-manager/cert-manager\n",
  };

  /** The lines about the cluster, with other answers of kubectl: undefined is a failure. */
  const said = async (changes: Readonly<Record<string, string | undefined>> = {}, made_ = made) => {
    const calls: { readonly args: readonly string[]; readonly input: string | undefined }[] = [];
    const kubectl = (program: string, args: readonly string[], input?: string): Output => {
      const query = args.slice(6, 8).join(" ");
      if (program !== "kubectl" || args[0] !== "--kubeconfig") return outputOf(OUTPUTS[program]);
      calls.push({ args, input });
      const answers = { ...READY, ...changes };
      return query in answers ? outputOf(answers[query]) : { reason: `unexpected: ${query}` };
    };
    const { code, lines } = await runOn(made_, aProgram(LOCAL), aMachine({ run: kubectl }), "local");
    return { code, calls, lines: lines.filter((line) => line.includes("  local.cluster")) };
  };

  it("finds a cluster on which an environment can be deployed", async () => {
    const { code, calls, lines } = await said();
    expect(code).toBe(0);
    expect(lines).toEqual([
      "ok  local.cluster  Kubernetes 1.35.2, as admin",
      "ok  local.cluster rights  all",
      "ok  local.cluster nodes  3.9 cores and 7.7Gi allocatable on 2 nodes, 0.35 cores and 0.23Gi requested by others, 2.2 cores and 3.0Gi needed",
      "ok  local.cluster storage  storage class fast",
      "ok  local.cluster conflicts  none with 1 charts and the names of namespaces, classes and roles",
    ]);
    expect(calls.every(({ args }) => args.slice(2, 6).join(" ") === "--context kind-shop --request-timeout 10s")).toBe(true);
  });

  it("asks the API server for each right of a user who may not do everything", async () => {
    const asked = { "auth can-i": undefined, "create --filename": "true\n".repeat(8 * 3) };
    const { calls, lines } = await said(asked);
    expect(lines).toContain("ok  local.cluster rights  8 kinds of objects, in the namespaces of the environment");
    const { items } = JSON.parse(calls.find(({ input }) => input)?.input ?? "");
    const wanted = items.map(({ spec }: any) => Object.values(spec.resourceAttributes).join(" "));
    expect(wanted.filter((words: string) => words.includes("create")).sort()).toEqual([
      " configmaps cert-manager create",
      " namespaces create",
      " persistentvolumeclaims read-side create",
      "apiextensions.k8s.io customresourcedefinitions create",
      "networking.k8s.io networkpolicies read-side create",
      "rbac.authorization.k8s.io clusterrolebindings create",
      "rbac.authorization.k8s.io clusterroles create",
      "scheduling.k8s.io priorityclasses create",
    ]);
  });

  it.each<readonly [string, Readonly<Record<string, string | undefined>>, number, string]>([
    [
      "a cluster that doesn't answer",
      { "version --output": undefined },
      1,
      "wrong  local.cluster  can't be reached: not found; start it, or connect to its network (an EKS cluster answers only in its VPC), and check that kubectl is installed",
    ],
    [
      "a version that was never tried",
      { "version --output": '{ "serverVersion": { "gitVersion": "v1.29.1+k3s1" } }' },
      0,
      "warning  local.cluster  Kubernetes 1.29.1+k3s1, as admin; the charts were verified with 1.34, 1.35, 1.36: use one of these",
    ],
    [
      "missing rights",
      { "auth can-i": undefined, "create --filename": `${"true\n".repeat(3)}false\nfalse\ntrue\nfalse\nfalse\n${"true\n".repeat(16)}` },
      1,
      "wrong  local.cluster rights  may not create priorityclasses.scheduling.k8s.io, patch priorityclasses.scheduling.k8s.io, create networkpolicies.networking.k8s.io in read-side and 1 more; have an administrator of the cluster grant it, or use another context",
    ],
    [
      "rights that can't be asked for",
      { "auth can-i": undefined, "create --filename": undefined },
      0,
      "warning  local.cluster rights  not checked: not found; have the cluster's administrator look at it",
    ],
    [
      "a node with too little CPU",
      { "get nodes": "2\t8Gi\n" },
      1,
      "wrong  local.cluster nodes  2.0 cores and 8.0Gi allocatable on 1 node, 0.35 cores and 0.23Gi requested by others, 2.1 cores and 2.5Gi needed; give the nodes more CPU and memory, add nodes, or reduce the requests of workloads",
    ],
    [
      "a node whose memory others use",
      { "get nodes": "8\t4Gi\n", "get pods": "shop\t1\t1Gi\nshop\t1\t600Mi\n" },
      1,
      "wrong  local.cluster nodes  8.0 cores and 4.0Gi allocatable on 1 node, 2.0 cores and 1.6Gi requested by others, 2.1 cores and 2.5Gi needed; give the nodes more CPU and memory, add nodes, or reduce the requests of workloads",
    ],
    [
      "nodes that may not be listed",
      { "get nodes": undefined },
      0,
      "warning  local.cluster nodes  not checked: not found; have the cluster's administrator look at it",
    ],
    [
      "a missing storage class",
      { "get storageclasses": "standard\nslow\n" },
      1,
      "missing  local.cluster storage  create the storage class fast; or set storageClass to one that exists: standard, slow",
    ],
    [
      "storage classes that may not be read",
      { "get storageclasses": undefined },
      0,
      "warning  local.cluster storage  not checked: not found; have the cluster's administrator look at it",
    ],
    [
      "a namespace that Terraform did not create",
      { "get namespace/read-side": "Namespace/read-side\tkubectl-create\n" },
      1,
      "wrong  local.cluster Namespace/read-side  exists already, and was not created by Terraform; delete it if nothing uses it, or import it into its stack",
    ],
    [
      "an operator that is installed already",
      { "get configmaps": "other/cert-manager\n" },
      1,
      'wrong  local.cluster cert-manager  its CRDs exist already (cert-manager.io), and no release of these stacks; add "cert-manager" to preinstalled of the cluster, or uninstall it, so that the platform installs it into cert-manager',
    ],
  ])("reports %s", async (_, changes, code, line) => {
    const found = await said(changes);
    expect(found.code).toBe(code);
    expect(found.lines.filter((each) => !each.startsWith("ok"))).toEqual([line]);
  });

  describe("on EKS", () => {
    const resource = { aws_eks_cluster: { cluster: { name: "orders-cloud", version: "1.35" } } };
    const synthesis = () => aSynthesis({ "cloud-cluster": { resource } }, site(CLOUD, { nodes: 3 }));
    const onEks = async (version: string | undefined) => {
      const asked: string[] = [];
      const kubectl = (program: string, args: readonly string[]): Output => {
        const file = args[args.indexOf("--kubeconfig") + 1] ?? "";
        if (args.includes("--kubeconfig")) asked.push([program, ...args].join(" ").replaceAll(file, "FILE"));
        if (args[1] === "update-kubeconfig") return { stdout: "" };
        if (program !== "kubectl" || args[0] !== "--kubeconfig") return outputOf(OUTPUTS[program]);
        return outputOf(READY[args.slice(6, 8).join(" ")]);
      };
      const cluster = async () => (version === undefined ? undefined : { version });
      const { lines } = await runOn(synthesis, aProgram(CLOUD), aMachine({ run: kubectl, aws: { cluster } }));
      return { asked, line: lines.find((each) => each.includes("  local.cluster  ")) };
    };

    it("asks nothing of a cluster that is not created yet", async () => {
      expect(await onEks(undefined)).toEqual({ asked: [], line: "ok  local.cluster  orders-cloud is not created yet" });
    });

    it("asks a cluster with credentials of AWS", async () => {
      const { asked, line } = await onEks("1.35");
      expect(line).toBe("ok  local.cluster  Kubernetes 1.35.2, as admin");
      expect(asked.slice(0, 2)).toEqual([
        "aws eks update-kubeconfig --name orders-cloud --region eu-west-1 --alias orders-cloud --kubeconfig FILE",
        "kubectl --kubeconfig FILE --context orders-cloud --request-timeout 10s version --output json",
      ]);
    });

    it.each([
      ["1.34", "the next apply upgrades it to 1.35"],
      ["1.33", 'upgrade one minor version at a time: set version: "1.34" in the environment'],
      ["1.36", 'EKS can\'t go back to 1.35: set version: "1.36" in the environment'],
    ])("judges the way from %s to the declared version", async (version, remedy) => {
      expect((await onEks(version)).line).toContain(`; ${remedy}`);
    });
  });
});

describe("every subcommand", () => {
  it("refuses a version of Node.js that is too old", () => {
    expect(["20.12.0", "22.1.0"].map(nodeProblem)).toEqual([undefined, undefined]);
    expect(nodeProblem("18.20.4")).toBe("Node.js 18.20.4 is not supported; install Node.js 20.12 or newer: https://nodejs.org");
  });
});
