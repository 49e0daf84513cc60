import type { Peer } from "../../../constructs/kubernetes";
import { SIGNAL_READER } from "../../../constructs/workload";
import { all } from "../common";
import type { Environment } from "../environment";
import type { Service } from "../workloads/service";
import type { Processors } from "../workloads/worker";
import type { ScaleOn } from "../workloads/workload";
import { readDatabaseName } from "./servers";

/** Who reads signals, where one is of this. */
export function readersOf(environment: Environment, is: (followed: ScaleOn) => boolean): readonly Exclude<Peer, "anywhere">[] {
  return followed(environment).some(is) ? [SIGNAL_READER] : [];
}

/** Whether what is followed is an answer of that read database. */
export function asks(environment: Environment, server: string): (followed: ScaleOn) => boolean {
  const [first = {}] = all(environment.readDatabase);
  return ({ readDatabase }) => readDatabase !== undefined && (readDatabase.database ?? readDatabaseName(first)) === server;
}

/** The autoscaled workloads of these sides. */
export function autoscaled(
  { commandApi, commandProcessors, queryApi }: Environment,
  sides: readonly ("write" | "read")[],
): readonly Scaled[] {
  const on: Readonly<Record<"write" | "read", readonly Scaled[]>> = {
    write: [...all<Scaled>(commandApi), ...all<Scaled>(commandProcessors)],
    read: all<Scaled>(queryApi),
  };
  return sides.flatMap((side) => on[side]).filter(({ replicas }) => typeof replicas === "object");
}

/** What the autoscaled workloads follow. Those of a fixed number follow nothing. */
export function followed(environment: Environment): readonly ScaleOn[] {
  return autoscaled(environment, ["write", "read"]).flatMap(({ scaleOn }) => scaleOn ?? []);
}

export type Scaled = Pick<Service | Processors, "replicas" | "scaleOn">;
