import { createHash } from "node:crypto";
import type { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { Fn, Token } from "cdktf";
import type { Bytes } from "../core/quantities";
import { literal } from "../core/templates";
import type { PodProps } from "./contract";
import { claimName, fileKey, keptVolume, scratchVolume } from "./paths";

/** Libraries write temporary files here by default. */
const TMP: Readonly<Record<string, Bytes>> = { "/tmp": "256Mi" };

const FILES = "files";
const SECRET_FILES = "secret-files";

/** Data of the ConfigMap with a workload's files. */
export function fileData(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(sortedKeys(files).map((path) => [fileKey(path), literal(files[path] as string)]));
}

/** A hash of all files, so that a change restarts the pods. If it contains outputs of other stacks, it is computed at apply. */
export function fileHash(files: Readonly<Record<string, string>>, config: ConfigMapV1): string {
  const text = JSON.stringify(sortedKeys(files).map((path) => [path, files[path]]));
  return Token.isUnresolved(text) ? Fn.sha256(Fn.jsonencode(config.data)) : createHash("sha256").update(text).digest("hex");
}

/** Volume mounts of files and writable directories. */
export function mounts({ files = {}, scratch, volumes: kept = {} }: PodProps) {
  return [
    // One mount per file, so that the image's other files in the directory stay visible, and a running pod keeps its version.
    ...sortedKeys(files).map((path) => ({ name: FILES, mountPath: path, subPath: fileKey(path), readOnly: true })),
    ...sortedKeys({ ...TMP, ...scratch }).map((path) => ({ name: scratchVolume(path), mountPath: path })),
    ...sortedKeys(kept).map((path) => ({ name: keptVolume(path), mountPath: path })),
  ];
}

/** Volume mounts of secret files. */
export function secretMounts({ secretFiles = {} }: PodProps) {
  return sortedKeys(secretFiles).map((path) => ({ name: SECRET_FILES, mountPath: path, subPath: fileKey(path), readOnly: true }));
}

/** Volumes of files, writable directories and secrets. The ConfigMap has the workload's name; claim names start with it. */
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

/** One source per file: the API has one Secret per source, so a source with two would be read back as two. */
function sourcesOf(files: NonNullable<PodProps["secretFiles"]>) {
  return Object.entries(files)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, { secret, key }]) => ({ secret: [{ name: secret.name, items: [{ key, path: fileKey(path) }] }] }));
}

function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort();
}
