import { KUBERNETES } from "../../constructs/core/versions";
import type { Environment, Synthesis } from "../../stacks";
import type { MeasuredSite } from "../../stacks/capacity";
import { isExistingCluster } from "../../stacks/model/cluster";
import { AwsFailure } from "../aws";
import { clashes } from "./clashes";
import type { Finding } from "./finding";
import { answered, type Kubectl, kubectlIn, lines, onEks } from "./kubectl";
import { hasContext, kubeconfigOf, type Machine } from "./machine";
import { nodes } from "./nodes";
import { rights } from "./rights";

/** Checks the clusters of some environments: those that exist, and those on EKS that are created already. */
export async function clusterFindings(
  environments: readonly Environment[],
  { stacks, sites }: Synthesis,
  account: string | undefined,
  machine: Machine,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const measured of sites) {
    const { environment, cluster } = measured.site;
    if (!environments.some(({ name }) => name === environment.name)) continue;
    if (isExistingCluster(cluster)) {
      // A missing context is a finding already.
      if (!hasContext(cluster, machine)) continue;
      findings.push(...onCluster(measured, supported, kubectlIn(machine, kubeconfigOf(cluster), cluster.context)));
    } else if (environment.aws && environment.aws.account === account) {
      const made = clusterIn(stacks.get(stackOf(measured))?.json);
      if (made) findings.push(...(await onCreated(measured, made, environment.aws.region, machine)));
    }
  }
  return findings;
}

interface Declared {
  readonly name: string;
  readonly version: string;
}

/** Stack that creates a cluster: `production-write-cluster`. */
function stackOf({ site: { environment, key } }: MeasuredSite): string {
  return `${environment.name}-${key.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
}

function clusterIn(json: Readonly<Record<string, unknown>> | undefined): Declared | undefined {
  const { aws_eks_cluster: clusters = {} } = (json?.resource ?? {}) as { readonly aws_eks_cluster?: Readonly<Record<string, Declared>> };
  return Object.values(clusters)[0];
}

async function onCreated(
  measured: MeasuredSite,
  { name, version }: Declared,
  region: string,
  machine: Machine,
): Promise<readonly Finding[]> {
  const subject = measured.path;
  try {
    const cluster = await machine.aws.cluster(name, region);
    if (cluster === undefined) return [{ subject, found: `${name} is not created yet` }];
    return answered(subject, () =>
      onEks(machine, name, region, (kubectl) => onCluster(measured, () => upgrade(cluster.version, version), kubectl)),
    );
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    return [{ subject, state: "warning", found: `not checked: ${error.message}`, remedy: "allow eks:DescribeCluster" }];
  }
}

/** Judges the version of a cluster: nothing if it is as expected. */
type Judge = (version: string) => Omit<Finding, "subject" | "found"> | undefined;

function onCluster(measured: MeasuredSite, judge: Judge, kubectl: Kubectl): readonly Finding[] {
  const { path: subject } = measured;
  const answer = kubectl(["version", "--output", "json"]);
  const version = /"serverVersion"[^}]*"gitVersion":\s*"v?([^"]+)"/.exec(answer.stdout ?? "")?.[1];
  if (version === undefined) {
    const reason = answer.stdout === undefined ? answer.reason : "kubectl reports no server version";
    const remedy = "start it, or connect to its network (an EKS cluster answers only in its VPC), and check that kubectl is installed";
    return [{ subject, state: "wrong", found: `can't be reached: ${reason}`, remedy }];
  }
  const user = kubectl(["auth", "whoami", "--output", "jsonpath={.status.userInfo.username}"]).stdout;
  const found = `Kubernetes ${version}${user ? `, as ${user}` : ""}`;
  return [
    { subject, found, ...judge(version) },
    ...answered(`${subject} rights`, (one) => [rights(one, measured, kubectl)]),
    ...answered(`${subject} nodes`, (one) => nodes(one, measured, kubectl)),
    ...answered(`${subject} storage`, (one) => storageClasses(one, measured, kubectl)),
    ...answered(`${subject} conflicts`, (one) => clashes(one, measured, kubectl)),
  ];
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}

/** An existing cluster should have a version that the charts were verified with. */
const supported: Judge = (version) => {
  const known = Object.keys(KUBERNETES);
  const numbers = known.map(minor);
  if (minor(version) >= Math.min(...numbers) && minor(version) <= Math.max(...numbers)) return undefined;
  return { state: "warning", remedy: `the charts were verified with ${known.join(", ")}: use one of these` };
};

/** The way from a deployed version of EKS to the declared one: one minor version at a time, and never back. */
function upgrade(deployed: string, declared: string): ReturnType<Judge> {
  const steps = minor(declared) - minor(deployed);
  if (steps < 0) return { state: "wrong", remedy: `EKS can't go back to ${declared}: set version: "${deployed}" in the environment` };
  if (steps > 1)
    return { state: "wrong", remedy: `upgrade one minor version at a time: set version: "1.${minor(deployed) + 1}" in the environment` };
  return steps === 1 ? { state: "warning", remedy: `the next apply upgrades it to ${declared}` } : undefined;
}

/** Checks that the storage classes exist that the stacks use and don't create. */
function storageClasses(subject: string, { objects, releases }: MeasuredSite, kubectl: Kubectl): readonly Finding[] {
  const created = objects.filter(({ kind }) => kind === "StorageClass").map(({ metadata }) => metadata.name);
  const used = new Set([...objects, ...releases.map(({ values }) => values)].flatMap(storageClassesIn));
  const needed = [...used].filter((name) => !created.includes(name));
  if (needed.length === 0) return [];
  const there = lines(kubectl(["get", "storageclasses", "--output", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}']));
  const missing = needed.filter((name) => !there.includes(name));
  if (missing.length === 0) return [{ subject, found: `storage class ${needed.join(", ")}` }];
  const instead = there.length > 0 ? `; or set storageClass to one that exists: ${there.join(", ")}` : "";
  return [{ subject, state: "missing", remedy: `create the storage class ${missing.join(" and ")}${instead}` }];
}

function storageClassesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    /^storageClass(Name)?$/.test(key) && typeof item === "string" && item !== "" ? [item] : storageClassesIn(item),
  );
}
