import { createHash } from "node:crypto";
import type { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { Fn, Token } from "cdktf";
import type { Bytes } from "../core/quantities";
import { literal } from "../core/templates";
import type { PodProps } from "./contract";
import { claimName, fileKey, keptVolume, scratchVolume } from "./paths";

/** Libraries put their temporary files here without asking. */
const TMP: Readonly<Record<string, Bytes>> = { "/tmp": "256Mi" };

const FILES = "files";
const SECRET_FILES = "secret-files";

/** What the ConfigMap of a workload's files has in it. */
export function fileData(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(sortedKeys(files).map((path) => [fileKey(path), literal(files[path] as string)]));
}

/** A hash of all files, so that a change restarts the pods. What other stacks tell is known at apply only, and hashed then. */
export function fileHash(files: Readonly<Record<string, string>>, config: ConfigMapV1): string {
  const text = JSON.stringify(sortedKeys(files).map((path) => [path, files[path]]));
  return Token.isUnresolved(text) ? Fn.sha256(Fn.jsonencode(config.data)) : createHash("sha256").update(text).digest("hex");
}

/** Where a container finds its files and what it may write. */
export function mounts({ files = {}, scratch, volumes: kept = {} }: PodProps) {
  return [
    // Each by itself, so that its directory keeps what the image has in it, and a running pod what it has read.
    ...sortedKeys(files).map((path) => ({ name: FILES, mountPath: path, subPath: fileKey(path), readOnly: true })),
    ...sortedKeys({ ...TMP, ...scratch }).map((path) => ({ name: scratchVolume(path), mountPath: path })),
    ...sortedKeys(kept).map((path) => ({ name: keptVolume(path), mountPath: path })),
  ];
}

/** Where a container finds its secrets. */
export function secretMounts({ secretFiles = {} }: PodProps) {
  return sortedKeys(secretFiles).map((path) => ({ name: SECRET_FILES, mountPath: path, subPath: fileKey(path), readOnly: true }));
}

/** Its files, what it may write, and its secrets. The ConfigMap has the workload's name, and claims begin with it. */
export function volumes({ name, files = {}, scratch, volumes: kept = {}, secretFiles = {} }: PodProps & { readonly name: string }) {
  return [
    ...(Object.keys(files).length > 0 ? [{ name: FILES, configMap: { name, defaultMode: "0444" } }] : []),
    ...Object.entries({ ...TMP, ...scratch })
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, sizeLimit]) => ({ name: scratchVolume(path), emptyDir: { sizeLimit } })),
    ...sortedKeys(kept).map((path) => ({ name: keptVolume(path), persistentVolumeClaim: { claimName: claimName(name, path) } })),
    ...(Object.keys(secretFiles).length > 0
      ? [{ name: SECRET_FILES, projected: [{ defaultMode: "0440", sources: sourcesOf(secretFiles) }] }]
      : []),
  ];
}

/** A source for each file: the API keeps a list of them, and a source that held two would come back as two. */
function sourcesOf(files: NonNullable<PodProps["secretFiles"]>) {
  return Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, { secret, key }]) => ({ secret: [{ name: secret.name, items: [{ key, path: fileKey(path) }] }] }));
}

function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort();
}
