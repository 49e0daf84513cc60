import type { ClusterContents, Deployed } from "./deployed";
import type { Words } from "./shell";

/** Flags with a value, of the verbs below. */
const VALUED: ReadonlySet<string> = new Set([
  ...["--context", "-n", "--namespace", "-l", "--selector", "-o", "--output", "-c", "--container", "--tail", "--since", "--from"],
  ...["--type", "-p", "--patch", "--timeout", "--for", "--field-selector", "--sort-by", "--grace-period", "--replicas", "--revision"],
  ...["--pod-running-timeout", "--raw", "-L", "--subresource", "--wait"],
]);

const SWITCHES: ReadonlySet<string> = new Set([
  ...["-f", "--follow", "--previous", "-A", "--all-namespaces", "-w", "--watch", "-it", "-i", "-t", "--force", "--overwrite", "--all"],
  ...["--ignore-daemonsets", "--delete-emptydir-data", "--no-headers", "--show-labels", "--all-containers", "--ignore-not-found"],
  ...["--server-side", "--force-conflicts"],
]);

/** Verbs, each with the number of words before names: `rollout restart`. */
const VERBS: Readonly<Record<string, number>> = {
  get: 1,
  describe: 1,
  delete: 1,
  patch: 1,
  annotate: 1,
  scale: 1,
  wait: 1,
  top: 1,
  rollout: 2,
  logs: 1,
  exec: 1,
  "port-forward": 1,
  create: 2,
  drain: 1,
  cordon: 1,
  uncordon: 1,
  auth: 2,
  apply: 1,
  events: 1,
};

const SHORT: Readonly<Record<string, string>> = {
  po: "pod",
  svc: "service",
  sts: "statefulset",
  deploy: "deployment",
  pvc: "persistentvolumeclaim",
  pv: "persistentvolume",
  ns: "namespace",
  cm: "configmap",
  hpa: "horizontalpodautoscaler",
  pdb: "poddisruptionbudget",
};

/** Kinds whose names nobody knows before: of nodes, of what controllers create. */
const UNNAMED: ReadonlySet<string> = new Set([
  ...["node", "event", "persistentvolume", "volumeattachment", "replicaset", "challenge", "order", "certificaterequest"],
  ...["endpointslice", "apiservice", "customresourcedefinition", "lease", "scaledobject", "backup", "validatingwebhookconfiguration"],
]);

/** What is wrong with a command, one line each. A word with `$` or `<…>` stands for a name that only the reader knows. */
export function kubectlProblems([, ...words]: Words, { clusters }: Deployed): readonly string[] {
  const end = words.indexOf("--");
  const own = end < 0 ? words : words.slice(0, end);
  const flags = new Map<string, string>();
  const names: string[] = [];
  const problems: string[] = [];
  for (let at = 0; at < own.length; at++) {
    const [flag = "", value] = (own[at] as string).split(/=(.*)/s);
    if (!flag.startsWith("-")) names.push(own[at] as string);
    else if (VALUED.has(flag)) flags.set(flag, value ?? own[++at] ?? "");
    else if (SWITCHES.has(flag)) flags.set(flag, value ?? "");
    else problems.push(`${flag} is not a known flag`);
  }
  const [verb = "", ...rest] = names;
  const skipped = VERBS[verb];
  if (verb === "config" || verb === "version") return problems;
  if (skipped === undefined) return [...problems, `${verb || "nothing"} is not a known verb`];
  const context = flags.get("--context");
  if (context === undefined) return [...problems, "names no --context"];
  const cluster = clusters(context);
  if (!cluster) return [...problems, `--context ${context} is no cluster of a shipped environment`];
  const namespace = flags.get("-n") ?? flags.get("--namespace") ?? "";
  if (namespace !== "" && !isVariable(namespace) && !cluster.namespaces.has(namespace))
    problems.push(`namespace ${namespace} is not on ${context}`);
  const label = flags.get("-l") ?? flags.get("--selector");
  if (label && !isVariable(label)) problems.push(...labelProblems(label, namespace, cluster));
  const from = flags.get("--from");
  if (from !== undefined) problems.push(...nameProblems(from.split("/"), namespace, cluster));
  if (verb === "create") {
    if (from === undefined && rest[0] !== "secret") problems.push("creates something that no --from names");
    return problems;
  }
  if (["drain", "cordon", "uncordon", "apply", "auth", "events", "top"].includes(verb)) return problems;
  return [...problems, ...targetsOf(verb, rest.slice(skipped - 1)).flatMap((target) => nameProblems(target, namespace, cluster))];
}

/** A kind, and a name if there is one. */
type Target = readonly string[];

function targetsOf(verb: string, words: readonly string[]): readonly Target[] {
  const settings = verb === "annotate" ? words.filter((word) => !word.includes("=") && !/^[\w./-]+-$/.test(word)) : words;
  const [first = "", ...others] = verb === "port-forward" ? words.slice(0, 1) : settings;
  if (first === "") return [];
  if (first.includes("/")) return [first, ...others].map((word) => word.split("/"));
  if (verb === "logs" || verb === "exec") return [["pod", first]];
  return first.split(",").flatMap((kind): Target[] => (others.length > 0 ? others.map((name) => [kind, name]) : [[kind]]));
}

function nameProblems([written = "", name]: readonly string[], namespace: string, cluster: ClusterContents): readonly string[] {
  if (isVariable(written)) return [];
  const kind = kindOf(written.split(".")[0] as string, cluster);
  if (kind === undefined) return [`${written} is not a known kind`];
  if (name === undefined || isVariable(name) || isVariable(namespace) || UNNAMED.has(kind)) return [];
  const full = `${namespace}/${name}`;
  const known = kind === "pod" ? cluster.pods.some((pattern) => pattern.test(full)) : cluster.names.get(kind)?.has(full);
  return known || cluster.names.get(kind)?.has(`/${name}`) ? [] : [`${kind} ${full} is not made`];
}

function kindOf(written: string, { names }: ClusterContents): string | undefined {
  const kind = SHORT[written] ?? written.toLowerCase();
  const known = (each: string) => each === "pod" || each === "secret" || UNNAMED.has(each) || names.has(each);
  return [kind, kind.replace(/s$/, ""), kind.replace(/es$/, ""), kind.replace(/ies$/, "y")].find(known);
}

function labelProblems(label: string, namespace: string, { labels }: ClusterContents): readonly string[] {
  return label
    .split(",")
    .filter((each) => !isVariable(each) && each.includes("=") && !labels.has(`${namespace} ${each}`))
    .map((each) => `no pods in ${namespace} have the label ${each}`);
}

export function isVariable(word: string): boolean {
  return /\$|<\w/.test(word);
}
