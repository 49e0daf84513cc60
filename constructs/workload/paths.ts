/** The key of a file in its ConfigMap, and of a secret in its volume. */
export function fileKey(path: string): string {
  return path.slice(1).replaceAll(/[^\w.-]/g, "_");
}

/** The volume of a directory that ends with its pod. */
export function scratchVolume(path: string): string {
  return `scratch${slug(path)}`;
}

/** The volume of a directory that keeps its data, in its pod. */
export function keptVolume(path: string): string {
  return `volume${slug(path)}`;
}

/** The claim of a directory that keeps its data. */
export function claimName(workload: string, path: string): string {
  return `${workload}${slug(path)}`;
}

function slug(path: string): string {
  return path
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}
