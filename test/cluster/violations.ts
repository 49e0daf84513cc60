import type { ApiObject } from "../../constructs/kubernetes";
import type { KubernetesObject } from "./api";
import { PAUSE } from "./pause";

/** Objects that each break one rule of a namespace, and what they break. */
export function violations(objects: readonly ApiObject[]): readonly { readonly what: string; readonly object: KubernetesObject }[] {
  const named = (kind: string, namespace: string) =>
    objects.find((object) => object.kind === kind && object.metadata.namespace === namespace) as KubernetesObject | undefined;
  const bindings = objects.filter(
    ({ kind, metadata }) => kind === "ValidatingAdmissionPolicyBinding" && metadata.name.endsWith("-images"),
  ) as readonly KubernetesObject[];
  return objects
    .filter(({ kind }) => kind === "Namespace")
    .flatMap((namespace) => {
      const { name, labels } = namespace.metadata;
      const restricted = labels?.["pod-security.kubernetes.io/enforce"] === "restricted";
      const hard = named("ResourceQuota", name)?.spec.hard as Record<string, string> | undefined;
      const images = bindings.some(({ spec }) => spec.matchResources.namespaceSelector.matchExpressions[0].values.includes(name));
      return [
        ...(images ? strangers().map(([what, ...changes]) => ({ what: `a pod ${what} in ${name}`, object: pod(name, ...changes) })) : []),
        ...(restricted ? BREACHES.map(([what, ...changes]) => ({ what: `a pod ${what} in ${name}`, object: pod(name, ...changes) })) : []),
        ...(hard
          ? [
              { what: `a pod beyond the quota of cores in ${name}`, object: pod(name, {}, {}, { cpu: "10000", memory: "64Mi" }) },
              { what: `a pod beyond the quota of memory in ${name}`, object: pod(name, {}, {}, { cpu: "10m", memory: "100Ti" }) },
              { what: `a load balancer that Terraform does not know in ${name}`, object: balancer(name) },
            ]
          : []),
      ];
    });
}

/** What the restricted standard refuses, each as a change of a pod that it lets in. */
const BREACHES: readonly (readonly [what: string, spec: object, container?: object])[] = [
  ["of the host's network", { hostNetwork: true }],
  ["with a path of the host", { volumes: [{ name: "host", hostPath: { path: "/" } }] }],
  ["without a seccomp profile", { securityContext: { runAsNonRoot: true, runAsUser: 65_534 } }],
  ["as root", {}, { runAsUser: 0 }],
  ["that may gain rights", {}, { allowPrivilegeEscalation: true }],
  ["that is privileged", {}, { privileged: true }],
  ["with capabilities", {}, { capabilities: { add: ["NET_ADMIN"] } }],
];

/** What a policy of images refuses, each as a change of a pod that it lets in. */
function strangers(): readonly (readonly [what: string, spec: object])[] {
  return [
    ["of another registry", containers(`registry.example.org/orders/api:1.0.0@sha256:${"0".repeat(64)}`)],
    ["of a registry whose name begins alike", containers(`registry.k8s.io.example.org/pause:3.10@sha256:${"0".repeat(64)}`)],
    ["without a digest", containers("registry.k8s.io/pause:3.10")],
    ["with an init container of another registry", { initContainers: containers("docker.io/library/nginx:1.29.0").containers }],
  ];
}

function containers(image: string): { readonly containers: readonly object[] } {
  const [container] = pod("any").spec.containers;
  return { containers: [{ ...container, name: "stranger", image }] };
}

/** A pod that the restricted standard lets in, or one that differs from it. */
export function pod(namespace: string, spec: object = {}, securityContext: object = {}, requests: object = SMALL): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name: "violation" },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "pause",
          image: PAUSE,
          resources: { requests },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, ...securityContext },
        },
      ],
      ...spec,
    },
  };
}

const SMALL = { cpu: "1m", memory: "1Mi" };

function balancer(namespace: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name: "violation" },
    spec: { type: "LoadBalancer", selector: { app: "violation" }, ports: [{ port: 80 }] },
  };
}
