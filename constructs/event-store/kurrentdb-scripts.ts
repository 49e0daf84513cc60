import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { literalFiles } from "../core/templates";
import { GRANTS, systemStreamGrants } from "./kurrentdb-rights";
import { type PersistentSubscription, subscriptionFiles, systemStreamsOf } from "./kurrentdb-subscriptions";

interface KurrentDbScriptsProps {
  readonly name: string;
  readonly namespace: string;
  readonly subscriptions: readonly PersistentSubscription[];
  readonly systemStreams: readonly string[];
  readonly after: readonly ITerraformDependable[];
}

/** ConfigMaps of the operations scripts, shared by nodes and jobs. */
export class KurrentDbScripts extends Construct {
  readonly ready: readonly ITerraformDependable[];

  /** ConfigMaps that the users' job applies. */
  readonly declared: readonly ConfigMapV1[];

  constructor(scope: Construct, id: string, { name, namespace, subscriptions, systemStreams, after }: KurrentDbScriptsProps) {
    super(scope, id);
    const files = (part: string, content: object) =>
      new ConfigMapV1(this, part, { metadata: { namespace, name: `${name}-${part}` }, ...content, dependsOn: [...after] });
    this.declared = [
      files("grants", { binaryData: grantFiles(systemStreamsOf(subscriptions, systemStreams)) }),
      ...(subscriptions.length > 0 ? [files("persistent-subscriptions", subscriptionFiles(subscriptions))] : []),
    ];
    this.ready = [files("scripts", { data: SOURCES }), ...this.declared];
  }
}

const SOURCES = scriptFiles(["nodes", "ready", "reload", "scavenge", "start", "upgrade", "users"]);

/** Returns scripts as the data of a ConfigMap. */
export function scriptFiles(names: readonly string[]): Readonly<Record<string, string>> {
  return literalFiles(names.map((name) => join(__dirname, "kurrentdb-scripts", `${name}.sh`)));
}

/** Returns the requests for permissions, as the binary data of a ConfigMap. */
export function grantFiles(systemStreams: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...GRANTS, ...systemStreamGrants(systemStreams) }).map(([file, content]) => [file, content.toString("base64")]),
  );
}
