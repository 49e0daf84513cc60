import type { ClusterKey } from "../cluster";
import { all } from "../common";
import type { Edge } from "../edge";
import type { Environment } from "../environment";
import type { QueryApi } from "../workloads/service";
import { newClusters } from "./clusters";

/** Where requests come into an environment. */
export interface Entrance {
  /** What comes in; part of the names of outputs: `command`. */
  readonly kind: "command" | "query";

  /** What for, in the names of others: `commands`. */
  readonly name: "commands" | "queries";

  /** The side that answers. */
  readonly side: "write" | "read";

  /** The party of its load balancer. */
  readonly party: string;

  /** The name by which it answers, and shows a certificate for: `commands.orders.example.com`. */
  readonly host: string;

  /**
   * Who answers before it, near the client.
   * @default - nobody
   */
  readonly edge?: Edge["provider"];

  /**
   * The authority, in PEM, whose certificate its edge shows.
   * @default - it shows none
   */
  readonly clientAuthority?: string;
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
  const edge = edgeOf(environment)?.edge;
  const shown = edge?.provider === "cloudflare" && edge.clientAuthority !== undefined ? { clientAuthority: edge.clientAuthority } : {};
  const found: readonly (readonly [object | undefined, Omit<Entrance, "party" | "host">])[] = [
    [commandApi, { kind: "command", name: "commands", side: "write" }],
    [queryApi, { kind: "query", name: "queries", side: "read", ...(edge ? { edge: edge.provider, ...shown } : {}) }],
  ];
  return found
    .filter(([api, { side }]) => api !== undefined && SIDES[side].some((key) => made.includes(key)))
    .map(([, entrance]) => ({ ...entrance, party: `${entrance.side}-entry`, host: `${entrance.name}.${aws.domain}` }));
}

/** What stands before the queries of an environment, and the service behind it. */
export function edgeOf({ queryApi }: Environment): { readonly edge: Edge; readonly service: QueryApi } | undefined {
  return all(queryApi).flatMap((service) => (service.edge ? [{ edge: service.edge, service }] : []))[0];
}
