/** Returns the key of a file in its ConfigMap, or of a secret in its volume. */
export function fileKey(path: string): string {
  return path.slice(1).replaceAll(/[^\w.-]/g, "_");
}

/** Returns the volume name of a scratch directory. */
export function scratchVolume(path: string): string {
  return `scratch${slug(path)}`;
}

/** Returns the volume name of a persistent directory in its pod. */
export function keptVolume(path: string): string {
  return `volume${slug(path)}`;
}

/** Returns the PersistentVolumeClaim's name of a persistent directory. */
export function claimName(workload: string, path: string): string {
  return `${workload}${slug(path)}`;
}

function slug(path: string): string {
  return path
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}
