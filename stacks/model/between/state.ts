import { type DraftSystem, excepted } from "../check/drafts";
import type { Finding } from "../check/finding";

/** Checks if the Terraform state of an environment is in files on one machine. */
export function isStateLocal(system: DraftSystem): boolean {
  return !system.aws && !("aws" in system && system.aws === undefined) && !("state" in system) && runsSomething(system);
}

function runsSomething({ cluster, writeCluster, readCluster }: Pick<DraftSystem, "cluster" | "writeCluster" | "readCluster">): boolean {
  return [cluster, writeCluster, readCluster].some((one) => one !== undefined);
}

/** Requires a backend that locks and shares the state. */
export function stateIsShared(system: DraftSystem): Finding[] {
  const { aws, exceptions } = system;
  if (aws) {
    if (!("state" in system)) return [];
    return [{ keys: ["state"], rule: "is of environments without aws; on AWS it is in the account's bucket", remedy: "leave it out" }];
  }
  if (!isStateLocal(system) || excepted(exceptions, "disposable") || excepted(exceptions, "localState")) return [];
  return [
    {
      keys: ["state"],
      rule: "is missing, so that Terraform's state is in files on one machine, lost with it and without a lock for others",
      remedy: "add state, or say in exceptions.localState why that is right here",
    },
  ];
}
