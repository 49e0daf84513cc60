import type { Unreadable } from "./quantities";

/** The tag by which AWS Backup plans select data stores: its value is the name of a plan. */
export const BACKUP_TAG = "backup-plan";

/** Tags that the platform sets; a user's tag of the same name would be overwritten silently. */
const OWN = ["system", "environment", "stack", "name", BACKUP_TAG];

/** Tags by which EKS, Kubernetes and its controllers find resources, and by which policies tell clusters apart. */
const OF_CONTROLLERS = /^eks:|^([^/]*\.)?(kubernetes\.io|k8s\.io|k8s\.aws|karpenter\.sh|csi\.aws\.com)\//i;

/** Maximum of user tags: AWS allows 50 per resource, including the platform's own. */
export const MOST_TAGS = 50 - OWN.length;

/** Returns the reason why AWS or the platform rejects a tag. */
export function tagProblem(key: string, value: string): Unreadable | undefined {
  // AWS, tag naming limits: 128 and 256 characters, letters, numbers, spaces and + - = . _ : / @
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  if (key.toLowerCase().startsWith("aws:")) return { rule: "begins with aws:, which AWS keeps for itself", remedy: "choose another key" };
  // IAM ignores case in tag keys.
  if (OWN.includes(key.toLowerCase())) return { rule: "is a tag that the platform sets", remedy: "leave it out" };
  if (OF_CONTROLLERS.test(key)) return { rule: "is a tag by which EKS and controllers find resources", remedy: "choose another key" };
  if (key.length === 0 || key.length > 128 || !allowed.test(key)) {
    return { rule: "is not a valid tag key", remedy: "use 1 to 128 letters, digits, spaces or + - = . _ : / @" };
  }
  // The provider never reads an empty value back as it was written.
  if (value.trim() === "")
    return { rule: "is empty, and every plan would show it as a change", remedy: "give it a value, or leave the tag out" };
  if (value.length > 256 || !allowed.test(value)) {
    return { rule: "is not a valid tag value", remedy: "use at most 256 letters, digits, spaces or + - = . _ : / @" };
  }
  return undefined;
}
