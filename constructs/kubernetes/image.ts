import type { Unreadable } from "../core/quantities";
import type { KubernetesTarget } from "./target";

/** A registry's host: the part before the first slash if it has a dot or a port, or `localhost`. */
const HOST = /^([^/]*[.:][^/]*|localhost)\//;

/** Tags that are usually moved. */
const FLOATING = /^(latest|main|master|edge|stable|nightly|dev|develop)$/i;

/** Returns an image's location for a cluster: in its mirror, with the path but without the registry's host, or where it is published. */
export function imageFrom({ mirror }: Pick<KubernetesTarget, "mirror">, image: string): string {
  return mirror ? `${mirror}/${image.replace(HOST, "")}` : image;
}

/** Remedy of errors about an image reference. */
export const IMAGE_REMEDY = "name a version or a digest, like registry.example.com/orders/api:1.0.0";

/** Letters and digits, with single separators between them (OCI, distribution: names of repositories). */
const PART = "[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*";

const IMAGE = new RegExp(
  `^((?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\\d+)?/)?${PART}(?:/${PART})*)(?::(\\w[\\w.-]{0,127}))?(@sha256:[a-f0-9]{64})?$`,
);

/** Maximum length of a repository's name, including its host (OCI, distribution). */
const LONGEST_NAME = 255;

/** Returns the reason why an image is rejected, such as a floating tag, whose image can change. */
export function imageProblem(image: unknown): Unreadable | undefined {
  const remedy = IMAGE_REMEDY;
  const match = typeof image === "string" ? IMAGE.exec(image) : null;
  if (!match) return { rule: "must be an image reference", remedy };
  const [, name = "", tag, digest] = match;
  if (name.length > LONGEST_NAME) return { rule: `has a name of ${name.length} characters`, remedy: `use one of up to ${LONGEST_NAME}` };
  return digest || (tag && !FLOATING.test(tag)) ? undefined : { rule: "can change under a running system", remedy };
}
