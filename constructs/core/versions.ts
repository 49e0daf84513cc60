/**
 * All versions that the platform pins, in one place.
 * Provider ranges are what the library supports; an application pins exact versions in its committed lock file.
 */
export const VERSIONS = {
  /** Required for S3 state locking without a table, and write-only arguments: Terraform 1.11, OpenTofu 1.11. */
  terraform: ">= 1.11",
  providers: {
    /** Uses no attribute that is new in 6, so both majors work. */
    aws: ">= 5.100, < 7",

    /** The bindings are generated from 2.38.0; version 3 was never tested with them. */
    kubernetes: "~> 2.38",

    /** The bindings are generated from 3.1.1; version 2 configures the cluster as a block, which they don't generate. */
    helm: "~> 3.1",

    /** 3 rejects gp2, which is not used here; arguments were verified in the source of 3.1.0. */
    kurrentcloud: "~> 3.1",

    /** 5.18 is the first whose rules set the cache time of responses, 5.21 the first with `Vary`; 5.22.0's documentation was read. */
    cloudflare: "~> 5.21",
  },
} as const;

/** A minor version of Kubernetes on EKS that the platform supports. */
export type KubernetesVersion = keyof typeof KUBERNETES;

/**
 * Versions that belong to each minor version. Ends of support: endoflife.date, 2026-08-22. Node images and add-ons: the newest seen in use
 * in August and September 2026; `aws eks describe-addon-versions` lists what a region offers.
 */
export const KUBERNETES = {
  "1.34": {
    standardSupportEnds: "2026-12-02",
    extendedSupportEnds: "2027-12-02",
    nodeImage: "1.34.10-20260903",
    kubeProxy: "v1.34.6-eksbuild.21",
    coredns: "v1.12.4-eksbuild.29",
  },
  "1.35": {
    standardSupportEnds: "2027-03-27",
    extendedSupportEnds: "2028-03-27",
    nodeImage: "1.35.6-20260818",
    kubeProxy: "v1.35.3-eksbuild.21",
    coredns: "v1.13.2-eksbuild.21",
  },
  "1.36": {
    standardSupportEnds: "2027-08-02",
    extendedSupportEnds: "2028-08-02",
    nodeImage: "1.36.2-20260818",
    kubeProxy: "v1.36.0-eksbuild.25",
    coredns: "v1.14.3-eksbuild.16",
  },
} as const;

/** Default version of clusters: the newest that has been in use for half a year. */
export const DEFAULT_KUBERNETES: KubernetesVersion = "1.36";

/** Lines of KurrentDB for new clusters at Kurrent Cloud (its provider 3.1, managed cluster). Both have long-term support. */
export const KURRENT_CLOUD_VERSIONS = ["24.10", "26.0"] as const;

/** Line of KurrentDB that Kurrent Cloud offers for new clusters. */
export type KurrentCloudVersion = (typeof KURRENT_CLOUD_VERSIONS)[number];

/** Default line of clusters at Kurrent Cloud. */
export const DEFAULT_KURRENT_CLOUD: KurrentCloudVersion = "26.0";

/** Add-ons whose versions work with every minor version above. */
export const ADDONS = {
  "vpc-cni": "v1.23.0-eksbuild.1",
  "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
  "aws-ebs-csi-driver": "v1.65.0-eksbuild.1",
  "snapshot-controller": "v8.6.0-eksbuild.8",
  "metrics-server": "v0.9.0-eksbuild.5",
  "eks-node-monitoring-agent": "v1.6.6-eksbuild.1",
} as const;

/** A major version of PostgreSQL on AWS and in clusters. */
export type PostgresVersion = keyof typeof POSTGRES;

/**
 * Major versions that RDS, Aurora and CloudNativePG support, the end of community support (postgresql.org, versioning), and the newest
 * patch seen with CloudNativePG 1.30 in August 2026, in images without third-party extensions.
 */
export const POSTGRES = {
  "15": { supportEnds: "2027-11-11", image: "ghcr.io/cloudnative-pg/postgresql:15.19-minimal-trixie" },
  "16": { supportEnds: "2028-11-09", image: "ghcr.io/cloudnative-pg/postgresql:16.15-minimal-trixie" },
  "17": { supportEnds: "2029-11-08", image: "ghcr.io/cloudnative-pg/postgresql:17.11-minimal-trixie" },
  "18": { supportEnds: "2030-11-14", image: "ghcr.io/cloudnative-pg/postgresql:18.6-minimal-trixie" },
} as const;

/** Default version of servers: the newest that every engine has supported for a year. */
export const DEFAULT_POSTGRES: PostgresVersion = "17";

/** A version of Valkey on ElastiCache, with its parameter group family. */
export type ValkeyVersion = keyof typeof ELASTICACHE_VALKEY;

/** Versions of Valkey on ElastiCache, with their parameter group families. */
export const ELASTICACHE_VALKEY = {
  "7.2": { family: "valkey7" },
  "8.0": { family: "valkey8" },
  "8.1": { family: "valkey8" },
} as const;

/** Default version of caches. */
export const DEFAULT_ELASTICACHE_VALKEY: ValkeyVersion = "8.1";

/** Name of a chart's release. `CHARTS` has its repository, and the version whose values were verified. */
export type ChartName = keyof typeof CHARTS;

/** Charts of the platform: repository, name and verified version. */
export const CHARTS = {
  "prometheus-operator-crds": {
    repository: "https://prometheus-community.github.io/helm-charts",
    chart: "prometheus-operator-crds",
    version: "31.0.1",
  },
  "kube-prometheus-stack": {
    repository: "https://prometheus-community.github.io/helm-charts",
    chart: "kube-prometheus-stack",
    version: "88.5.3",
  },
  /** The Gateway API 1.5.1, which NGINX Gateway Fabric requires. The only chart with it that fits into a Helm release. */
  "gateway-api-crds": { repository: "oci://gsoci.azurecr.io/charts/giantswarm", chart: "gateway-api-crds", version: "1.8.1" },
  "cert-manager": { repository: "oci://quay.io/jetstack/charts", chart: "cert-manager", version: "v1.21.1" },
  "external-secrets": { repository: "https://charts.external-secrets.io", chart: "external-secrets", version: "2.9.0" },
  "aws-load-balancer-controller": {
    repository: "https://aws.github.io/eks-charts",
    chart: "aws-load-balancer-controller",
    version: "3.5.0",
  },
  "external-dns": { repository: "https://kubernetes-sigs.github.io/external-dns", chart: "external-dns", version: "1.21.1" },
  "metrics-server": { repository: "https://kubernetes-sigs.github.io/metrics-server", chart: "metrics-server", version: "3.13.1" },
  "snapshot-controller": { repository: "https://piraeus.io/helm-charts", chart: "snapshot-controller", version: "5.2.0" },
  "karpenter-crd": { repository: "oci://public.ecr.aws/karpenter", chart: "karpenter-crd", version: "1.14.1" },
  karpenter: { repository: "oci://public.ecr.aws/karpenter", chart: "karpenter", version: "1.14.1" },
  "nginx-gateway-fabric": { repository: "oci://ghcr.io/nginx/charts", chart: "nginx-gateway-fabric", version: "2.6.7" },
  keda: { repository: "https://kedacore.github.io/charts", chart: "keda", version: "2.20.2" },
  "cloudnative-pg": { repository: "https://cloudnative-pg.github.io/charts", chart: "cloudnative-pg", version: "0.29.0" },
  "plugin-barman-cloud": { repository: "https://cloudnative-pg.github.io/charts", chart: "plugin-barman-cloud", version: "0.7.0" },
  valkey: { repository: "https://valkey.io/valkey-helm", chart: "valkey", version: "0.11.0" },
  nats: { repository: "https://nats-io.github.io/k8s/helm/charts", chart: "nats", version: "2.14.2" },
  /** Runs the collector 0.158.0. */
  "opentelemetry-collector": {
    repository: "https://open-telemetry.github.io/opentelemetry-helm-charts",
    chart: "opentelemetry-collector",
    version: "0.170.0",
  },
  /** Runs Jaeger 2.19.0. */
  jaeger: { repository: "https://jaegertracing.github.io/helm-charts", chart: "jaeger", version: "4.11.1" },
  "eck-operator": { repository: "https://helm.elastic.co", chart: "eck-operator", version: "3.5.0" },
  /** Runs the exporter 0.28. */
  "prometheus-blackbox-exporter": {
    repository: "https://prometheus-community.github.io/helm-charts",
    chart: "prometheus-blackbox-exporter",
    version: "11.17.2",
  },
  /** Runs YACE 0.67. */
  "prometheus-yet-another-cloudwatch-exporter": {
    repository: "https://prometheus-community.github.io/helm-charts",
    chart: "prometheus-yet-another-cloudwatch-exporter",
    version: "0.47.0",
  },
  "prometheus-elasticsearch-exporter": {
    repository: "https://prometheus-community.github.io/helm-charts",
    chart: "prometheus-elasticsearch-exporter",
    version: "7.4.0",
  },
} as const;

/**
 * Elasticsearch and Kibana, which ECK 3.5 supports up to 9.99: the newest patch seen in use by November 2026. Upgrade one minor version at
 * a time; Kibana must not be newer than Elasticsearch.
 */
export const ELASTIC = {
  version: "9.5.4",
  elasticsearch: "docker.elastic.co/elasticsearch/elasticsearch:9.5.4",
  kibana: "docker.elastic.co/kibana/kibana:9.5.4",
} as const;

/** A line of EventStoreDB and KurrentDB on Kubernetes. */
export type KurrentDbLine = keyof typeof KURRENTDB;

/** Newest patches seen by November 2026. 24.10 and 26.0 have long-term support, 26.1 until its successor, 25.1 no longer. */
export const KURRENTDB = {
  "24.10": "docker.eventstore.com/eventstore/eventstoredb-ee:24.10.14",
  "25.1": "docker.kurrent.io/kurrent-latest/kurrentdb:25.1.4",
  "26.0": "docker.kurrent.io/kurrent-lts/kurrentdb:26.0.3",
  "26.1": "docker.kurrent.io/kurrent-latest/kurrentdb:26.1.1",
} as const;

/** Default line of KurrentDB on clusters: the newest with long-term support. */
export const DEFAULT_KURRENTDB: KurrentDbLine = "26.0";

/** PgBouncer in front of PostgreSQL, as used by CloudNativePG 1.30. */
export const PGBOUNCER = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1";

/** Images of small tools: newest patches seen in use by November 2026. All run as non-root users. */
export const TOOLS = {
  aws: "public.ecr.aws/aws-cli/aws-cli:2.36.15@sha256:310813a7eae8fd88da1cc9c37970e3500b0ff3984479e1012f0a6fd44e453f63",
  /** A client for all servers from 15 on; its shell is BusyBox. */
  psql: "docker.io/library/postgres:18.4-alpine3.24@sha256:9a8afca54e7861fd90fab5fdf4c42477a6b1cb7d293595148e674e0a3181de15",
  curl: "docker.io/curlimages/curl:8.22.0@sha256:58adaa4e8dca9c988bae2aba4ab3434a0bb2da16bbe3f92dec39ec7785166777",
  /** Runs JavaScript. */
  bun: "docker.io/oven/bun:1.4.2-slim@sha256:cb3bbbb08e13a4a2ff400f24c7a2a1d5efa83f6ef8544d52d95a519631e2fc61",
  /** The image of the chart's servers, for its client. */
  valkey: "docker.io/valkey/valkey:9.1.1",
  busybox: "docker.io/library/busybox:1.37.0@sha256:9db7b59979c38555a39def84a31fb98b5296952f9e3afd4f6f11f05b07adfab0",
  /** A static binary, which runs in any image that it is copied to. */
  busyboxStatic: "docker.io/library/busybox:1.37.0-musl@sha256:5cec3fc171c87218698e85a52af7087de727372aae264a787b8112901a5b0092",
} as const;

/** The newest image of EventSourcingDB seen in use by November 2026. */
export const EVENT_SOURCING_DB = "docker.io/thenativeweb/eventsourcingdb:1.2.0";
