import { type DraftSystem, excepted, type RuleFinding } from "../check/drafts";
import type { Finding } from "../check/finding";
import { step } from "../check/paths";
import { inOneRegion, isLost, storeBackups } from "../derive/store-backups";
import { volumesOf } from "../derive/workload-volumes";
import { type EXCEPTIONS, isOf } from "../exceptions";
import { engineOf } from "../stores";
import { isExposed } from "./endpoints";
import { existingNetwork, ownNetwork } from "./place";
import { isStateLocal } from "./state";
import { unacknowledgedWrites } from "./stores";

/** Condition under which each exception has an effect. An exception without effect would make the summary misleading. */
export const EXCEPTS: Readonly<Record<keyof typeof EXCEPTIONS, (environment: DraftSystem) => boolean>> = {
  disposable: () => true,
  singleNatGateway: ({ aws }) => ownNetwork(aws) !== undefined,
  twoZones: ({ aws }) => aws !== undefined && (ownNetwork(aws)?.zones?.length ?? existingNetwork(aws)?.subnets?.private?.length ?? 2) === 2,
  noBackup: (environment) =>
    !excepted(environment.exceptions, "disposable") && (storeBackups(environment).some(isLost) || volumesOf(environment).length > 0),
  noRecoveryCopy: (environment) =>
    environment.aws !== undefined && (environment.aws.recoveryRegion === undefined || inOneRegion(environment).length > 0),
  awsApisOverInternet: ({ aws }) => ownNetwork(aws) !== undefined,
  insufficientCapacity: ({ cluster, writeCluster, readCluster }) =>
    // On a shared cluster, another environment may describe the nodes.
    [cluster, writeCluster, readCluster].some(
      (one) => one && (!("context" in one) || one.allocatable !== undefined || one.shared === true),
    ),
  localState: (environment) => !excepted(environment.exceptions, "disposable") && isStateLocal(environment),
  asynchronousEvents: (environment) => unacknowledgedWrites(environment).length > 0,
  volatileEvents: (environment) =>
    !excepted(environment.exceptions, "disposable") && environment.stores.some((store) => engineOf(store)?.inProcess),
  unauthenticatedApis: isExposed,
  overlappingNetwork: ({ aws }) => ownNetwork(aws) !== undefined,
};

/** Paths in an exception for parts by which it excepts nothing. */
function unusedParts(environment: DraftSystem): Finding[] {
  const { disposable, noBackup, noRecoveryCopy } = environment.exceptions ?? {};
  const lost = [...storeBackups(environment).filter(isLost), ...volumesOf(environment)];
  return [
    ...(disposable === undefined ? unusedOf("noBackup", noBackup, { parts: lost, lack: "a backup" }) : []),
    ...unusedOf("noRecoveryCopy", noRecoveryCopy, { parts: inOneRegion(environment), lack: "a copy of its backups in aws.recoveryRegion" }),
  ];
}

interface Lacking {
  readonly parts: readonly { readonly keys: readonly string[] }[];
  readonly lack: string;
}

function unusedOf(name: keyof typeof EXCEPTIONS, given: unknown, { parts, lack }: Lacking): Finding[] {
  if (typeof given !== "object" || given === null) return [];
  return Object.keys(given)
    .filter((part) => !parts.some(({ keys }) => isOf(part, keys)))
    .map((part) => ({
      keys: ["exceptions", name, part],
      rule: `names nothing that lacks ${lack}`,
      remedy: parts.length > 0 ? `use one of ${parts.map(({ keys }) => keys.reduce(step, "").slice(1)).join(", ")}` : "remove it",
    }));
}

/** An exception may be for a part that was rejected. */
export function exceptionsAreUsed(environment: DraftSystem): RuleFinding[] {
  return superfluous(environment).map((finding) => ({ ...finding, lacking: true }));
}

function superfluous(environment: DraftSystem): Finding[] {
  const names = Object.keys(environment.exceptions ?? {}).filter((name): name is keyof typeof EXCEPTIONS => name in EXCEPTS);
  const unused = names
    .filter((name) => !EXCEPTS[name](environment))
    .map((name) => ({ keys: ["exceptions", name], rule: "excepts nothing here", remedy: "remove it" }));
  const isUnused = ({ keys: [, name] }: Finding) => unused.some(({ keys }) => keys.includes(String(name)));
  return [...unused, ...unusedParts(environment).filter((part) => !isUnused(part))];
}
