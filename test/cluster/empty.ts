import type { KubernetesObject } from "./api";

/** What a cluster has from the beginning; the last is kind's. */
const OWN = /^(default|kube-.*|local-path-storage)$/;

/**
 * Why a cluster is not for tests, if it isn't. They make namespaces as environments have them, and delete those and
 * every volume in the end.
 */
export function occupied(namespaces: readonly KubernetesObject[], volumes: readonly KubernetesObject[]): string | undefined {
  const found = [
    ...namespaces.filter(({ metadata }) => !OWN.test(metadata.name)).map(({ metadata }) => `the namespace ${metadata.name}`),
    ...volumes.map(({ metadata }) => `the volume ${metadata.name}`),
  ];
  if (found.length === 0) return undefined;
  const shown = found.slice(0, 3).join(", ");
  return `KUBECONFIG: the cluster has ${shown}${found.length > 3 ? ` and ${found.length - 3} more` : ""}, and tests would delete it; name an empty cluster`;
}
