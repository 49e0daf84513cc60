import { createHash } from "node:crypto";
import type { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { Fn, Token } from "cdktf";
import type { Bytes } from "../core/quantities";
import type { PodProps } from "./contract";
import { fileKey } from "./problems";
import { literal } from "./variables";

/** Libraries put their temporary files here without asking. */
const TMP: Readonly<Record<string, Bytes>> = { "/tmp": "256Mi" };

const FILES = "files";

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
export function mounts({ files = {}, scratch }: PodProps) {
  return [
    // Each by itself, so that its directory keeps what the image has in it, and a running pod what it has read.
    ...sortedKeys(files).map((path) => ({ name: FILES, mountPath: path, subPath: fileKey(path), readOnly: true })),
    ...sortedKeys({ ...TMP, ...scratch }).map((path) => ({ name: volumeOf(path), mountPath: path })),
  ];
}

/** Its files and what it may write. The ConfigMap has the workload's name. */
export function volumes({ name, files = {}, scratch }: PodProps & { readonly name: string }) {
  return [
    ...(Object.keys(files).length > 0 ? [{ name: FILES, configMap: { name, defaultMode: "0444" } }] : []),
    ...Object.entries({ ...TMP, ...scratch })
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([path, sizeLimit]) => ({ name: volumeOf(path), emptyDir: { sizeLimit } })),
  ];
}

function volumeOf(path: string): string {
  return `scratch${path.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
}

function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(record).sort();
}
