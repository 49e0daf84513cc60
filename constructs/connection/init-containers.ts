import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, RESTRICTED } from "../kubernetes";
import { BUNDLE_DIRECTORY, BUNDLE_VOLUME } from "./trust-bundle";

type Cluster = Pick<KubernetesTarget, "mirror">;

/** A container that prepares a pod for its connections, in the kubernetes provider's format. */
export interface ConnectionContainer {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: string[];
  readonly env: { name: string; value: string }[];
  readonly resources: { readonly requests: Record<string, string>; readonly limits: Record<string, string> };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly runAsNonRoot: boolean;
    readonly runAsUser: string;
    readonly runAsGroup: string;
    readonly capabilities: { readonly drop: string[] };
    readonly seccompProfile: { readonly type: string };
  };
  readonly terminationMessagePolicy: string;
  readonly volumeMount?: { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

/** Time limit in seconds, longer than a database failover; after it the pod reports the failure and starts again. */
const WAIT_SECONDS = 300;

/** Mozilla's CA certificates in the image of curl, as of its release (curl-container, create_base_image.sh). */
const PUBLIC_ROOTS = "/cacert.pem";

const [WAIT_SCRIPT = "", BUNDLE_SCRIPT = ""] = ["wait.sh", "trust-bundle.sh"].map((file) => readFileSync(join(__dirname, file), "utf8"));

/** Container that waits until services accept connections, given the name, host and port of each. */
export function waitContainer(cluster: Cluster, services: readonly string[]): ConnectionContainer {
  return {
    name: "wait-for-connections",
    image: imageFrom(cluster, TOOLS.busybox),
    command: ["sh", "-c", WAIT_SCRIPT, "wait", ...services],
    env: [{ name: "WAIT", value: String(WAIT_SECONDS) }],
    ...SMALL,
  };
}

/** Container that writes the trust bundle from the public roots of its image and certificate files in the pod. */
export function bundleContainer(
  cluster: Cluster,
  files: readonly string[],
  mounts: NonNullable<ConnectionContainer["volumeMount"]>,
): ConnectionContainer {
  return {
    name: "trust-bundle",
    image: imageFrom(cluster, TOOLS.curl),
    command: ["sh", "-c", BUNDLE_SCRIPT, "trust-bundle", BUNDLE_DIRECTORY, ...files],
    env: [{ name: "PUBLIC_ROOTS", value: PUBLIC_ROOTS }],
    ...SMALL,
    volumeMount: [...mounts, { name: BUNDLE_VOLUME, mountPath: BUNDLE_DIRECTORY }],
  };
}

const SMALL = {
  imagePullPolicy: "IfNotPresent",
  resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "32Mi" } },
  securityContext: { ...RESTRICTED, runAsUser: "65534", runAsGroup: "65534", seccompProfile: { type: "RuntimeDefault" } },
  // The pod's status then shows which service doesn't respond.
  terminationMessagePolicy: "FallbackToLogsOnError",
};
