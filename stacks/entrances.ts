import { all, type ClusterKey, type Edge, type Environment, newClusters } from "./environment";

/** Where requests come into an environment. */
export interface Entrance {
  /** What for; part of outputs and names: `commands`. */
  readonly name: "commands" | "queries";

  /** The side that answers. */
  readonly side: "write" | "read";

  /** The party of its load balancer. */
  readonly party: string;

  /** The name that clients use: `commands.orders.example.com`. */
  readonly host: string;

  /**
   * Who answers before it, near the client, and has the name.
   * @default - nobody: it has the name itself
   */
  readonly edge?: Edge["provider"];
}

const SIDES: Readonly<Record<"write" | "read", readonly ClusterKey[]>> = {
  write: ["cluster", "writeCluster"],
  read: ["cluster", "readCluster"],
};

/**
 * The entrances of an environment: one for each side that answers requests, on a cluster that is made here. What comes
 * into a cluster that exists, its owner lets in.
 */
export function entrances(environment: Environment): readonly Entrance[] {
  const { aws, commandApi, queryApi } = environment;
  if (!aws) return [];
  const made = newClusters(environment).map(([key]) => key);
  const edge = all(queryApi).find((api) => api.edge)?.edge?.provider;
  const found: readonly (readonly [object | undefined, Omit<Entrance, "party" | "host">])[] = [
    [commandApi, { name: "commands", side: "write" }],
    [queryApi, { name: "queries", side: "read", ...(edge ? { edge } : {}) }],
  ];
  return found
    .filter(([api, { side }]) => api !== undefined && SIDES[side].some((key) => made.includes(key)))
    .map(([, entrance]) => ({ ...entrance, party: `${entrance.side}-entry`, host: `${entrance.name}.${aws.domain}` }));
}
