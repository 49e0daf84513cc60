import { elasticsearchOf } from "../../../constructs/observability";
import type { ClusterKey } from "../cluster";
import { elasticStackOf, ownPrometheus } from "../monitoring";
import type { System } from "../system";
import { newClusters } from "./clusters";
import { hubOf } from "./hub";
import { NAMESPACES } from "./namespaces";

/** Service account of the Elasticsearch nodes whose data is backed up to S3. */
export interface LogSnapshots {
  readonly cluster: ClusterKey;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * Nodes whose snapshots need a bucket. Undefined if Elasticsearch runs on an existing cluster: its token issuer is unknown, so no role can
 * trust it.
 */
export function logSnapshotsOf(
  system: Pick<System, "aws" | "cluster" | "writeCluster" | "readCluster" | "monitoring">,
): LogSnapshots | undefined {
  const { aws, monitoring } = system;
  const [found] = newClusters(system).filter(([key]) => key === hubOf(system));
  if (!aws || !found || !ownPrometheus(monitoring) || !elasticStackOf(monitoring)) return undefined;
  const namespace = NAMESPACES.observability;
  return { cluster: found[0], namespace, serviceAccount: elasticsearchOf({ namespace }).name };
}
