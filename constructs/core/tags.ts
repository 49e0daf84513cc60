import type { Unreadable } from "./quantities";

/** The tag by which plans of AWS Backup can select data stores. */
export const BACKUP_TAG = "backup-plan";

/** Tags that the platform sets itself; a user's tag of the same name would be overwritten in silence. */
const OWN = ["system", "environment", "stack", "name", BACKUP_TAG];

/** AWS allows 50 tags on a resource; the platform's own are among them. */
export const MOST_TAGS = 50 - OWN.length;

/** Why AWS or the platform would refuse a user's tag, if it would. */
export function tagProblem(key: string, value: string): Unreadable | undefined {
  // AWS, tag naming limits: 128 and 256 characters, letters, numbers, spaces and + - = . _ : / @
  const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
  if (key.toLowerCase().startsWith("aws:")) return { rule: "begins with aws:, which AWS keeps for itself", remedy: "choose another key" };
  // IAM takes keys that differ in case alone for the same.
  if (OWN.includes(key.toLowerCase())) return { rule: "is a tag that the platform sets", remedy: "leave it out" };
  if (key.length === 0 || key.length > 128 || !allowed.test(key)) {
    return { rule: "is no tag key", remedy: "use 1 to 128 letters, digits, spaces or + - = . _ : / @" };
  }
  // The provider never reads an empty one back as it was written.
  if (value.trim() === "")
    return { rule: "is empty, and every plan would show it as a change", remedy: "give it a value, or leave the tag out" };
  if (value.length > 256 || !allowed.test(value)) {
    return { rule: "is no tag value", remedy: "use at most 256 letters, digits, spaces or + - = . _ : / @" };
  }
  return undefined;
}
