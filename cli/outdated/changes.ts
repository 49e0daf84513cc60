import type { ChartName } from "../../constructs/core/versions";

/** Pages that list what changes between versions of each chart. */
export const CHART_CHANGES: Readonly<Record<ChartName, string>> = {
  "prometheus-operator-crds": "https://github.com/prometheus-operator/prometheus-operator/releases",
  "kube-prometheus-stack": "https://github.com/prometheus-community/helm-charts/blob/main/charts/kube-prometheus-stack/UPGRADE.md",
  "gateway-api-crds": "https://github.com/kubernetes-sigs/gateway-api/releases",
  "cert-manager": "https://cert-manager.io/docs/releases/",
  "external-secrets": "https://github.com/external-secrets/external-secrets/releases",
  "aws-load-balancer-controller": "https://github.com/kubernetes-sigs/aws-load-balancer-controller/releases",
  "external-dns": "https://github.com/kubernetes-sigs/external-dns/releases",
  "metrics-server": "https://github.com/kubernetes-sigs/metrics-server/releases",
  "snapshot-controller": "https://github.com/piraeusdatastore/helm-charts/releases",
  "karpenter-crd": "https://karpenter.sh/docs/upgrading/upgrade-guide/",
  karpenter: "https://karpenter.sh/docs/upgrading/upgrade-guide/",
  "nginx-gateway-fabric": "https://github.com/nginx/nginx-gateway-fabric/releases",
  keda: "https://github.com/kedacore/charts/releases",
  "cloudnative-pg": "https://cloudnative-pg.io/docs/current/release_notes/",
  "plugin-barman-cloud": "https://github.com/cloudnative-pg/plugin-barman-cloud/releases",
  valkey: "https://github.com/valkey-io/valkey-helm/releases",
  nats: "https://github.com/nats-io/k8s/releases",
  "opentelemetry-collector":
    "https://github.com/open-telemetry/opentelemetry-helm-charts/blob/main/charts/opentelemetry-collector/UPGRADING.md",
  jaeger: "https://github.com/jaegertracing/helm-charts/releases",
  "eck-operator": "https://www.elastic.co/docs/release-notes/cloud-on-k8s",
  "prometheus-blackbox-exporter": "https://github.com/prometheus/blackbox_exporter/releases",
  "prometheus-yet-another-cloudwatch-exporter": "https://github.com/prometheus-community/yet-another-cloudwatch-exporter/releases",
  "prometheus-elasticsearch-exporter": "https://github.com/prometheus-community/elasticsearch_exporter/releases",
};

/** The same for images, by their repository without its host. */
export const IMAGE_CHANGES: Readonly<Record<string, string>> = {
  "aws-cli/aws-cli": "https://github.com/aws/aws-cli/blob/v2/CHANGELOG.rst",
  "cloudnative-pg/pgbouncer": "https://www.pgbouncer.org/changelog.html",
  "cloudnative-pg/postgresql": "https://www.postgresql.org/docs/release/",
  "curlimages/curl": "https://curl.se/ch/",
  "elasticsearch/elasticsearch": "https://www.elastic.co/docs/release-notes/elasticsearch",
  "eventstore/eventstoredb-ee": "https://docs.kurrent.io/server/",
  "kibana/kibana": "https://www.elastic.co/docs/release-notes/kibana",
  "kurrent-latest/kurrentdb": "https://docs.kurrent.io/server/",
  "kurrent-lts/kurrentdb": "https://docs.kurrent.io/server/",
  "library/busybox": "https://busybox.net/",
  "library/postgres": "https://www.postgresql.org/docs/release/",
  "oven/bun": "https://github.com/oven-sh/bun/releases",
  "thenativeweb/eventsourcingdb": "https://docs.eventsourcingdb.io/",
  "valkey/valkey": "https://github.com/valkey-io/valkey/releases",
};

/** The same for versions of AWS, and of engines at AWS and at vendors. */
export const OTHER_CHANGES = {
  addon: "https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
  nodeImage: "https://github.com/awslabs/amazon-eks-ami/releases",
  kubernetes: "https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html",
  postgres: "https://www.postgresql.org/docs/release/",
  valkey: "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html",
  kurrentCloud: "https://docs.kurrent.io/server/",
} as const;
