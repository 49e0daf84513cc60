import type { Problem } from "../core/errors";
import { seconds } from "../core/quantities";
import { labelKeyProblem, labelValueProblem } from "../kubernetes";
import type { PodProps, Toleration } from "./contract";
import { secondsOf } from "./probes";
import { type PropProblem, unreadable } from "./problems";

/** Labels by which Services, policies and controllers select pods. */
const SELECTORS: readonly string[] = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"];

/**
 * Labels that Kubernetes and operators set, and by which they select pods: a pod with that of a Gateway has its network policies, and one
 * with those of a PostgreSQL server gets its connections.
 */
const RESERVED =
  /^(?!app\.)([^/]*\.)?(kubernetes|k8s)\.io\/|^cnpg\.io\/|^(controller-revision-hash|controller-uid|job-name|pod-template-hash)$/;

/** Returns the problems of labels, node selectors, tolerations and pull secrets. */
export function placementProblems({ labels = {}, nodeSelector = {}, tolerations = [], pullSecrets = [] }: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  const report = (property: string, problem: Omit<Problem, "path"> | undefined) => {
    if (problem) found.push({ property, ...problem });
  };
  const key = (property: string, value: string) => report(property, labelKeyProblem(value));
  const text = (property: string, value: string | undefined) => {
    if (value !== undefined) report(property, labelValueProblem(value));
  };
  for (const [label, value] of Object.entries(labels)) {
    const own = { value: label, rule: "is a label of the platform, which selects pods by it", remedy: "use another key" };
    const reserved = { value: label, rule: "is a label that only Kubernetes and operators set", remedy: "use another key" };
    report("labels", SELECTORS.includes(label) ? own : RESERVED.test(label) ? reserved : labelKeyProblem(label));
    text(`labels.${label}`, value);
  }
  for (const [label, value] of Object.entries(nodeSelector)) {
    key("nodeSelector", label);
    text(`nodeSelector.${label}`, value);
  }
  for (const [index, toleration] of tolerations.entries()) {
    const property = `tolerations[${index}]`;
    const { effect, within } = toleration;
    key(`${property}.key`, toleration.key);
    text(`${property}.value`, toleration.value);
    if (within === undefined) continue;
    found.push(...unreadable(`${property}.within`, within, seconds(within)));
    if (effect !== "NoExecute") {
      const remedy = "set effect to NoExecute, or leave within out";
      found.push({ property: `${property}.within`, value: within, rule: `has no meaning with ${effect ?? "every effect"}`, remedy });
    }
  }
  for (const [index, value] of pullSecrets.entries()) {
    const property = `pullSecrets[${index}]`;
    // Kubernetes, RFC 1123 subdomain.
    if (!/^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(value)) {
      found.push({ property, value, rule: "can't be the name of a Secret", remedy: "use lower-case letters, digits, - and ." });
    } else if (pullSecrets.indexOf(value) < index) {
      found.push({ property, value, rule: "is named twice", remedy: "keep one" });
    }
  }
  return found;
}

/** Tolerations in a fixed order: the provider treats another order as a change, which would restart all pods. */
export function tolerated(tolerations: readonly Toleration[]) {
  return tolerations
    .map(({ key, value, effect, within }) => ({
      key,
      operator: value === undefined ? "Exists" : "Equal",
      ...(value === undefined ? {} : { value }),
      ...(effect ? { effect } : {}),
      ...(within === undefined ? {} : { tolerationSeconds: String(secondsOf(within, 0)) }),
    }))
    .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}
