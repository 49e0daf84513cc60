import { DEFAULT_KURRENT_CLOUD } from "../../../constructs/core/versions";
import { kurrentCloudBackupProblems, kurrentCloudNetworkProblems, kurrentDbSize } from "../../../constructs/event-store";
import { type DraftEnvironment, excepted, type Finding } from "../check/finding";
import { DEFAULT_CIDR } from "../place";
import { kurrentCloudCidr } from "../stores/event-store";
import { ownNetwork } from "./place";

export function eventStoreHasQuorum({ eventStore, size, exceptions }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrentdb") return [];
  const { nodes }: { nodes: number } = kurrentDbSize({
    size: eventStore.size ?? size ?? "medium",
    ...(eventStore.nodes === undefined ? {} : { nodes: eventStore.nodes }),
  });
  const keys = ["eventStore", "nodes"];
  if (nodes % 2 === 0)
    return [
      {
        keys,
        value: nodes,
        rule: `gives no better quorum than ${nodes - 1} and can split evenly`,
        remedy: nodes === 2 ? "use 1 or 3" : "use 3 or 5",
      },
    ];
  if (nodes === 1 && !excepted(exceptions, "disposable")) {
    return [
      {
        keys,
        value: nodes,
        rule: "loses the event store with its node",
        remedy: "use 3 or 5, or say in exceptions.disposable why nothing here is kept",
      },
    ];
  }
  return [];
}

export function kurrentCloudCanBeMade({ eventStore, aws }: DraftEnvironment): Finding[] {
  if (eventStore?.engine !== "kurrent-cloud") return [];
  const { backup, version = DEFAULT_KURRENT_CLOUD, patch } = eventStore;
  const found: Finding[] = [];
  // That backups end before the next one is said of every engine.
  if (backup?.every) {
    const often = { every: backup.every, keep: backup.every };
    found.push(...kurrentCloudBackupProblems(often).map((problem) => ({ keys: ["eventStore", "backup", "every"], ...problem })));
  }
  const own = ownNetwork(aws);
  const cidr = kurrentCloudCidr(eventStore);
  const problems = kurrentCloudNetworkProblems(cidr, own && (own.cidr ?? DEFAULT_CIDR));
  found.push(...problems.map((problem) => ({ keys: ["eventStore", "network", "cidr"], ...problem })));
  if (patch !== undefined && !patch.startsWith(`${version}.`)) {
    found.push({
      keys: ["eventStore", "patch"],
      value: patch,
      rule: `is no patch of ${version}`,
      remedy: `name one that begins with ${version}., or the line that it belongs to`,
    });
  }
  return found;
}
