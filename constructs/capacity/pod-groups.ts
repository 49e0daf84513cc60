import { InvalidInput, type Problem } from "../core/errors";
import type { PodGroup, PodRequest, Spread } from "./contract";
import { type PodSpec, requestOf } from "./pod-request";

/** A label selector of the Kubernetes API. */
interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

interface AffinityTerm {
  readonly topologyKey?: string;
  readonly labelSelector?: Selector;
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: PodSpec & {
    readonly priority?: number;
    readonly priorityClassName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly topologySpreadConstraints?: readonly {
      readonly topologyKey: string;
      readonly maxSkew?: number;
      readonly whenUnsatisfiable?: string;
      readonly labelSelector?: Selector;
    }[];
    readonly affinity?: {
      readonly podAntiAffinity?: {
        readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly AffinityTerm[];
        readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { readonly podAffinityTerm?: AffinityTerm }[];
      };
    };
  };
}

type Amount = number | string;

/** The fields that are read of a Kubernetes object, whatever its kind. */
interface ApiObject {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly generateName?: string; readonly namespace?: string };
  readonly value?: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: {
      readonly spec?: { readonly template?: Template; readonly parallelism?: number; readonly completions?: number };
    };
    readonly replicas?: number;
    readonly parallelism?: number;
    readonly completions?: number;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: Amount; readonly maxUnavailable?: Amount };
    };
    readonly updateStrategy?: { readonly rollingUpdate?: { readonly maxSurge?: Amount } };
    readonly volumeClaimTemplates?: readonly object[];
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
    readonly minReplicas?: number;
    readonly maxReplicas?: number;
    readonly minReplicaCount?: number;
    readonly maxReplicaCount?: number;
  };
}

/** Number of pods of a workload. */
interface Scale {
  readonly pods: number;
  readonly most?: number;
}

/** Pod template and number of pods, read from the fields of a kind of workload. */
interface WorkloadKind {
  readonly template: (object: ApiObject) => Template | undefined;
  readonly pods: (object: ApiObject, scaled: Scale | undefined) => Pick<PodGroup, "pods" | "most" | "surge" | "passing">;
}

const WORKLOADS: Readonly<Record<string, WorkloadKind>> = {
  Deployment: {
    template: ({ spec }) => spec?.template,
    pods: ({ spec }, scaled) => {
      const scale = scaled ?? { pods: spec?.replicas ?? 1 };
      return { ...scale, ...surgeOf(spec?.strategy, scale.pods) };
    },
  },
  // It deletes a pod before it creates the replacement.
  StatefulSet: { template: ({ spec }) => spec?.template, pods: ({ spec }, scaled) => scaled ?? { pods: spec?.replicas ?? 1 } },
  DaemonSet: {
    template: ({ spec }) => spec?.template,
    // For a percentage of an unknown number of nodes one pod is enough: each node must have capacity for it.
    pods: ({ spec }) => ({
      pods: "each-node",
      ...positive("surge", Math.min(1, wanted(spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0, 100))),
    }),
  },
  Job: { template: ({ spec }) => spec?.template, pods: ({ spec }) => ({ pods: atOnce(spec), passing: true }) },
  CronJob: {
    template: ({ spec }) => spec?.jobTemplate?.spec?.template,
    pods: ({ spec }) => ({ pods: atOnce(spec?.jobTemplate?.spec), passing: true }),
  },
};

/** Autoscalers of a workload, with minimum and maximum (defaults: Kubernetes, autoscaling/v2; KEDA, ScaledObject). */
const SCALERS: Readonly<Record<string, (spec: ApiObject["spec"]) => Scale>> = {
  HorizontalPodAutoscaler: (spec) => ({ pods: spec?.minReplicas ?? 1, most: spec?.maxReplicas ?? 1 }),
  ScaledObject: (spec) => ({ pods: spec?.minReplicaCount ?? 0, most: spec?.maxReplicaCount ?? 100 }),
};

/** `maxSurge` and `maxUnavailable` of a Deployment that sets neither (Kubernetes, apps/v1). */
const DEFAULT_ROLLING = "25%";

/** PriorityClasses of every cluster (Kubernetes). */
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

/** Key of the global default class, for pods that name no class. */
const GLOBAL_DEFAULT = "";

const PLACES: Readonly<Record<string, Spread["over"]>> = { "topology.kubernetes.io/zone": "zone", "kubernetes.io/hostname": "node" };

/**
 * The pods of Kubernetes objects, as the scheduler sees them. Objects of other kinds are ignored. `priorities` are values of classes by
 * name; classes in the list are added to it. `nonPreempting` names the classes whose `preemptionPolicy` is `Never`.
 */
export function podGroups(
  objects: readonly object[],
  priorities: Map<string, number> = new Map(Object.entries(SYSTEM_PRIORITIES)),
  nonPreempting: readonly string[] = [],
): readonly PodGroup[] {
  const problems: Problem[] = [];
  const all = objects as readonly ApiObject[];
  for (const { kind, metadata, value = 0, globalDefault } of all.filter((object) => object.kind === "PriorityClass")) {
    priorities.set(metadata?.name ?? kind ?? "", value);
    if (globalDefault) priorities.set(GLOBAL_DEFAULT, value);
  }
  const waiting = new Set([
    ...nonPreempting,
    ...all.flatMap(({ preemptionPolicy, metadata }) => (preemptionPolicy === "Never" ? (metadata?.name ?? []) : [])),
  ]);
  const scales = new Map(all.flatMap(scaleOf));
  const groups = all.flatMap((object) => {
    const workload = WORKLOADS[object.kind ?? ""];
    const template = workload?.template(object);
    if (!workload || !template?.spec) return [];
    const path = `${object.kind} ${nameOf(object)}`;
    const spread = spreadOf(template);
    const request = withClaims(requestOf(template.spec, path, problems), object);
    const pods = workload.pods(object, scales.get(`${object.kind} ${nameOf(object)}`));
    const priority = priorityOf(template.spec, priorities, path, problems);
    const { nodeSelector } = template.spec;
    return [
      {
        name: nameOf(object),
        ...pods,
        request,
        ...(spread.length > 0 ? { spread } : {}),
        ...(priority === 0 ? {} : { priority }),
        ...(waiting.has(template.spec.priorityClassName ?? "") ? { preempts: false } : {}),
        ...(nodeSelector ? { nodeSelector } : {}),
      },
    ];
  });
  if (problems.length > 0) throw new InvalidInput(problems);
  return groups;
}

function nameOf({ metadata }: ApiObject, name = metadata?.name ?? metadata?.generateName): string {
  return `${metadata?.namespace ?? "default"}/${name}`;
}

function scaleOf(object: ApiObject): readonly (readonly [string, Scale])[] {
  const scaler = SCALERS[object.kind ?? ""];
  const target = object.spec?.scaleTargetRef;
  return scaler && target ? [[`${target.kind ?? "Deployment"} ${nameOf(object, target.name)}`, scaler(object.spec)]] : [];
}

/** Pods created before old ones are deleted. A rollout that may delete pods first needs no capacity for more. */
function surgeOf(strategy: NonNullable<ApiObject["spec"]>["strategy"], pods: number): Pick<PodGroup, "surge"> {
  if (strategy?.type === "Recreate") return {};
  const { maxSurge = DEFAULT_ROLLING, maxUnavailable = DEFAULT_ROLLING } = strategy?.rollingUpdate ?? {};
  const away = typeof maxUnavailable === "number" ? maxUnavailable : Math.floor((Number.parseFloat(maxUnavailable) / 100) * pods);
  return away > 0 ? {} : positive("surge", pods === 0 ? 0 : wanted(maxSurge, pods));
}

/** A number, or a percentage of the pods, rounded up. */
function wanted(amount: Amount, pods: number): number {
  if (typeof amount === "number") return amount;
  return amount.endsWith("%") ? Math.ceil((Number.parseFloat(amount) / 100) * pods) : Number(amount);
}

function positive<K extends string>(key: K, value: number): { readonly [P in K]?: number } {
  return (value > 0 ? { [key]: value } : {}) as { [P in K]?: number };
}

function atOnce(job: { readonly parallelism?: number; readonly completions?: number } = {}): number {
  return Math.min(job.parallelism ?? 1, job.completions ?? Number.POSITIVE_INFINITY);
}

function withClaims(request: PodRequest, { spec }: ApiObject): PodRequest {
  const volumes = (request.volumes ?? 0) + (spec?.volumeClaimTemplates?.length ?? 0);
  return volumes > 0 ? { ...request, volumes } : request;
}

/** Spread constraints between the template's own pods. Constraints about other pods are ignored. */
function spreadOf({ metadata, spec }: Template): readonly Spread[] {
  const labels = metadata?.labels ?? {};
  const { requiredDuringSchedulingIgnoredDuringExecution: required = [], preferredDuringSchedulingIgnoredDuringExecution: preferred = [] } =
    spec?.affinity?.podAntiAffinity ?? {};
  const even = (spec?.topologySpreadConstraints ?? []).flatMap((constraint): readonly Spread[] => {
    const over = PLACES[constraint.topologyKey];
    if (!over || !selects(constraint.labelSelector, labels)) return [];
    const { maxSkew = 1 } = constraint;
    return [{ over, how: "even", ...(maxSkew === 1 ? {} : { maxSkew }), required: constraint.whenUnsatisfiable !== "ScheduleAnyway" }];
  });
  const apart = (term: AffinityTerm | undefined, isRequired: boolean): readonly Spread[] => {
    const over = PLACES[term?.topologyKey ?? ""];
    return over && selects(term?.labelSelector, labels) ? [{ over, how: "apart", required: isRequired }] : [];
  };
  return [
    ...even,
    ...required.flatMap((term) => apart(term, true)),
    ...preferred.flatMap(({ podAffinityTerm }) => apart(podAffinityTerm, false)),
  ];
}

const OPERATORS: Readonly<Record<string, (value: string | undefined, values: readonly string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/** Checks that a selector matches these labels. No selector matches nothing, an empty one everything. */
function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!selector) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => OPERATORS[operator]?.(labels[key], values) ?? false)
  );
}

function priorityOf(
  { priority, priorityClassName = GLOBAL_DEFAULT }: NonNullable<Template["spec"]>,
  known: ReadonlyMap<string, number>,
  path: string,
  problems: Problem[],
): number {
  const found = priority ?? known.get(priorityClassName);
  if (found === undefined && priorityClassName !== GLOBAL_DEFAULT) {
    problems.push({
      path: `${path}.priorityClassName`,
      value: priorityClassName,
      rule: "is not a known PriorityClass",
      remedy: "enter the PriorityClass before what uses it, or with it",
    });
  }
  return found ?? 0;
}
