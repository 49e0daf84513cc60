import { createHash } from "node:crypto";
import { TerraformResource, Token } from "cdktf";
import type { IConstruct } from "constructs";

/** A workload as a test of it knows it. */
export interface Verified {
  readonly kind: "Deployment" | "StatefulSet";
  readonly namespace: string;
  readonly name: string;

  /** Labels of its pods, and of no others. */
  readonly labels: Readonly<Record<string, string>>;

  /** Another one for every other image and configuration. */
  readonly fingerprint: string;
}

const KINDS: Readonly<Record<string, Verified["kind"]>> = {
  kubernetes_deployment_v1: "Deployment",
  kubernetes_stateful_set_v1: "StatefulSet",
};

interface Workload {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly selector: { readonly match_labels: Readonly<Record<string, string>> }; readonly template: object };
}

/** What runs pods in a construct, however deep, with the resource of each. */
export function workloadsIn(construct: IConstruct): readonly { readonly resource: TerraformResource; readonly verified: Verified }[] {
  return construct.node.findAll().flatMap((resource) => {
    if (!TerraformResource.isTerraformResource(resource)) return [];
    const kind = KINDS[resource.terraformResourceType];
    if (!kind) return [];
    const { metadata, spec } = resource.toTerraform().resource[resource.terraformResourceType][resource.friendlyUniqueId] as Workload;
    const { name, namespace } = metadata;
    return [
      { resource, verified: { kind, namespace, name, labels: spec.selector.match_labels, fingerprint: fingerprintOf(spec.template) } },
    ];
  });
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;

/** Without what is known at apply only: its place in the program's text would count, which changes with everything else. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "string") return part.replace(TOKEN, "");
    return Token.isUnresolved(part) ? null : part;
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
