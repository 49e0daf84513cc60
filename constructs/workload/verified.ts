import { type ITerraformDependable, TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import { CustomResources } from "../kubernetes";
import { type Kind, OBJECTS, type ObjectCheck } from "./checks";
import { fingerprintOf } from "./fingerprint";
import { Rollout } from "./rollout";

/** Something that a test looks at. */
interface Verified {
  readonly objects: readonly ObjectCheck["object"][];

  /** Another one for everything that a test has to look at again. */
  readonly fingerprint: string;

  /** What makes the objects. */
  readonly resource: TerraformResource;

  /** Whether the test looks again at whatever an apply brings of it, and not for another fingerprint only. */
  readonly followed: boolean;

  /** What else has to be there before. */
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

/** What runs pods in a construct, however deep, and what operators make something of. */
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

/** Those of kinds that say of themselves whether they are as they should be. */
function customOf({ namespace: home, objects, tested, release }: CustomResources): readonly Verified[] {
  const known = (kind: string): kind is Kind => Object.hasOwn(OBJECTS, kind);
  const said = objects.flatMap(({ apiVersion, kind, metadata: { name, namespace = home } }) =>
    known(kind) && `${OBJECTS[kind].group}/${OBJECTS[kind].version}` === apiVersion ? [{ kind, namespace, name }] : [],
  );
  if (said.length === 0) return [];
  return [{ objects: said, fingerprint: fingerprintOf(tested), resource: release, followed: tested === objects, after: [] }];
}
