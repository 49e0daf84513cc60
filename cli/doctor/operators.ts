import type { ChartName } from "../../constructs/core/versions";
import { EXISTING_PARTS, type ExistingPart } from "../../stacks/model/cluster";

/** API groups of the CRDs in the charts of the platform, from the charts. */
export const CRD_GROUPS: Readonly<Partial<Record<ChartName | string, readonly string[]>>> = {
  "prometheus-operator-crds": ["monitoring.coreos.com"],
  "gateway-api-crds": ["gateway.networking.k8s.io"],
  "cert-manager": ["cert-manager.io", "acme.cert-manager.io"],
  "external-secrets": ["external-secrets.io", "generators.external-secrets.io"],
  "external-dns": ["externaldns.k8s.io"],
  "snapshot-controller": ["snapshot.storage.k8s.io"],
  "karpenter-crd": ["karpenter.sh", "karpenter.k8s.aws"],
  "nginx-gateway-fabric": ["gateway.nginx.org"],
  keda: ["keda.sh", "eventing.keda.sh"],
  "cloudnative-pg": ["postgresql.cnpg.io"],
  "plugin-barman-cloud": ["barmancloud.cnpg.io"],
  "aws-load-balancer-controller": ["elbv2.k8s.aws"],
  "eck-operator": ["elasticsearch.k8s.elastic.co", "kibana.k8s.elastic.co"],
} satisfies Partial<Record<ChartName, readonly string[]>>;

/** Name in `preinstalled` of the component that a chart installs, if a cluster may already have it. */
export function preinstalledName(chart: string): ExistingPart | undefined {
  return EXISTING_PARTS.find((part) => part === chart || `${part}-crds` === chart);
}
