import type { Region } from "../../../constructs/network";
import type { DraftSystem } from "../check/drafts";

/** Regions in which the environments of an account have resources or copies of backups, sorted. */
export function accountRegions(account: string, environments: readonly Pick<DraftSystem, "aws">[]): readonly Region[] {
  const regions = environments.flatMap(({ aws }) => (aws?.account === account ? [aws.region, aws.recoveryRegion] : []));
  return [...new Set(regions.filter((region) => region !== undefined))].sort();
}
