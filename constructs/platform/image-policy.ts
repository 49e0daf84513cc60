import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { TOOLS } from "../core/versions";
import { admissionPolicy, CustomResources, imageFrom, type KubernetesTarget } from "../kubernetes";

export interface ImagePolicyProps {
  readonly cluster: KubernetesTarget;

  /** Name of the policy, unique on the cluster: `orders-production-images`. */
  readonly name: string;

  /** Namespaces whose pods it applies to. */
  readonly namespaces: readonly string[];

  /** Registries, or repositories in them, from which images may come: `["registry.example.com/orders"]`. */
  readonly registries: readonly string[];

  /** @default - none */
  readonly after?: readonly ITerraformDependable[];
}

/** Images of the platform's own containers in namespaces of workloads: of jobs and init containers, and of the Gateways there. */
const OWN = Object.values(TOOLS);
const GATEWAYS = "ghcr.io/nginx/nginx-gateway-fabric/nginx:";

/**
 * Lets a namespace run only images that name a digest and come from the given registries, and those of the platform. The API server enforces
 * it itself (ValidatingAdmissionPolicy, Kubernetes 1.30): for pods, containers that are added to them, and images that are changed in them.
 */
export class ImagePolicy extends Construct {
  constructor(scope: Construct, id: string, props: ImagePolicyProps) {
    super(scope, id);
    const { cluster, name, namespaces, registries, after = [] } = props;
    const objects = admissionPolicy({ name, namespaces, spec: specOf(cluster, registries) });
    // kube-system exists on every cluster.
    new CustomResources(this, "objects", { cluster, namespace: "kube-system", name, objects, after });
  }
}

/** The images of a pod, of all kinds of containers. */
function imagesOf(pod: "object" | "oldObject"): string {
  const of = (kind: string) => `${pod}.spec.${kind}.map(container, container.image)`;
  const some = (kind: string) => `(has(${pod}.spec.${kind}) ? ${of(kind)} : [])`;
  return `${of("containers")} + ${some("initContainers")} + ${some("ephemeralContainers")}`;
}

function specOf(cluster: KubernetesTarget, registries: readonly string[]): object {
  const from = registries.map((registry) => imageFrom(cluster, `${registry}/`));
  const own = OWN.map((image) => imageFrom(cluster, image));
  const isOwn = `(image in ${JSON.stringify(own)} || image.startsWith(${JSON.stringify(imageFrom(cluster, GATEWAYS))}))`;
  const known = `${JSON.stringify(from)}.exists(registry, image.startsWith(registry))`;
  return {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["pods", "pods/ephemeralcontainers"] },
      ],
    },
    // Controllers update labels and finalizers of pods that ran before the policy.
    matchConditions: [
      { name: "images-change", expression: `request.operation == "CREATE" || ${imagesOf("object")} != ${imagesOf("oldObject")}` },
    ],
    variables: [
      { name: "images", expression: `(${imagesOf("object")}).filter(image, !${isOwn})` },
      { name: "strange", expression: `variables.images.filter(image, !${known})` },
      { name: "unpinned", expression: 'variables.images.filter(image, !image.contains("@sha256:"))' },
    ],
    validations: [
      {
        expression: "variables.strange.size() == 0",
        reason: "Forbidden",
        message: `images must come from ${registries.join(" or ")}`,
        messageExpression: `${JSON.stringify(`images must come from ${registries.join(" or ")}: `)} + variables.strange.join(", ")`,
      },
      {
        expression: "variables.unpinned.size() == 0",
        reason: "Forbidden",
        message: "images must name their digest",
        messageExpression: '"images must name their digest: " + variables.unpinned.join(", ")',
      },
    ],
  };
}
