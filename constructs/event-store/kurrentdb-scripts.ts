import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { GRANTS } from "./kurrentdb-rights";

/** The scripts by which a cluster is operated, in one place for nodes and jobs. */
export class KurrentDbScripts extends Construct {
  readonly ready: readonly ITerraformDependable[];

  constructor(
    scope: Construct,
    id: string,
    { name, namespace, after }: { name: string; namespace: string; after: readonly ITerraformDependable[] },
  ) {
    super(scope, id);
    this.ready = [
      new ConfigMapV1(this, "scripts", { metadata: { namespace, name: `${name}-scripts` }, data: SOURCES, dependsOn: [...after] }),
      new ConfigMapV1(this, "grants", {
        metadata: { namespace, name: `${name}-grants` },
        binaryData: grantFiles(),
        dependsOn: [...after],
      }),
    ];
  }
}

const SOURCES = scriptFiles(["nodes", "ready", "reload", "scavenge", "start", "upgrade", "users"]);

/** Scripts as the data of a ConfigMap. */
export function scriptFiles(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name) => [
      `${name}.sh`,
      // Terraform would read what the shell is to read.
      readFileSync(join(__dirname, "kurrentdb-scripts", `${name}.sh`), "utf8").replace(/([$%])\{/g, "$1$1{"),
    ]),
  );
}

/** What is appended for rights, as the binary data of a ConfigMap. */
export function grantFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(GRANTS).map(([file, content]) => [file, content.toString("base64")]));
}
