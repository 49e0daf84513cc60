import { labelKeyProblem, labelValueProblem } from "./labels";
import type { ChartRelease, KubernetesObject } from "./objects";

/** An object that the API server would reject. */
export interface Inadmissible {
  readonly object: KubernetesObject | ChartRelease;

  /** `StatefulSet projections/orders-a`. */
  readonly name: string;

  /**
   * The other object of the same name.
   * @default - none: `rule` is the reason
   */
  readonly twin?: KubernetesObject | ChartRelease;

  /** The reason, phrased to follow `which`: `has a name of 60 characters`. */
  readonly rule: string;

  readonly remedy: string;
}

/** Returns the objects that no cluster accepts: duplicate names, and names or sizes beyond the API's limits. */
export function inadmissible(objects: readonly KubernetesObject[], releases: readonly ChartRelease[]): readonly Inadmissible[] {
  return [
    ...twins(objects, (object) => `${groupOf(object)} ${titleOf(object)}`, titleOf),
    ...twins(releases, titleOfRelease, titleOfRelease),
    ...objects.flatMap((object) => objectProblems(object).map((problem) => ({ object, name: titleOf(object), ...problem }))),
  ];
}

function twins<T extends KubernetesObject | ChartRelease>(
  all: readonly T[],
  keyOf: (one: T) => string,
  nameOf: (one: T) => string,
): readonly Inadmissible[] {
  const taken = new Map<string, T>();
  return all.flatMap((object) => {
    const twin = taken.get(keyOf(object));
    taken.set(keyOf(object), object);
    return twin ? [{ object, twin, name: nameOf(object), rule: "is made twice", remedy: "choose another name for one of the two" }] : [];
  });
}

/** Name limits below 253 characters: the API itself or a controller uses the name in a label, which is limited to 63. */
const LONGEST: Readonly<Record<string, number>> = {
  Namespace: 63, // RFC 1123 label
  Service: 63, // RFC 1035 label
  Job: 63, // label job-name
  CronJob: 52, // Job controller: 11 characters of time follow
  StatefulSet: 52, // label controller-revision-hash: a hyphen and 10 characters follow
  ScaledObject: 54, // KEDA: prefixed with `keda-hpa-` in labels
  Cluster: 50, // CloudNativePG, webhook
};

/** A ConfigMap or Secret holds 1 MiB (Kubernetes). */
const MOST_BYTES = 1_048_576;

/** Maximum length of their keys. */
const LONGEST_KEY = 253;

/** Limits of a HTTPRoute (Gateway API). */
const ROUTE = { rules: 16, matches: 64, hostnames: 16, path: 1024 } as const;

type Found = readonly Pick<Inadmissible, "rule" | "remedy">[];

function objectProblems(object: KubernetesObject): Found {
  const { kind, metadata } = object;
  const longest = LONGEST[kind] ?? 253;
  return [
    ...(metadata.name.length > longest
      ? [{ rule: `has a name of ${metadata.name.length} characters`, remedy: `use names that leave it up to ${longest}` }]
      : []),
    ...labelsOf(object).flatMap(([label, value]) => {
      const [key, content] = [labelKeyProblem(label), labelValueProblem(value)];
      return [
        ...(key ? [{ rule: `has the label ${label}, which can't be a key`, remedy: key.remedy }] : []),
        ...(content ? [{ rule: `has the label ${label} with the value "${value}"`, remedy: content.remedy }] : []),
      ];
    }),
    ...(kind === "ConfigMap" ? sizeProblems(object) : []),
    ...(kind === "HTTPRoute" ? routeProblems(object) : []),
  ];
}

function labelsOf(object: KubernetesObject): readonly (readonly [string, string])[] {
  const labels = (at: unknown) => Object.entries((at as { labels?: Record<string, string> } | undefined)?.labels ?? {});
  const { template } = (object.spec ?? {}) as { readonly template?: { readonly metadata?: object } };
  return [...labels(object.metadata), ...labels(template?.metadata)];
}

function sizeProblems({ data, binaryData }: KubernetesObject): Found {
  const texts = [data, binaryData].flatMap((of) => Object.entries((of ?? {}) as Readonly<Record<string, string>>));
  const bytes = texts.reduce((sum, [name, text]) => sum + name.length + Buffer.byteLength(text), 0);
  const long = texts.map(([name]) => name).filter(({ length }) => length > LONGEST_KEY);
  return [
    ...(bytes > MOST_BYTES ? [{ rule: `holds ${bytes} bytes`, remedy: `use files of up to ${MOST_BYTES} bytes together` }] : []),
    ...long.map(({ length }) => ({ rule: `has a key of ${length} characters`, remedy: `use paths of up to ${LONGEST_KEY}` })),
  ];
}

interface RouteSpec {
  readonly hostnames?: readonly string[];
  readonly rules?: readonly { readonly matches?: readonly { readonly path?: { readonly value?: string } }[] }[];
}

function routeProblems({ spec }: KubernetesObject): Found {
  const { hostnames = [], rules = [] } = (spec ?? {}) as RouteSpec;
  const paths = rules.map(({ matches = [] }) => matches.map(({ path }) => path?.value ?? ""));
  const counted = [
    ["host names", hostnames.length, ROUTE.hostnames],
    ["rules", rules.length, ROUTE.rules],
    ["paths", Math.max(0, ...paths.map(({ length }) => length)), ROUTE.matches],
    ["characters in a path", Math.max(0, ...paths.flat().map(({ length }) => length)), ROUTE.path],
  ] as const;
  return counted
    .filter(([, count, most]) => count > most)
    .map(([what, count, most]) => ({ rule: `has ${count} ${what}`, remedy: `use up to ${most}` }));
}

function groupOf({ apiVersion }: KubernetesObject): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

function titleOf({ kind, metadata: { namespace, name } }: KubernetesObject): string {
  return `${kind} ${[namespace, name].filter(Boolean).join("/")}`;
}

function titleOfRelease({ namespace, name }: ChartRelease): string {
  return `Release ${namespace}/${name}`;
}
