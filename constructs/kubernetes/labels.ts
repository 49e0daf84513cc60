import type { Problem } from "../core/errors";

/** Limit of label values, volume names and others (Kubernetes, labels and selectors). */
export const LONGEST_LABEL = 63;

/** Keys of labels and taints (Kubernetes, labels and selectors), with or without a DNS subdomain as prefix. */
const KEY =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?(?=[^/]{1,63}$)[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;

const VALUE = new RegExp(`^(?=.{0,${LONGEST_LABEL}}$)([A-Za-z0-9]([\\w.-]*[A-Za-z0-9])?)?$`);

type Found = Omit<Problem, "path"> | undefined;

/** Returns the reason why a text can't be the key of a label or a taint. */
export function labelKeyProblem(value: string): Found {
  return KEY.test(value) ? undefined : { value, rule: "can't be the key of a label or a taint", remedy: "write one like example.com/pool" };
}

/** Returns the reason why a text can't be the value of a label or a taint. */
export function labelValueProblem(value: string): Found {
  if (VALUE.test(value)) return undefined;
  return { value, rule: "can't be the value of a label or a taint", remedy: `use up to ${LONGEST_LABEL} letters, digits, -, _ and .` };
}
