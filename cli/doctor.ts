import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { parse } from "yaml";
import { asDomains, type Environment, type Program } from "../stacks";
import { AwsReader } from "./aws";
import { commandLine, suggestion } from "./command-line";
import { Refused } from "./refused";

const usage = () => `usage: ${commandLine("doctor", ["[environment]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Checks what this machine needs to deploy the environments, or one of them: programs, credentials, and the clusters that exist.
Exit code 1 if something required is missing. Nothing is changed.`;

/** Result of one check. */
export interface Finding {
  /** Checked program or setting: `terraform`, `context kind-shop`. */
  readonly subject: string;

  /** Detected value: a version, an account. */
  readonly found?: string;

  /** Remedy if it is missing. */
  readonly remedy: string;

  /**
   * Marks a requirement of every deployment.
   * @default true
   */
  readonly required?: boolean;
}

/** Access of the checks to the machine. */
export interface Machine {
  readonly node: string;

  /** Output of a program. Undefined if the program is missing or fails. */
  readonly output: (program: string, ...args: readonly string[]) => string | undefined;

  readonly variables: Readonly<Record<string, string | undefined>>;

  /** Text of a file. Undefined if it can't be read. */
  readonly read: (file: string) => string | undefined;

  /** ARN of the AWS identity in use. @throws an error with the reason if there is none */
  readonly awsIdentity: (region: string) => Promise<string>;
}

const HERE: Machine = {
  node: process.versions.node,
  output: (program, ...args) => {
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000 });
    return status === 0 ? stdout : undefined;
  },
  variables: process.env,
  read: (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined),
  awsIdentity: (region) => new AwsReader().caller(region),
};

/** Minimum versions: package.json (engines), and constructs/core/versions.ts (terraform). */
const LOWEST = { node: [20, 12], terraform: [1, 11] } as const;

/** Checks the machine for a program, prints the results, and returns the exit code. @throws Refused */
export async function doctor(program: Program, args: readonly string[], machine: Machine = HERE): Promise<number> {
  const findings = await examine(chosen(program, args), machine);
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  for (const { subject, found, remedy, required = true } of findings) {
    const state = found === undefined ? (required ? "missing " : "optional") : "ok      ";
    console.log(`${state}  ${subject.padEnd(width)}  ${found ?? remedy}`);
  }
  const missing = findings.filter(({ found, required = true }) => required && found === undefined);
  console.log(missing.length === 0 ? "\nNothing required is missing." : `\nMissing: ${missing.map(({ subject }) => subject).join(", ")}`);
  return missing.length === 0 ? 0 : 1;
}

function chosen({ environments }: Program, args: readonly string[]): readonly Environment[] {
  const [name, ...rest] = args.filter((arg) => arg !== "--check-only");
  if (rest.length > 0 || name?.startsWith("-"))
    throw new Refused(`${[name, ...rest].join(" ")}: at most one environment is expected\n\n${usage()}`);
  if (name === undefined) return environments;
  const found = environments.filter((environment) => environment.name === name);
  const names = environments.map((environment) => environment.name);
  if (found.length === 0) throw new Refused(`${name}: is not an environment; use one of ${names.join(", ")}${suggestion(name, names)}`);
  return found;
}

async function examine(environments: readonly Environment[], machine: Machine): Promise<readonly Finding[]> {
  const onAws = environments.some(({ aws }) => aws);
  return [
    nodeVersion(machine),
    terraform(machine),
    program(machine, "kubectl", ["version", "--client"], "to look into clusters: https://kubernetes.io/docs/tasks/tools/"),
    program(machine, "helm", ["version", "--short"], "to render charts by hand: https://helm.sh/docs/intro/install/"),
    ...(onAws ? [awsCli(machine)] : []),
    ...(await credentials(environments, machine)),
    ...vendors(environments, machine),
    ...contexts(environments, machine),
  ];
}

/** First version in a text, if it is high enough. */
function versionIn(text: string | undefined, [major, minor]: readonly [number, number]): string | undefined {
  const [version, first, second] = /(\d+)\.(\d+)\.\d+\S*/.exec(text ?? "") ?? [];
  const high = Number(first) > major || (Number(first) === major && Number(second) >= minor);
  return high ? version : undefined;
}

function found(value: string | undefined): Pick<Finding, "found"> {
  return value === undefined ? {} : { found: value };
}

function nodeVersion({ node }: Machine): Finding {
  return {
    subject: "node",
    ...found(versionIn(node, LOWEST.node)),
    remedy: `install Node.js ${LOWEST.node.join(".")} or newer: https://nodejs.org`,
  };
}

function terraform({ output }: Machine): Finding {
  const names = ["terraform", "tofu"];
  const versions = names.map((name) => [name, versionIn(output(name, "version"), LOWEST.terraform)] as const);
  const there = versions.filter(([, version]) => version).map((words) => words.join(" "));
  return {
    subject: "terraform or tofu",
    ...found(there.join(", ") || undefined),
    remedy: `install Terraform or OpenTofu ${LOWEST.terraform.join(".")} or newer: https://developer.hashicorp.com/terraform/install`,
  };
}

function program({ output }: Machine, subject: string, args: readonly string[], remedy: string): Finding {
  const version = /v?\d+\.\d+\.\d+/.exec(output(subject, ...args) ?? "")?.[0];
  return { subject, ...found(version), remedy, required: false };
}

/** Checks the AWS CLI, which each apply on EKS calls for a token. */
function awsCli({ output }: Machine): Finding {
  const version = /\d+\.\d+\.\d+/.exec(output("aws", "--version") ?? "")?.[0];
  return { subject: "aws", ...found(version), remedy: "install the AWS CLI: https://docs.aws.amazon.com/cli/" };
}

/** Checks the identity in use, which can access one account, and lists the others. */
async function credentials(environments: readonly Environment[], { awsIdentity }: Machine): Promise<readonly Finding[]> {
  const places = environments.flatMap(({ aws }) => aws ?? []);
  const [first] = places;
  if (!first) return [];
  const accounts = [...new Set(places.map(({ account }) => account))];
  try {
    const arn = await awsIdentity(first.region);
    const subject = "AWS credentials";
    if (accounts.some((account) => arn.includes(`:${account}:`))) return [{ subject, found: arn, remedy: "" }];
    return [{ subject, remedy: `${arn} is in another account; sign in to ${accounts.join(" or ")}` }];
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n");
    return [{ subject: "AWS credentials", remedy: `sign in to ${accounts.join(" or ")} (aws sso login, or AWS_PROFILE): ${reason}` }];
  }
}

/** Checks the variables with credentials of vendors' Terraform providers. */
function vendors(environments: readonly Environment[], { variables }: Machine): readonly Finding[] {
  const engines = environments.flatMap((environment) => asDomains(environment).stores.map(({ settings }) => settings.engine));
  const edges = environments.flatMap(({ queryApi = [] }) => [queryApi].flat().map(({ edge }) => edge?.provider));
  const finding = (names: readonly string[]): Finding => {
    const missing = names.filter((name) => !variables[name]);
    return { subject: names.join(", "), ...found(missing.length === 0 ? "set" : undefined), remedy: `set ${missing.join(" and ")}` };
  };
  const escToken = variables.ESC_TOKEN ? ["ESC_TOKEN"] : ["ESC_CLIENT_ID", "ESC_CLIENT_SECRET"];
  return [
    ...(engines.includes("kurrent-cloud") ? [finding(["ESC_ORG_ID", ...escToken])] : []),
    ...(edges.includes("cloudflare") ? [finding(["CLOUDFLARE_API_TOKEN"])] : []),
  ];
}

const DEFAULT_KUBECONFIG = "~/.kube/config";

/** Checks the contexts of existing clusters, and of clusters that store Terraform state. */
function contexts(environments: readonly Environment[], machine: Machine): readonly Finding[] {
  const wanted = new Map<string, { readonly context: string; readonly kubeconfig: string }>();
  for (const { cluster, writeCluster, readCluster, state } of environments) {
    const places: readonly (object | undefined)[] = [cluster, writeCluster, readCluster, state];
    for (const place of places) {
      if (!place || !("context" in place)) continue;
      const { context, kubeconfig = DEFAULT_KUBECONFIG } = place as { readonly context: string; readonly kubeconfig?: string };
      wanted.set(`${kubeconfig} ${context}`, { context, kubeconfig });
    }
  }
  return [...wanted.values()].map(({ context, kubeconfig }) => ({
    subject: `context ${context}`,
    ...found(contextsIn(kubeconfig, machine).includes(context) ? `in ${kubeconfig}` : undefined),
    remedy: context.startsWith("kind-")
      ? `kind create cluster --name ${context.slice("kind-".length)}`
      : `add the context ${context} to ${kubeconfig}, or change it in the environment`,
  }));
}

function contextsIn(kubeconfig: string, { read }: Machine): readonly string[] {
  const text = read(kubeconfig.replace(/^~(?=\/)/, homedir()));
  try {
    const { contexts = [] } = (parse(text ?? "") ?? {}) as { readonly contexts?: readonly { readonly name: string }[] };
    return contexts.map(({ name }) => name);
  } catch {
    return [];
  }
}
