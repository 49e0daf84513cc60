import { seconds } from "../core/quantities";
import type { PodProps, Toleration } from "./contract";
import { secondsOf } from "./probes";
import { LONGEST_LABEL, type PropProblem, unreadable } from "./problems";

const KEY_REMEDY = "write one like example.com/pool";

const LABEL_VALUE = new RegExp(`^(?=.{0,${LONGEST_LABEL}}$)([A-Za-z0-9]([\\w.-]*[A-Za-z0-9])?)?$`);

/** With or without a domain prefix. */
const LABEL_KEY = /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?(?=[^/]{1,63}$)[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;

/** Returns the problems of node selectors, tolerations and pull secrets. */
export function placementProblems({ nodeSelector = {}, tolerations = [], pullSecrets = [] }: PodProps): PropProblem[] {
  const found: PropProblem[] = [];
  const key = (property: string, value: string) => {
    if (!LABEL_KEY.test(value)) found.push({ property, value, rule: "can't be the key of a label or a taint", remedy: KEY_REMEDY });
  };
  const text = (property: string, value: string | undefined) => {
    if (value !== undefined && !LABEL_VALUE.test(value)) {
      const remedy = `use up to ${LONGEST_LABEL} letters, digits, -, _ and .`;
      found.push({ property, value, rule: "can't be the value of a label or a taint", remedy });
    }
  };
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
