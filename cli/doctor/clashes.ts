import type { ChartRelease, KubernetesObject } from "../../constructs/kubernetes";
import type { MeasuredSite } from "../../stacks/capacity";
import { isExistingCluster } from "../../stacks/model/cluster";
import type { Finding } from "./finding";
import { type Kubectl, lines } from "./kubectl";
import { CRD_GROUPS, preinstalledName } from "./operators";

/** Finds what the stacks would create, and that exists already without being of Terraform: objects of the whole cluster, and CRDs of operators. */
export function clashes(subject: string, measured: MeasuredSite, kubectl: Kubectl): readonly Finding[] {
  const found = [...objectsOfOthers(measured, kubectl), ...operatorsOfOthers(measured, kubectl)];
  if (found.length > 0) return found;
  return [{ subject, found: `none with ${measured.releases.length} charts and the names of namespaces, classes and roles` }];
}

/** Kinds that stacks create for the whole cluster. The others are in namespaces, which clash first. */
const IN_CLUSTER: readonly string[] = ["ClusterRole", "ClusterRoleBinding", "Namespace", "PriorityClass", "StorageClass"];

/** The name under which Terraform's kubernetes provider changes objects, as the API server records it. */
const TERRAFORM = "HashiCorp";

function objectsOfOthers({ path, objects }: MeasuredSite, kubectl: Kubectl): readonly Finding[] {
  const wanted = objects.filter(({ kind }) => IN_CLUSTER.includes(kind)).map(nameOf);
  if (wanted.length === 0) return [];
  const each = '{.kind}/{.metadata.name}{"\\t"}{.metadata.managedFields[*].manager}{"\\n"}';
  const output = ["--ignore-not-found", "--show-managed-fields", "--output", `jsonpath={range .items[*]}${each}{end}`];
  // With one object, the answer is no list: a second name, which exists everywhere, makes it one.
  const there = lines(kubectl(["get", ...wanted, "namespace/kube-system", ...output]));
  return there.flatMap((line): Finding[] => {
    const [name = "", managers = ""] = line.split("\t");
    if (!wanted.includes(name.toLowerCase()) || managers.includes(TERRAFORM)) return [];
    const found = "exists already, and was not created by Terraform";
    return [{ subject: `${path} ${name}`, state: "wrong", found, remedy: `delete it if nothing uses it, or import it into its stack` }];
  });
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`.toLowerCase();
}

/** An operator that is installed already has CRDs, but no release of the stacks: those are stored in ConfigMaps, as Helm itself doesn't. */
function operatorsOfOthers({ path, site, releases }: MeasuredSite, kubectl: Kubectl): readonly Finding[] {
  const operators = releases.filter(({ chart }) => chart in CRD_GROUPS);
  if (operators.length === 0) return [];
  const groups = new Set(lines(kubectl(["get", "customresourcedefinitions", "--output", eachLine("{.spec.group}")])));
  const stored = lines(
    kubectl([
      "get",
      "configmaps",
      "--all-namespaces",
      "--selector",
      "owner=helm",
      "--output",
      eachLine("{.metadata.namespace}/{.metadata.labels.name}"),
    ]),
  );
  const foreign = operators.filter(
    ({ chart, namespace, name }) =>
      (CRD_GROUPS[chart] ?? []).some((group) => groups.has(group)) && !stored.includes(`${namespace}/${name}`),
  );
  const charts = new Map(foreign.map((release) => [release.chart, release]));
  return [...charts.values()].map((release) => ({
    subject: `${path} ${release.chart}`,
    state: "wrong",
    found: `its CRDs exist already (${(CRD_GROUPS[release.chart] ?? []).filter((group) => groups.has(group)).join(", ")}), and no release of these stacks`,
    remedy: remedyFor(release, isExistingCluster(site.cluster)),
  }));
}

function remedyFor({ chart, namespace }: ChartRelease, existing: boolean): string {
  const part = preinstalledName(chart);
  const uninstall = `uninstall it, so that the platform installs it into ${namespace}`;
  return existing && part ? `add "${part}" to preinstalled of the cluster, or ${uninstall}` : uninstall;
}

function eachLine(fields: string): string {
  return `jsonpath={range .items[*]}${fields}{"\\n"}{end}`;
}
