import type { Problem } from "../core/errors";
import type { PodRequest } from "./contract";
import { quantity } from "./quantity";

interface Resources {
  readonly requests?: Readonly<Record<string, unknown>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

interface Container {
  readonly name?: string;
  readonly restartPolicy?: string;
  readonly resources?: Resources;
}

/** The fields of a pod's specification that determine its requests. */
export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly resources?: Resources;
  readonly volumes?: readonly { readonly ephemeral?: object; readonly persistentVolumeClaim?: object }[];
}

const COUNTED = { cpu: 1000, memory: 1 } as const;

type Resource = keyof typeof COUNTED;

/** Resource requests of a pod, and its volumes. Values that can't be parsed are added to the problems. */
export function requestOf(spec: PodSpec, path: string, problems: Problem[]): PodRequest {
  const volumes = (spec.volumes ?? []).filter(({ ephemeral, persistentVolumeClaim }) => ephemeral || persistentVolumeClaim).length;
  const of = (resource: Resource) => asked(spec, resource, path, problems);
  return { millicores: of("cpu"), memoryBytes: of("memory"), ...(volumes > 0 ? { volumes } : {}) };
}

/**
 * Sum of a pod's containers and sidecars, or an init container plus the sidecars before it if that is more (Kubernetes, sidecar
 * containers). Requests of the pod as a whole take precedence.
 */
function asked(spec: PodSpec, resource: Resource, path: string, problems: Problem[]): number {
  const of = ({ name, resources }: Container) => read(resources, resource, `${path}.${name}`, problems) ?? 0;
  let sidecars = 0;
  let first = 0;
  for (const container of spec.initContainers ?? []) {
    const own = of(container);
    if (container.restartPolicy === "Always") sidecars += own;
    first = Math.max(first, sidecars + (container.restartPolicy === "Always" ? 0 : own));
  }
  const together = (spec.containers ?? []).reduce((sum, container) => sum + of(container), sidecars);
  return read(spec.resources, resource, path, problems) ?? Math.max(first, together);
}

/** The request, or the limit if there is no request. */
function read(resources: Resources = {}, resource: Resource, path: string, problems: Problem[]): number | undefined {
  const [field, value] =
    resources.requests?.[resource] === undefined ? ["limits", resources.limits?.[resource]] : ["requests", resources.requests[resource]];
  if (value === undefined || value === null) return undefined;
  const reading = quantity(value, COUNTED[resource]);
  if (typeof reading === "number") return reading;
  problems.push({ path: `${path}.resources.${field}.${resource}`, value, ...reading });
  return undefined;
}
