import type { Flow, Party } from "../constructs/network";
import { all, type Environment, isExistingCluster, isExistingNetwork } from "./environment";

/** Who takes part in an environment's network, and who may open a connection to whom. */
export interface Traffic {
  readonly parties: readonly Party[];
  readonly flows: readonly Flow[];
}

const PORTS = { https: 443, postgres: 5432, redis: 6379, kurrentDb: 2113 } as const;

/** Reads from an environment which parties it has and which flows they need; nothing else is open between them. */
export function traffic(environment: Environment): Traffic {
  const nodes = nodeGroups(environment);
  const parties: Party[] = [...new Set(Object.values(nodes))].map((name) => ({ name, description: `Nodes and pods: ${name}` }));
  const flows: Flow[] = [];
  const offer = (party: Party, port: number, callers: readonly (string | undefined)[], why: string) => {
    parties.push(party);
    for (const from of new Set(callers)) if (from) flows.push({ from, to: party.name, port, description: why });
  };

  // In an existing network somebody else looks after the ways to AWS.
  const network = environment.aws?.network;
  if (environment.exceptions?.awsApisOverInternet === undefined && !(network && isExistingNetwork(network))) {
    offer(
      { name: "aws-endpoints", description: "AWS services, inside the network" },
      PORTS.https,
      [nodes.write, nodes.read],
      "calls to AWS",
    );
  }
  if (all(environment.readDatabase).some(({ engine }) => engine === "aurora" || engine === "rds")) {
    offer({ name: "read-database", description: "Read models" }, PORTS.postgres, [nodes.read], "projections and queries");
  }
  if (environment.cache?.engine === "elasticache") {
    offer({ name: "cache", description: "Cache of queries" }, PORTS.redis, [nodes.read], "cached queries");
  }
  if (environment.eventStore?.engine === "kurrentdb" && nodes.write && nodes.read && nodes.write !== nodes.read) {
    flows.push({ from: nodes.read, to: nodes.write, port: PORTS.kurrentDb, description: "projections subscribe to the event store" });
  }
  return { parties, flows };
}

/** The group of the nodes that carry each side: one for both where they share a cluster. */
function nodeGroups({ cluster, writeCluster, readCluster }: Environment): { write?: string; read?: string } {
  if (cluster && !isExistingCluster(cluster)) return { write: "nodes", read: "nodes" };
  return {
    ...(writeCluster && !isExistingCluster(writeCluster) ? { write: "write-nodes" } : {}),
    ...(readCluster && !isExistingCluster(readCluster) ? { read: "read-nodes" } : {}),
  };
}
