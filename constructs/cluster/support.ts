import type { Problem } from "../core/errors";
import { KUBERNETES, type KubernetesVersion } from "../core/versions";

type Finding = Omit<Problem, "path">;

/** Policy for the end of a version's standard support: EKS upgrades automatically, or charges for extended support. */
export type Support = "standard" | "extended";

/** Default policy. An automatic upgrade can break workloads that use removed APIs, and the next plan would try to revert it. */
export function defaultSupport(protect: boolean): Support {
  return protect ? "extended" : "standard";
}

/** A problem that must be fixed now, or a warning about one in the future. */
export type SupportProblem = Finding & { readonly severity: "warning" | "error" };

/** Maximum number of minor versions that kubelet may be older than the API server (Kubernetes, version skew policy). */
const OLDEST_SKEW = 3;

/** Days of notice before the end of a version's support: time for an upgrade in each environment. */
const NOTICE_DAYS = 120;

/** Checks that a day is within the notice period. Days are written as `2026-11-21`. */
export function endsSoon(end: string, today: string): boolean {
  return Date.parse(end) - Date.parse(today) <= NOTICE_DAYS * 86_400_000;
}

/** Problems of the support of a version on a day, as `2026-11-21`. The caller passes the day, because synthesis must not depend on it. */
export function supportProblems(version: KubernetesVersion, support: Support, today: string): readonly SupportProblem[] {
  const { standardSupportEnds, extendedSupportEnds } = KUBERNETES[version];
  const remedy = `use ${newest()}`;
  const [leaves, ends] = [today > standardSupportEnds ? "left" : "leaves", today > extendedSupportEnds];
  const warning = (rule: string): readonly SupportProblem[] => [{ severity: "warning", value: version, rule, remedy }];
  if (ends) return [{ severity: "error", value: version, rule: `is out of all support since ${extendedSupportEnds}`, remedy }];
  if (!endsSoon(standardSupportEnds, today)) return [];
  if (support === "standard")
    return warning(
      `${leaves} standard support on ${standardSupportEnds}, and EKS ${leaves === "left" ? "upgrades" : "then upgrades"} it automatically`,
    );
  if (endsSoon(extendedSupportEnds, today))
    return warning(`leaves extended support on ${extendedSupportEnds}, and EKS then upgrades it automatically`);
  return warning(`${leaves} standard support on ${standardSupportEnds}; extended support costs more, and ends on ${extendedSupportEnds}`);
}

/** Problems between the versions of a control plane and its nodes. */
export function skewProblems(version: string, nodeVersion: string): readonly Finding[] {
  const behind = minor(version) - minor(nodeVersion);
  if (behind < 0)
    return [
      { value: nodeVersion, rule: `is newer than the control plane, which has ${version}`, remedy: "upgrade the control plane first" },
    ];
  if (behind <= OLDEST_SKEW) return [];
  const rule = `is ${behind} minor versions older than the control plane, which has ${version}`;
  return [{ value: nodeVersion, rule, remedy: `use 1.${minor(version) - OLDEST_SKEW} or newer` }];
}

function newest(): string {
  return Object.keys(KUBERNETES).sort((one, other) => minor(other) - minor(one))[0] ?? "";
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}
