import type { MeasuredSite } from "../../stacks/capacity";
import type { Finding } from "./finding";
import { type Kubectl, lines, Unanswered } from "./kubectl";
import { CRD_GROUPS } from "./operators";

/** A kind of object in a namespace, or in the whole cluster. */
interface Resource {
  readonly group: string;
  readonly resource: string;

  /** @default - in the whole cluster */
  readonly namespace?: string;
}

const VERBS = ["create", "patch", "delete"] as const;

/** Kinds that the chart of an operator contains. */
const OF_OPERATORS: readonly Resource[] = [
  { group: "apiextensions.k8s.io", resource: "customresourcedefinitions" },
  { group: "rbac.authorization.k8s.io", resource: "clusterroles" },
  { group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
];

/** Checks that the user may change everything that the stacks create. Everything is asked at once, unless the user may do anything. */
export function rights(subject: string, measured: MeasuredSite, kubectl: Kubectl): Finding {
  if (kubectl(["auth", "can-i", "*", "*", "--all-namespaces"]).stdout?.trim() === "yes") return { subject, found: "all" };
  const wanted = resourcesOf(measured).flatMap((resource) => VERBS.map((verb) => ({ ...resource, verb })));
  const reviews = wanted.map((resourceAttributes) => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  }));
  const list = { apiVersion: "v1", kind: "List", items: reviews };
  // The API server answers a review, and stores nothing.
  const answers = lines(kubectl(["create", "--filename", "-", "--validate=false", "--output", 'jsonpath={.status.allowed}{"\\n"}'], list));
  if (answers.length !== wanted.length) throw new Unanswered(`${answers.length} answers to ${wanted.length} questions`);
  const denied = wanted.filter((_, index) => answers[index] !== "true");
  if (denied.length === 0)
    return { subject, found: `${wanted.length / VERBS.length} kinds of objects, in the namespaces of the environment` };
  return {
    subject,
    state: "wrong",
    found: `may not ${shown(denied)}`,
    remedy: "have an administrator of the cluster grant it, or use another context",
  };
}

function resourcesOf({ objects, releases }: MeasuredSite): readonly Resource[] {
  const found = new Map<string, Resource>();
  const add = (resource: Resource) => found.set(Object.values(resource).join("/"), resource);
  for (const { apiVersion, kind, metadata } of objects) {
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    add({ group, resource: plural(kind), ...(metadata.namespace ? { namespace: metadata.namespace } : {}) });
  }
  // Helm stores its releases there.
  for (const { namespace } of releases) add({ group: "", resource: "configmaps", namespace });
  if (releases.some(({ chart }) => chart in CRD_GROUPS)) OF_OPERATORS.forEach(add);
  return [...found.values()];
}

/** Name of a kind in URLs (Kubernetes, API conventions). */
function plural(kind: string): string {
  const name = kind.toLowerCase();
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** The first few of a list: `create priorityclasses, delete pods in read-side and 3 more`. */
function shown(denied: readonly (Resource & { readonly verb: string })[]): string {
  const words = denied.map(
    ({ verb, resource, group, namespace }) => `${verb} ${resource}${group ? `.${group}` : ""}${namespace ? ` in ${namespace}` : ""}`,
  );
  const more = words.length - 3;
  return more > 0 ? `${words.slice(0, 3).join(", ")} and ${more} more` : words.join(", ");
}
