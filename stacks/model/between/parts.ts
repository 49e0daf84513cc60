import type { DraftSystem } from "../check/drafts";
import { step } from "../check/paths";
import { workloadsIn } from "../derive/workloads";
import type { Placed } from "../system";

/** Named part: a workload, a store or a domain. */
export interface Named extends Placed {
  /** Marks a name that the user chose. */
  readonly said: boolean;

  /** Location of its name. */
  readonly at: readonly string[];
}

/** Checks if a part is defined by name, among stores or domains, and not by a role. */
export function isGeneral({ keys: [first] }: Pick<Placed, "keys">): boolean {
  return first === "stores" || first === "domains";
}

/** Path of a part in messages: `projections[0]`. A part without keys is shown by name. */
export function writtenAt({ keys, name }: Pick<Placed, "keys" | "name">): string {
  return keys.length > 0 ? keys.reduce(step) : name;
}

/** A part whose role has a default name can be named by a setting. Other parts are named by their key. */
function named<P extends Placed>(part: P, written: object): Named & { readonly part: P } {
  const { name, keys } = part;
  const general = isGeneral(part);
  const said = general || ("name" in written && written.name !== undefined);
  return { name, keys, part, said, at: general || !said ? keys : [...keys, "name"] };
}

export function namedWorkloads(system: Pick<DraftSystem, "domains">) {
  return workloadsIn(system).map(({ domain, workload }) => ({ ...named(workload, workload.written), domain }));
}

export function namedStores({ stores }: Pick<DraftSystem, "stores">) {
  return stores.map((store) => named(store, store.settings));
}

export function namedDomains({ domains }: Pick<DraftSystem, "domains">) {
  return domains.map((domain) => named(domain, {}));
}
