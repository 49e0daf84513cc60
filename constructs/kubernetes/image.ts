import type { KubernetesTarget } from "./target";

/** Where a cluster pulls an image from: its mirror, which keeps the path and drops the registry's host, or where it is published. */
export function imageFrom({ mirror }: Pick<KubernetesTarget, "mirror">, image: string): string {
  return mirror ? `${mirror}/${image.slice(image.indexOf("/") + 1)}` : image;
}
