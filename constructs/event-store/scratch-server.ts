import type { Bytes } from "../core/quantities";
import { DEFAULT_KURRENTDB, KURRENTDB, type KurrentDbLine } from "../core/versions";
import { type CronJobObject, imageFrom, type KubernetesTarget } from "../kubernetes";
import { PORTS, prefixed } from "./kurrentdb-node";
import { DEFAULTS, type KurrentDbOptions } from "./kurrentdb-options";
import { LINES } from "./kurrentdb-versions";
import { LOOPBACK, SCRATCH_REQUESTS, type ScratchContainer, scratchVolume, withPod, withServer } from "./scratch-pod";

/** KurrentDB to restore into: like the store, on one node. */
export interface ScratchServer {
  /** @default "kurrentdb" */
  readonly engine?: "kurrentdb";

  /** @default "26.0" */
  readonly version?: KurrentDbLine;

  /** Size of its volume: that of a node's. */
  readonly storage: Bytes;

  /**
   * Options of the store, of which those that limit an event are used, and those of the format of files.
   * @default - none
   */
  readonly options?: KurrentDbOptions;
}

/** Name and resource requests of its container. */
export const SCRATCH_SERVER = { name: "kurrentdb", ...SCRATCH_REQUESTS } as const;

/** Address for programs of its pod. */
export const SCRATCH_URL = `kurrentdb://${LOOPBACK}:${PORTS.http}?tls=false`;

/** Options that limit what can be appended, and those of the format of files. Others may need a licence, or more than one node. */
const KEPT = ["MAX_APPEND_SIZE", "MAX_APPEND_EVENT_SIZE", "CHUNK_SIZE", "DB_LOG_FORMAT"] as const;

/** Volume of a scratch server: an empty one that is deleted with the pod, or that of a claim with data to restore. */
type ScratchVolume = "empty" | { readonly claimName: string };

/** Copies a checkpoint before the first start, so that the server discards what was not replicated (KurrentDB, restore of a backup). */
const RESTORED = `
  if [ ! -e /tmp/restored ]; then cp -p "$1/chaser.chk" "$1/truncate.chk"; touch /tmp/restored; fi
  exec "$0"
`;

/** Adds a KurrentDB of one node to the pod of a job, as a native sidecar on the loopback interface. */
export function withScratchServer(
  job: CronJobObject,
  cluster: KubernetesTarget,
  scratch: ScratchServer,
  volume: ScratchVolume,
): CronJobObject {
  return withPod(job, (pod) => {
    const { securityContext } = pod as Readonly<Record<string, object>>;
    // Files of a snapshot have their owner already.
    const found = volume === "empty" ? pod : { ...pod, securityContext: { ...securityContext, fsGroupChangePolicy: "OnRootMismatch" } };
    return withServer(found, server(cluster, scratch, volume), [
      volume === "empty" ? scratchVolume(cluster, scratch.storage) : { name: "data", persistentVolumeClaim: volume },
      { name: "logs", emptyDir: { sizeLimit: "256Mi" } },
      { name: "server-tmp", emptyDir: { sizeLimit: "1Gi" } },
    ]);
  });
}

function server(
  cluster: KubernetesTarget,
  { version: line = DEFAULT_KURRENTDB, options = {} }: ScratchServer,
  volume: ScratchVolume,
): ScratchContainer {
  const { prefix, runtime, executable, data, logs } = LINES[line];
  const kept = Object.fromEntries(KEPT.flatMap((option) => (options[option] === undefined ? [] : [[option, options[option]]])));
  const settings = {
    ...DEFAULTS,
    ...kept,
    CLUSTER_SIZE: 1,
    DISCOVER_VIA_DNS: false,
    NODE_IP: LOOPBACK,
    REPLICATION_IP: LOOPBACK,
    RUN_PROJECTIONS: "None",
    TELEMETRY_OPTOUT: true,
    // Only containers of the pod can connect. It accepts HTTP/2 without TLS then, and allows everything.
    INSECURE: true,
  };
  const texts = Object.fromEntries(Object.entries(settings).map(([option, value]) => [option, String(value)]));
  return {
    name: SCRATCH_SERVER.name,
    image: imageFrom(cluster, KURRENTDB[line]),
    command: volume === "empty" ? [executable] : ["sh", "-ec", RESTORED, executable, data],
    env: { HOME: "/tmp", ...runtime, ...prefixed(prefix, texts) },
    // A volume on which it doesn't start must not prevent the program from reporting it.
    ...(volume === "empty" ? { startupProbe: LIVE } : {}),
    volumeMounts: [
      { name: "data", mountPath: data },
      { name: "logs", mountPath: logs },
      { name: "server-tmp", mountPath: "/tmp" },
    ],
  };
}

const LIVE = {
  exec: { command: ["curl", "--fail", "--silent", "--max-time", "5", `http://${LOOPBACK}:${PORTS.http}/health/live`] },
};
