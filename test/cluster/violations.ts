import type { ApiObject } from "../../constructs/kubernetes";
import type { KubernetesObject } from "./api";

/** Objects that each break one rule of a namespace, and what they break. */
export function violations(objects: readonly ApiObject[]): readonly { readonly what: string; readonly object: KubernetesObject }[] {
  const named = (kind: string, namespace: string) =>
    objects.find((object) => object.kind === kind && object.metadata.namespace === namespace) as KubernetesObject | undefined;
  return objects
    .filter(({ kind }) => kind === "Namespace")
    .flatMap((namespace) => {
      const { name, labels } = namespace.metadata;
      const restricted = labels?.["pod-security.kubernetes.io/enforce"] === "restricted";
      const hard = named("ResourceQuota", name)?.spec.hard as Record<string, string> | undefined;
      return [
        ...(restricted ? BREACHES.map(([what, change]) => ({ what: `a pod ${what} in ${name}`, object: pod(name, change) })) : []),
        ...(hard
          ? [
              { what: `a pod beyond the quota of cores in ${name}`, object: asking(name, { cpu: "10000", memory: "64Mi" }) },
              { what: `a pod beyond the quota of memory in ${name}`, object: asking(name, { cpu: "10m", memory: "100Ti" }) },
              { what: `a load balancer that Terraform does not know in ${name}`, object: balancer(name) },
            ]
          : []),
      ];
    });
}

/** What the restricted standard refuses, each as a change of a pod that it lets in. */
const BREACHES: readonly (readonly [string, (pod: any) => void])[] = [
  ["of the host's network", ({ spec }) => void (spec.hostNetwork = true)],
  ["with a path of the host", ({ spec }) => void (spec.volumes = [{ name: "host", hostPath: { path: "/" } }])],
  ["as root", ({ spec }) => void (spec.containers[0].securityContext.runAsUser = 0)],
  ["that may gain rights", ({ spec }) => void (spec.containers[0].securityContext.allowPrivilegeEscalation = true)],
  ["that is privileged", ({ spec }) => void (spec.containers[0].securityContext = { privileged: true })],
  ["with capabilities", ({ spec }) => void (spec.containers[0].securityContext.capabilities = { add: ["NET_ADMIN"] })],
  ["without a seccomp profile", ({ spec }) => void (spec.securityContext.seccompProfile = { type: "Unconfined" })],
];

/** A pod that the restricted standard lets in, changed. */
export function pod(namespace: string, change: (pod: any) => void = () => undefined): KubernetesObject {
  const made = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name: "violation" },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "pause",
          image: "registry.k8s.io/pause:3.10",
          resources: { requests: { cpu: "1m", memory: "1Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  };
  change(made);
  return made;
}

function asking(namespace: string, requests: object): KubernetesObject {
  return pod(namespace, ({ spec }) => void (spec.containers[0].resources = { requests }));
}

function balancer(namespace: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name: "violation" },
    spec: { type: "LoadBalancer", selector: { app: "violation" }, ports: [{ port: 80 }] },
  };
}
