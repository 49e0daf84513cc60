import type { App } from "cdktf";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import type { Environment } from "../model/environment";
import { migrations } from "./migrations";
import { projections } from "./projections";
import { readSide } from "./read-side";
import { writeSide } from "./write-side";

/** A cluster of an environment, and what is on it already. */
interface Populated {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/** A stack of workloads, and the cluster that it is on. */
export interface SideStack {
  readonly site: Site;
  readonly stack: PlatformStack;
}

type Make = (app: App, site: Site, after: readonly PlatformStack[]) => PlatformStack;

/**
 * The workloads of an environment, in the order in which they come up: migrations, the write side, the read side,
 * projections. Each stack comes after the one before and ends in a test that it has to pass, and goes before it.
 */
export function sideStacks(
  app: App,
  environment: Environment,
  sites: readonly Populated[],
  before: readonly PlatformStack[],
): readonly SideStack[] {
  const on = (key: "writeCluster" | "readCluster") => sites.find(({ site }) => site.key === "cluster" || site.key === key);
  const [write, read] = [on("writeCluster"), on("readCluster")];
  const order: readonly (readonly [Populated | undefined, object | undefined, Make])[] = [
    [read, environment.migrations ?? environment.projections, migrations],
    [write, environment.commandApi ?? environment.commandProcessors, writeSide],
    [read, environment.queryApi, readSide],
    [read, environment.projections, projections],
  ];
  const found: SideStack[] = [];
  for (const [populated, wanted, make] of order) {
    if (!populated || !wanted) continue;
    const previous = found.slice(-1).map(({ stack }) => stack);
    found.push({ site: populated.site, stack: make(app, populated.site, [...populated.stacks, ...before, ...previous]) });
  }
  return found;
}
