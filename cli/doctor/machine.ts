import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { asDomains, type Environment } from "../../stacks";
import { AwsReader } from "../aws";
import { inHome } from "../kubeconfig";
import { INSTALL, versionIn } from "../lowest-versions";
import { type Finding, present } from "./finding";

/** Output of a program, or the reason why there is none. */
export type Output = { readonly stdout: string } | { readonly stdout?: undefined; readonly reason: string };

/** Access of the checks to the machine. */
export interface Machine {
  readonly node: string;

  /** Runs a program that changes nothing, with some input. */
  readonly run: (program: string, args: readonly string[], input?: string) => Output;

  readonly variables: Readonly<Record<string, string | undefined>>;

  /** Text of a file. Undefined if it can't be read. */
  readonly read: (file: string) => string | undefined;

  readonly aws: Pick<AwsReader, "bucketExists" | "caller" | "cluster" | "quota" | "sessionEnd">;

  readonly now: () => Date;
}

export const HERE: Machine = {
  node: process.versions.node,
  run: (program, args, input) => {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      encoding: "utf8",
      timeout: 60_000,
      maxBuffer: 64 * 2 ** 20,
      ...(input === undefined ? {} : { input }),
    });
    if (status === 0) return { stdout };
    const said = stderr?.trim().split("\n").at(-1);
    return { reason: said || error?.message || `${program} failed` };
  },
  variables: process.env,
  read: (file) => (existsSync(file) ? readFileSync(file, "utf8") : undefined),
  aws: new AwsReader(),
  now: () => new Date(),
};

/** Checks the programs, the credentials of vendors, and the contexts of existing clusters. */
export function programs(environments: readonly Environment[], machine: Machine): readonly Finding[] {
  return [
    present("node", supported(machine.node, "node"), INSTALL.node),
    terraform(machine),
    program(machine, "kubectl", ["version", "--client"], "to look into clusters: https://kubernetes.io/docs/tasks/tools/"),
    program(machine, "helm", ["version", "--short"], "to render charts by hand: https://helm.sh/docs/intro/install/"),
    ...(environments.some(({ aws }) => aws) ? [awsCli(machine)] : []),
  ];
}

/** Problem of a version of Node.js with which the command can't run. */
export function nodeProblem(node = HERE.node): string | undefined {
  return supported(node, "node") ? undefined : `Node.js ${node} is not supported; ${INSTALL.node}`;
}

/** First version in a text, if it is high enough. */
function supported(...found: Parameters<typeof versionIn>): string | undefined {
  const version = versionIn(...found);
  return version?.supported ? version.version : undefined;
}

function terraform({ run }: Machine): Finding {
  const names = ["terraform", "tofu"];
  const versions = names.map((name) => [name, versionIn(run(name, ["version"]).stdout, "terraform")] as const);
  const words = (wanted: boolean) =>
    versions.flatMap(([name, found]) => (found?.supported === wanted ? [`${name} ${found.version}`] : [])).join(", ");
  const old = words(false);
  return present("terraform or tofu", words(true) || undefined, old ? `${old}: too old; ${INSTALL.terraform}` : INSTALL.terraform);
}

function program({ run }: Machine, name: string, args: readonly string[], remedy: string): Finding {
  return present(name, /v?\d+\.\d+\.\d+/.exec(run(name, args).stdout ?? "")?.[0], remedy, "optional");
}

/** Checks the AWS CLI, which each apply on EKS calls for a token. */
function awsCli({ run }: Machine): Finding {
  const version = /\d+\.\d+\.\d+/.exec(run("aws", ["--version"]).stdout ?? "")?.[0];
  return present("aws", version, "install the AWS CLI: https://docs.aws.amazon.com/cli/");
}

/** Checks the variables with credentials of vendors' Terraform providers, and with the address of a PostgreSQL that stores state. */
export function vendors(environments: readonly Environment[], { variables }: Machine): readonly Finding[] {
  const engines = environments.flatMap((environment) => asDomains(environment).stores.map(({ settings }) => settings.engine));
  const edges = environments.flatMap(({ queryApi = [] }) => [queryApi].flat().map(({ edge }) => edge?.provider));
  const finding = (names: readonly string[]): Finding => {
    const missing = names.filter((name) => !variables[name]);
    return present(names.join(", "), missing.length === 0 ? "set" : undefined, `set ${missing.join(" and ")}`);
  };
  const escToken = variables.ESC_TOKEN ? ["ESC_TOKEN"] : ["ESC_CLIENT_ID", "ESC_CLIENT_SECRET"];
  return [
    ...(engines.includes("kurrent-cloud") ? [finding(["ESC_ORG_ID", ...escToken])] : []),
    ...(edges.includes("cloudflare") ? [finding(["CLOUDFLARE_API_TOKEN"])] : []),
    // Without it, Terraform uses the variables of libpq, or looks for a server on this machine.
    ...(environments.some(({ state }) => state?.backend === "pg") && !variables.PGHOST ? [finding(["PG_CONN_STR"])] : []),
  ];
}

const DEFAULT_KUBECONFIG = "~/.kube/config";

/** A context of a kubeconfig. */
interface Context {
  readonly context: string;

  /** @default "~/.kube/config" */
  readonly kubeconfig?: string;
}

/** Checks the contexts of existing clusters, and of clusters that store Terraform state. */
export function contexts(environments: readonly Environment[], machine: Machine): readonly Finding[] {
  const places = environments.flatMap(({ cluster, writeCluster, readCluster, state }): readonly (object | undefined)[] => [
    cluster,
    writeCluster,
    readCluster,
    state,
  ]);
  const wanted = new Map<string, Context>();
  for (const place of places) if (isContext(place)) wanted.set(`${kubeconfigOf(place)} ${place.context}`, place);
  return [...wanted.values()].map((place) => {
    const { context, kubeconfig = DEFAULT_KUBECONFIG } = place;
    return present(
      `context ${context}`,
      hasContext(place, machine) ? `in ${kubeconfig}` : undefined,
      context.startsWith("kind-")
        ? `kind create cluster --name ${context.slice("kind-".length)} (https://kind.sigs.k8s.io)`
        : `add the context ${context} to ${kubeconfig}, or change it in the environment`,
    );
  });
}

function isContext(place: object | undefined): place is Context {
  return place !== undefined && "context" in place;
}

/** Path of a context's kubeconfig. */
export function kubeconfigOf({ kubeconfig = DEFAULT_KUBECONFIG }: Context): string {
  return inHome(kubeconfig);
}

/** Checks that a kubeconfig has a context. */
export function hasContext(place: Context, { read }: Machine): boolean {
  try {
    const { contexts: all = [] } = (parse(read(kubeconfigOf(place)) ?? "") ?? {}) as { contexts?: readonly { readonly name: string }[] };
    return all.some(({ name }) => name === place.context);
  } catch {
    return false;
  }
}
