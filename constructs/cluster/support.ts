import type { Problem } from "../core/errors";
import { KUBERNETES, type KubernetesVersion } from "../core/versions";

type Finding = Omit<Problem, "path">;

/** A problem that nobody can leave as it is, or one that is still to come. */
export type SupportProblem = Finding & { readonly severity: "warning" | "error" };

/** kubelet may be so many minor versions older than the API server (Kubernetes, version skew policy). */
const OLDEST_SKEW = 3;

/**
 * What the support of a version has come to on a day, as `2026-11-21`. Synthesis itself knows no day:
 * whoever prints or gates asks.
 */
export function supportProblems(version: KubernetesVersion, today: string): readonly SupportProblem[] {
  const { standardSupportEnds, extendedSupportEnds } = KUBERNETES[version];
  const remedy = `use ${newest()}`;
  if (today > extendedSupportEnds)
    return [{ severity: "error", value: version, rule: `is out of all support since ${extendedSupportEnds}`, remedy }];
  if (today <= standardSupportEnds) return [];
  return [
    { severity: "warning", value: version, rule: `left standard support on ${standardSupportEnds}, and EKS upgrades it by itself`, remedy },
  ];
}

/** What is wrong between the versions of a control plane and its nodes. */
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
