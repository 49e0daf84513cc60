import { Release as HelmRelease } from "@cdktf/provider-helm/lib/release";
import type { ITerraformDependable, TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity";
import { type Problem, refuse } from "../core/errors";
import { yamlWordProblem } from "../core/names";
import { type Duration, known, seconds } from "../core/quantities";
import { literal } from "../core/templates";
import { CHARTS, type ChartName } from "../core/versions";
import type { KubernetesTarget } from "./target";

/** A chart that is not part of the platform. */
export interface OtherChart {
  /** `https://charts.example.com` or `oci://registry.example.com/charts`. The cluster's mirror replaces it, if there is one. */
  readonly repository: string;
  readonly chart: string;

  /** The exact version: with a range, another chart could be installed without a change here. */
  readonly version: string;
}

export interface ReleaseProps {
  readonly cluster: KubernetesTarget;

  /** The chart: one of the platform, at its pinned version, or another one. */
  readonly chart: ChartName | OtherChart;

  readonly namespace: string;

  /** @default - the construct's id */
  readonly name?: string;

  /**
   * Values of the chart. They and the rendered objects are stored in a ConfigMap, readable for anyone who can read ConfigMaps: reference
   * secrets by name, and disable secrets that a chart would generate itself.
   * @default - those of the chart
   */
  readonly values?: object;

  /** The chart's pods, for the capacity ledger, which can't see into a chart. Their names are prefixed with the namespace. */
  readonly pods: readonly PodGroup[];

  /**
   * Time for its pods to become ready.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /** Resources to create first: its namespace, the CRDs that it uses. */
  readonly after?: readonly ITerraformDependable[];

  /**
   * Skips the CRDs in the chart's folder `crds`, because another release installs them.
   * @default false
   */
  readonly skipCrds?: boolean;

  /** @default - none: it contains no data */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/** Revisions that Helm keeps: enough for a review, few enough for the API server's store. */
const HISTORY = 5;

/** A chart, installed completely or not at all. A failed installation leaves its name free for the next. */
export class Release extends Construct {
  readonly release: HelmRelease;

  constructor(scope: Construct, id: string, props: ReleaseProps) {
    super(scope, id);
    const { cluster, namespace, name = id } = props;
    refuse(this, nameProblems(name), "name");
    const { repository, chart, version } = typeof props.chart === "string" ? CHARTS[props.chart] : props.chart;
    refuse(this, chartProblems({ repository, chart, version }), "chart");
    cluster.ledger.add(...props.pods.map((group) => ({ ...group, name: `${namespace}/${group.name}` })));
    this.release = new HelmRelease(this, "release", {
      name,
      namespace,
      ...(cluster.mirror ? { repository: `oci://${cluster.mirror}` } : { repository }),
      chart,
      version,
      values: [valuesOf(props.values ?? {})],
      atomic: true,
      wait: true,
      timeout: known(seconds(props.timeout ?? "10m")),
      maxHistory: HISTORY,
      createNamespace: false,
      dependsOn: [...(props.after ?? [])],
      ...(props.skipCrds ? { skipCrds: true } : {}),
      ...(props.lifecycle ? { lifecycle: props.lifecycle } : {}),
    });
  }
}

/** Returns the reasons why a chart can't be installed. */
function chartProblems({ repository, version }: OtherChart): readonly Omit<Problem, "path">[] {
  return [
    ...(/^(https|oci):\/\/\S+$/.test(repository)
      ? []
      : [
          {
            value: repository,
            rule: "must be an address of https:// or oci://",
            remedy: "write one like oci://registry.example.com/charts",
          },
        ]),
    ...(/^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version)
      ? []
      : [
          { value: version, rule: "must be an exact version, so that every apply installs the same chart", remedy: "write one like 1.2.3" },
        ]),
  ];
}

/** Returns the problems of a release's name: Helm appends to it in its own names. */
export function nameProblems(name: string): readonly Omit<Problem, "path">[] {
  const word = yamlWordProblem(name);
  if (word) return [{ value: name, ...word }];
  if (/^(?=.{1,53}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return [];
  return [{ value: name, rule: "is not a valid release name", remedy: "use up to 53 lower-case letters, digits and hyphens" }];
}

/**
 * Returns values in the format of Helm's provider. It compares them as text, so their order must not depend on how they were assembled.
 * Terraform parses the text as a template: template sequences that are not our references are escaped.
 */
export function valuesOf(values: object): string {
  return literal(JSON.stringify(sorted(values)));
}

function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as T;
  if (typeof value !== "object" || value === null) return value;
  const keys = (Object.keys(value) as (keyof T)[]).filter((key) => value[key] !== undefined).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])])) as T;
}
