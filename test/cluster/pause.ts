import type { PodGroup } from "../../constructs/capacity";
import type { KubernetesObject } from "./api";

/** By digest, as policies of images ask for. */
export const PAUSE = "registry.k8s.io/pause:3.10@sha256:ee6521f290b2168b6e0935a181d4cff9be1ac3f505666ef0e3c98fae8199917a";

/**
 * What stands for the pods of a chart: nothing runs in them, but they ask for, spread and store as theirs do. Claims that
 * Terraform has made for them are found by the names of their templates.
 */
export function standIn(group: PodGroup, storageClass: string, templates: readonly string[] = []): KubernetesObject {
  const [namespace = "", name = ""] = group.name.split("/");
  const labels = { "stands-in-for": name };
  const volumes = Array.from({ length: group.request.volumes ?? 0 }, (_, index) => templates[index] ?? `data-${index}`);
  const template = {
    metadata: { labels },
    spec: {
      automountServiceAccountToken: false,
      ...(group.pods === "each-node" ? { tolerations: [{ operator: "Exists" }] } : {}),
      ...(group.priority ? { priorityClassName: priorityClass(group.priority) } : {}),
      ...spread(group, labels),
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "pause",
          image: PAUSE,
          resources: { requests: { cpu: `${group.request.millicores}m`, memory: String(group.request.memoryBytes) } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          volumeMounts: volumes.map((volume) => ({ name: volume, mountPath: `/${volume}` })),
        },
      ],
    },
  };
  const metadata = { namespace, name };
  const selector = { matchLabels: labels };
  if (group.pods === "each-node") return { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec: { selector, template } };
  if (volumes.length === 0) {
    return { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: group.pods, selector, template } };
  }
  const volumeClaimTemplates = volumes.map((volume) => ({
    metadata: { name: volume },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName: storageClass, resources: { requests: { storage: "1Gi" } } },
  }));
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata,
    spec: { replicas: group.pods, podManagementPolicy: "Parallel", serviceName: name, selector, template, volumeClaimTemplates },
  };
}

/** The class by which a priority is asked for. */
export function priorityClass(priority: number): string {
  return { 2000000000: "system-cluster-critical", 2000001000: "system-node-critical" }[priority] ?? `priority-${priority}`;
}

const PLACES = { zone: "topology.kubernetes.io/zone", node: "kubernetes.io/hostname" } as const;

function spread(group: PodGroup, matchLabels: Readonly<Record<string, string>>): object {
  const labelSelector = { matchLabels };
  const even = (group.spread ?? []).filter(({ how }) => how === "even");
  const apart = (group.spread ?? []).filter(({ how }) => how === "apart");
  const terms = (required: boolean) =>
    apart.filter((rule) => rule.required === required).map(({ over }) => ({ labelSelector, topologyKey: PLACES[over] }));
  return {
    topologySpreadConstraints: even.map(({ over, maxSkew = 1, required }) => ({
      labelSelector,
      maxSkew,
      topologyKey: PLACES[over],
      whenUnsatisfiable: required ? "DoNotSchedule" : "ScheduleAnyway",
    })),
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: terms(true),
        preferredDuringSchedulingIgnoredDuringExecution: terms(false).map((podAffinityTerm) => ({ weight: 100, podAffinityTerm })),
      },
    },
  };
}
