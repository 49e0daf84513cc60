import type { PodGroup, PodRequest, Spread } from "../../../constructs/capacity";
import type { ClusterKey } from "../cluster";
import type { System } from "../system";

/** Room that is kept on a cluster for what the environment describes and no stack makes yet, by what it is kept for. */
export function reservedCapacity(
  environment: System,
  key: ClusterKey,
): readonly (readonly [reason: string, groups: readonly PodGroup[]])[] {
  const kept = [["observability", watching(environment, key)]] as const;
  return kept.filter(([, groups]) => groups.length > 0);
}

const MI = 2 ** 20;

const OVER_ZONES: readonly Spread[] = [{ over: "zone", how: "even", required: false }];

/**
 * What watches the system, as measured with charts set up for production. The heavy and shared parts are on the
 * cluster that serves queries; the write side's cluster only collects.
 */
function watching({ monitoring }: Pick<System, "monitoring">, key: ClusterKey): PodGroup[] {
  const hub = key !== "writeCluster";
  const group = (name: string, pods: PodGroup["pods"], request: PodRequest): PodGroup => ({
    name: `observability/${name}`,
    pods,
    request,
    spread: OVER_ZONES,
  });
  const metrics = [
    group("prometheus", 2, hub ? asks(510, 2080, 1) : asks(260, 1056, 1)),
    ...(hub ? [group("alertmanager", 3, asks(60, 160, 1)), group("blackbox-exporter", 2, asks(10, 32))] : []),
    group("operator", 1, asks(100, 256)),
    group("operator-webhook", 2, asks(20, 32)),
    group("kube-state-metrics", 1, asks(20, 128)),
    group("node-exporter", "each-node", asks(20, 32)),
    group("collector", 2, asks(200, 512)),
    group("collector-agent", "each-node", asks(50, 192)),
  ];
  const logs = [
    group("eck-operator", 2, asks(100, 150)),
    group("elasticsearch", 3, asks(500, 4096, 1)),
    group("kibana", 2, asks(200, 1024)),
    group("jaeger", 2, asks(200, 512)),
  ];
  return [
    ...(monitoring?.prometheus ? metrics : []),
    ...(monitoring?.grafana && hub ? [group("grafana", 1, asks(120, 448, 1))] : []),
    ...(monitoring?.elasticStack && hub ? logs : []),
  ];
}

function asks(cores: number, mebibytes: number, volumes = 0): PodRequest {
  return { millicores: cores, memoryBytes: mebibytes * MI, ...(volumes > 0 ? { volumes } : {}) };
}
