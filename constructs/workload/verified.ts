import { type ITerraformDependable, TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { CustomResources } from "../kubernetes";
import { type Kind, OBJECTS, type ObjectCheck } from "./checks";
import { fingerprintOf } from "./fingerprint";
import { Rollout } from "./rollout";

/** A construct's part that a test verifies. */
interface Verified {
  readonly objects: readonly ObjectCheck["object"][];

  /** Hash of everything whose change reruns the test. */
  readonly fingerprint: string;

  /** The Terraform resource that creates the objects. */
  readonly resource: TerraformResource;

  /** Reruns the test after any change of the resource in an apply, not only after another fingerprint. */
  readonly followed: boolean;

  /** Additional dependencies. */
  readonly after: readonly ITerraformDependable[];
}

const WORKLOADS: Readonly<Record<string, Kind>> = {
  kubernetes_deployment_v1: "Deployment",
  kubernetes_stateful_set_v1: "StatefulSet",
};

interface Workload {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly selector: { readonly match_labels: Readonly<Record<string, string>> }; readonly template: object };
}

/** Returns the workloads with pods in a construct, at any depth, and its custom resources. */
export function verifiedIn(construct: IConstruct): readonly Verified[] {
  return construct.node.findAll().flatMap((part) => {
    if (part instanceof CustomResources) return customOf(part);
    return TerraformResource.isTerraformResource(part) ? workloadOf(part) : [];
  });
}

function workloadOf(resource: TerraformResource): readonly Verified[] {
  const kind = WORKLOADS[resource.terraformResourceType];
  if (!kind) return [];
  const { metadata, spec } = resource.toTerraform().resource[resource.terraformResourceType][resource.friendlyUniqueId] as Workload;
  const { name, namespace } = metadata;
  const { scope } = resource.node;
  const { least = 1, scaled = [] } = scope instanceof Rollout ? scope : {};
  const objects = [{ kind, namespace, name, labels: spec.selector.match_labels, least }];
  return [{ objects, fingerprint: fingerprintOf(spec.template), resource, followed: true, after: scaled }];
}

/** Custom resources of kinds that report conditions. */
function customOf({ namespace: home, objects, tested, release }: CustomResources): readonly Verified[] {
  const known = (kind: string): kind is Kind => Object.hasOwn(OBJECTS, kind);
  const said = objects.flatMap(({ apiVersion, kind, metadata: { name, namespace = home } }) =>
    known(kind) && `${OBJECTS[kind].group}/${OBJECTS[kind].version}` === apiVersion ? [{ kind, namespace, name }] : [],
  );
  if (said.length === 0) return [];
  return [{ objects: said, fingerprint: fingerprintOf(tested), resource: release, followed: tested === objects, after: [] }];
}
