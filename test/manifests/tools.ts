import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Document, parseAllDocuments } from "yaml";
import type { KubernetesVersion } from "../../constructs/core/versions";
import { installed, run } from "../aws/process";
import type { Explained } from "./explained";
import { writeSchemas } from "./schemas";

/** A check that an object fails. */
export interface Failed {
  readonly check: string;

  /** `Kind/namespace/name` */
  readonly object: string;
  readonly says: string;
}

/** What a tool is asked about. */
export interface Asked {
  readonly files: readonly string[];

  /** The lowest version of Kubernetes that runs them. */
  readonly version: KubernetesVersion;

  /** Where the run keeps what it needs. */
  readonly directory: string;
  readonly log: string;
}

export interface Tool {
  /** Asks it for its version. */
  readonly version: string;

  /** The variables it needs, each a directory. */
  readonly needs?: readonly string[];
  readonly failed: (asked: Asked) => Promise<readonly Failed[]>;
}

export type ToolName = Explained["tool"] | "kubeconform";

/** How each tool is asked about some files, and what it answers. */
export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  "kube-score": {
    version: "version",
    failed: async ({ files, log }) => {
      const { stdout, output } = await run("kube-score", ["score", "--output-format", "json", ...files], { log });
      const objects = parsed(stdout, output) as {
        readonly object_name: string;
        readonly checks: readonly {
          check: { id: string };
          grade: number;
          skipped: boolean;
          comments: readonly { summary: string }[] | null;
        }[];
      }[];
      return objects.flatMap(({ object_name, checks }) =>
        checks
          .filter(({ grade, skipped }) => grade === CRITICAL && !skipped)
          .map(({ check, comments }) => ({ check: check.id, object: nameOf(object_name), says: comments?.[0]?.summary ?? "" })),
      );
    },
  },
  checkov: {
    version: "--version",
    failed: async ({ files, log }) => {
      const options = ["--framework", "kubernetes", "-o", "json", "--quiet", "--compact", "--skip-download", "--soft-fail"];
      const { stdout, output } = await run("checkov", [...files.flatMap((file) => ["-f", file]), ...options], { log });
      const { summary, results } = parsed(stdout, output) as {
        readonly summary: { readonly passed: number };
        readonly results: { readonly failed_checks: readonly { check_id: string; check_name: string; resource: string }[] };
      };
      if (!(summary.passed > 0)) throw new Error(`Checkov looked at nothing:\n${output}`);
      return results.failed_checks.map(({ check_id, check_name, resource }) => ({
        check: check_id,
        object: resource.replace(".", "/").replace(".", "/"),
        says: check_name,
      }));
    },
  },
  kubeconform: {
    version: "-v",
    needs: ["KUBERNETES_SCHEMAS", "CRDS"],
    failed: async ({ files, version, directory, log }) => {
      const locations = schemasOf(version, directory).flatMap((pattern) => ["-schema-location", pattern]);
      const { stdout, output } = await run("kubeconform", ["-strict", "-verbose", "-output", "json", ...locations, ...files], { log });
      const { resources } = parsed(stdout, output) as {
        readonly resources: readonly {
          filename: string;
          kind: string;
          name: string;
          status: string;
          msg: string;
        }[];
      };
      const objects = resources.filter(({ status }) => status !== ""); // what stands before the first object is none
      const asked = files.flatMap(documentsOf).length;
      if (objects.length !== asked) throw new Error(`kubeconform looked at ${objects.length} of ${asked} objects`);
      return objects
        .filter(({ status }) => status !== "statusValid")
        .flatMap(({ filename, kind, name, msg }) => {
          const found = [...msg.matchAll(/ - at '([^']*)': (.*?)(?= +- at '|$)/g)].map(([, path = "", says = ""]) => `${path}: ${says}`);
          const causes = found.filter((says) => !says.endsWith(": validation failed"));
          return (causes.length > 0 ? causes : [msg]).map((says) => ({ check: basename(filename), object: `${kind}/${name}`, says }));
        });
    },
  },
};

/** The patterns by which kubeconform finds the schemas of a version. */
function schemasOf(version: KubernetesVersion, directory: string): readonly string[] {
  const known = schemas.get(version);
  if (known) return known;
  const { KUBERNETES_SCHEMAS = "", CRDS = "" } = process.env;
  const made = writeSchemas(join(KUBERNETES_SCHEMAS, `v${version}.0-local-strict`), CRDS, join(directory, `schemas-${version}`));
  schemas.set(version, made);
  return made;
}

const schemas = new Map<KubernetesVersion, readonly string[]>();

export function documentsOf(file: string): readonly Document[] {
  return parseAllDocuments(readFileSync(file, "utf8")) as readonly Document[];
}

/** The worst of kube-score's grades. */
const CRITICAL = 1;

function parsed(stdout: string, output: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`There is no report:\n${output}`);
  }
}

/** `Deployment/apps/v1/orders/api` without its API. */
function nameOf(full: string): string {
  const parts = full.split("/");
  return [parts[0], ...parts.slice(-2)].join("/");
}

/** What a tool can't be run without. */
export async function missing(name: string, { version, needs = [] }: Tool, log: string): Promise<string | undefined> {
  if (!(await installed(name, log, version))) return `${name} is not on the PATH`;
  const unset = needs.filter((variable) => !existsSync(process.env[variable] ?? ""));
  return unset.length > 0 ? `${unset.join(" and ")} name${unset.length > 1 ? "" : "s"} no directory` : undefined;
}
