import { bytes } from "../constructs/core/quantities";
import type { MeasuredSite } from "./capacity";

type Json = Readonly<Record<string, unknown>>;

const GI = 2 ** 30;

/** Volumes of charts, by the chart's name. Volumes whose claims are objects of their own are counted there. */
const CHARTS: Readonly<Record<string, (values: Json) => number>> = {
  "kube-prometheus-stack": (values) => {
    const [prometheus, alertmanager] = [at(values, "prometheus.prometheusSpec"), at(values, "alertmanager.alertmanagerSpec")];
    return (
      Number(at(prometheus, "replicas") ?? 1) * requested(at(prometheus, "storageSpec.volumeClaimTemplate.spec")) +
      Number(at(alertmanager, "replicas") ?? 1) * requested(at(alertmanager, "storage.volumeClaimTemplate.spec")) +
      gibibytes(at(values, "grafana.persistence.size"))
    );
  },
  nats: (values) => Number(at(values, "config.cluster.replicas") ?? 1) * gibibytes(at(values, "config.jetstream.fileStore.pvc.size")),
};

/** Size of all volumes that the objects and charts of a cluster keep, in GiB. */
export function volumesOn({ objects, releases }: Pick<MeasuredSite, "objects" | "releases">): number {
  const claims = new Set(objects.filter(({ kind }) => kind === "PersistentVolumeClaim").map(({ metadata }) => metadata.name));
  const ofObjects = objects.map(({ kind, metadata: { name }, spec }) => {
    switch (kind) {
      case "PersistentVolumeClaim":
        return requested(spec);
      case "StatefulSet":
        return ofTemplates(spec, Number(at(spec, "replicas") ?? 1), (claim, index) => !claims.has(`${claim}-${name}-${index}`));
      case "Cluster":
        return Number(at(spec, "instances") ?? 1) * (gibibytes(at(spec, "storage.size")) + gibibytes(at(spec, "walStorage.size")));
      case "Elasticsearch":
        return sum(((at(spec, "nodeSets") ?? []) as readonly Json[]).map((set) => ofTemplates(set, Number(set.count))));
      default:
        return 0;
    }
  });
  return sum([...ofObjects, ...releases.map(({ chart, values }) => (Object.hasOwn(CHARTS, chart) ? (CHARTS[chart]?.(values) ?? 0) : 0))]);
}

/** Size of the volumes of restore drills, which exist only while a drill runs, in GiB. */
export function scratchVolumesOn({ objects, site: { ledger } }: Pick<MeasuredSite, "objects" | "site">): number {
  const ephemeral = objects
    .filter(({ kind }) => kind === "CronJob")
    .flatMap(({ spec }) => (at(spec, "jobTemplate.spec.template.spec.volumes") ?? []) as readonly Json[])
    .map((volume) => requested(at(volume, "ephemeral.volumeClaimTemplate.spec")));
  return sum([...ephemeral, ...ledger.scratchVolumes.map(gibibytes)]);
}

function ofTemplates(spec: unknown, replicas: number, counts: (claim: string, index: number) => boolean = () => true): number {
  const templates = (at(spec, "volumeClaimTemplates") ?? []) as readonly { readonly metadata: { readonly name: string } }[];
  return sum(
    templates.map((template) => {
      const missing = Array.from({ length: replicas }, (_, index) => index).filter((index) => counts(template.metadata.name, index));
      return missing.length * requested(at(template, "spec"));
    }),
  );
}

function requested(claim: unknown): number {
  return gibibytes(at(claim, "resources.requests.storage"));
}

function gibibytes(size: unknown): number {
  const reading = bytes(size);
  return typeof reading === "number" ? reading / GI : 0;
}

function at(value: unknown, path: string): unknown {
  return path.split(".").reduce((found, key) => (found as Json | undefined)?.[key], value);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
