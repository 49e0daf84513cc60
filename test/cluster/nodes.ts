import type { NodePool } from "../../constructs/capacity";
import type { KubernetesObject } from "./api";

/** Simulated nodes of a size, by zone. What simulates them leaves alone what has no such annotation. */
export function nodesOf(name: string, { zones, node }: NodePool): readonly KubernetesObject[] {
  const room = {
    cpu: `${node.millicores}m`,
    memory: String(node.memoryBytes),
    pods: String(node.pods),
    "ephemeral-storage": "100Gi",
  };
  return Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index): KubernetesObject => {
      const hostname = `${name}-${zone}-${index}`.toLowerCase();
      return {
        apiVersion: "v1",
        kind: "Node",
        metadata: {
          name: hostname,
          annotations: { "kwok.x-k8s.io/node": "fake" },
          labels: {
            "kubernetes.io/hostname": hostname,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": zone,
            "topology.kubernetes.io/region": zone.replace(/[a-z]$/, ""),
          },
        },
        status: { capacity: room, allocatable: room },
      };
    }),
  );
}
