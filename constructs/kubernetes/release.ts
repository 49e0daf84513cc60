import { Release as HelmRelease } from "@cdktf/provider-helm/lib/release";
import type { ITerraformDependable, TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import type { PodGroup } from "../capacity";
import { type Problem, refuse } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import { literal } from "../core/templates";
import { CHARTS, type ChartName } from "../core/versions";
import type { KubernetesTarget } from "./target";

/** A chart that the platform does not use itself. */
export interface OtherChart {
  /** `https://charts.example.com` or `oci://registry.example.com/charts`. A mirror takes its place where the cluster has one. */
  readonly repository: string;
  readonly chart: string;

  /** The exact version: a range would install another chart without a change here. */
  readonly version: string;
}

export interface ReleaseProps {
  readonly cluster: KubernetesTarget;

  /** The chart: one that the platform uses, at the version that it pins, or any other. */
  readonly chart: ChartName | OtherChart;

  readonly namespace: string;

  /** @default - the construct's id */
  readonly name?: string;

  /**
   * What the chart is told. Values, and all that the chart makes of them, are kept in a ConfigMap, for everyone to read
   * who reads those: a secret is named here and lies elsewhere, and a chart that would draw one itself is told not to.
   */
  readonly values: object;

  /** The pods that the chart makes, for the capacity ledger: it can't see into a chart. Their names get the namespace. */
  readonly pods: readonly PodGroup[];

  /**
   * How long its pods may take to become ready.
   * @default "10m"
   */
  readonly timeout?: Duration;

  /** What has to be there before: its namespace, the custom resource definitions that it uses. */
  readonly after?: readonly ITerraformDependable[];

  /**
   * Whether the definitions in the chart's folder `crds` are left out, because another release brings them.
   * @default false
   */
  readonly skipCrds?: boolean;

  /** @default - none: it holds nothing that is missed */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/** Revisions that Helm keeps: enough to look back, few enough for the API server's store. */
const HISTORY = 5;

/** A chart, installed whole or not at all. A failed installation leaves its name free for the next. */
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
      values: [valuesOf(props.values)],
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

/** Why a chart can't be installed as it is named, if it can't. */
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

/** Why a release can't have a name, if it can't: Helm appends to it in names of its own. */
export function nameProblems(name: string): readonly Omit<Problem, "path">[] {
  if (/^(?=.{1,53}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return [];
  return [{ value: name, rule: "is no name of a release", remedy: "use up to 53 lower-case letters, digits and hyphens" }];
}

/**
 * Values as Helm's provider takes them. It compares them as text, so that their order must not depend on how they were
 * put together. Terraform reads that text as a template: what looks like one and is no reference of ours is escaped.
 */
export function valuesOf(values: object): string {
  return literal(JSON.stringify(sorted(values)));
}

function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, item]) => [key, sorted(item)])) as T;
}
