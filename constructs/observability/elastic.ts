import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { evenly, type PodGroup, requested } from "../capacity";
import { type Problem, refuse } from "../core/errors";
import { type Bytes, bytes, type Cores, known, millicores } from "../core/quantities";
import { type ApiObject, CustomResources, disruptionBudget, type KubernetesTarget, type Peer, PodTraffic, Release } from "../kubernetes";
import { deployed, labels, replicas, resources } from "../platform";
import { OVERLAP_HOURS, type OverlapProps, overlapProblems, rotationLabels } from "../rotation";
import { WorkloadSecret } from "../secrets";
import { ECK_OPERATOR } from "./eck-operator";
import type { Elasticsearch } from "./elastic-contract";
import { elasticsearchObject, exporterMonitor, kibanaLabels, kibanaObject, nodeLabels, PORTS } from "./elastic-objects";
import { type ElasticSettings, elasticProblems, type ResolvedElastic, resolveElastic } from "./elastic-options";
import { authorityOf, ElasticJobs, settingsPods } from "./elastic-settings";
import { ELASTIC_ROLES, type ElasticUsers, elasticUsers, usersAt } from "./elastic-users";

export interface ElasticStackProps extends Partial<ElasticSettings>, OverlapProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /**
   * Name of the cluster, and the beginning of the names of its Services: `elasticsearch-es-http`.
   * @default "elasticsearch"
   */
  readonly name?: string;

  /**
   * Kibana.
   * @default - with its own defaults; `false` leaves it out
   */
  readonly kibana?: KibanaSettings | false;

  /**
   * Secrets of the users, in the namespace. Secrets that are passed here are created by the caller, before this.
   * @default - `elasticUsers(name)`, which this creates as `WorkloadSecret`s
   */
  readonly users?: ElasticUsers;

  /** Pods that may connect to Elasticsearch: the collector, Jaeger, Grafana. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * Namespace of ECK, which queries the state of each node.
   * @default "elastic-system"
   */
  readonly operator?: string;

  /**
   * Namespace of Prometheus. Installs the exporter of `elasticsearch_*` metrics and a PodMonitor, which requires the CRDs of the Prometheus
   * operator.
   * @default - no metrics
   */
  readonly metricsFrom?: string;

  /**
   * Protects the cluster from deletion by Terraform. Its volumes stay in any case; passwords of the operator don't.
   * @default true
   */
  readonly protect?: boolean;

  /**
   * PriorityClass of all pods.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /** Dependencies: the namespace, ECK, external-secrets, the Secrets if they are passed. */
  readonly after?: readonly ITerraformDependable[];
}

/** Settings of Kibana: name, size, URL and allowed clients. */
export interface KibanaSettings {
  /**
   * Name, and the beginning of the name of its Service: `kibana-kb-http`.
   * @default "kibana"
   */
  readonly name?: string;

  /** @default 2 on a cluster of several zones, otherwise 1 */
  readonly replicas?: number;

  /** CPU request of each pod. @default "200m" */
  readonly cpu?: Cores;

  /**
   * Memory of each pod: request and limit. Kibana 9 doesn't start reliably with 1Gi (ECK 3.5, default of its Kibana pods).
   * @default "2Gi"
   */
  readonly memory?: Bytes;

  /** URL of Kibana for users, for links: `https://kibana.example.com`. @default - links are relative */
  readonly url?: string;

  /** Pods that may connect to it: a gateway. @default - none: users need `kubectl port-forward` */
  readonly clients?: readonly Exclude<Peer, "anywhere">[];
}

const NAME = "elasticsearch";

const KIBANA = { name: "kibana", cpu: "200m", memory: "2Gi" } as const;

const EXPORTER = { cpu: "20m", memory: "96Mi" } as const;

/**
 * Elasticsearch and Kibana, run by ECK: logs in data streams, traces of Jaeger in daily indices, both deleted at an age, and a user with
 * the least privileges for each client. `EckOperator` must be installed first.
 *
 * The objects are created here, not by the chart eck-stack, which adds nothing to them: volumes that survive the cluster, protection from
 * deletion, images from the mirror and network policies are then part of one tested configuration.
 *
 * The version of Elasticsearch and Kibana is pinned with the platform. Upgrade one minor version at a time, and from the newest minor
 * version of a major one to the next major version; the operator replaces the nodes one by one. A downgrade is only possible by restoring a
 * snapshot. Users sign in to Kibana as `elastic`, with the password in the Secret `<name>-es-elastic-user`.
 */
export class ElasticStack extends Construct {
  /** Dependencies of clients: Elasticsearch is available, with its policies, templates and users. */
  readonly ready: ITerraformDependable[];

  /** Address and users, for clients. */
  readonly elasticsearch: Elasticsearch;

  /** The service account of the nodes, which the role of `backup` trusts. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };

  constructor(scope: Construct, id: string, props: ElasticStackProps) {
    super(scope, id);
    const { cluster, namespace, overlapHours = OVERLAP_HOURS, protect = true, metricsFrom, priority } = props;
    const found = elasticProblems({ name: NAME, ...props });
    for (const [property, problems] of Object.entries(found)) refuse(this, problems, property);
    const name = props.name !== undefined && !found.name?.length ? props.name : NAME;
    const { users = elasticUsers(name) } = props;
    refuse(this, overlapProblems(overlapHours), "overlapHours");
    if (props.kibana) for (const [property, problems] of kibanaProblems(props.kibana)) refuse(this, problems, `kibana.${property}`);
    const settings = resolveElastic({ ...props, name, zoned: cluster.zones.length > 1 });
    const kibana = props.kibana === false ? undefined : kibanaOf(props, props.kibana);
    const pods = { cluster, namespace, ...(priority ? { priority } : {}) };
    const secrets = props.users
      ? []
      : ELASTIC_ROLES.map((role) => new WorkloadSecret(this, `user-${role}`, { ...props, spec: users[role] }).release);
    const after = [...(props.after ?? []), ...secrets];
    const release = (part: string, objects: readonly ApiObject[], before: readonly ITerraformDependable[], guarded = false) =>
      new CustomResources(this, part, {
        cluster,
        namespace,
        name: part === "nodes" ? name : `${name}-${part}`,
        objects,
        protect: guarded,
        after: before,
      }).release;

    const account = new ServiceAccountV1(this, "account", {
      metadata: { namespace, name },
      automountServiceAccountToken: false,
      dependsOn: [...after],
    });
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels: nodeLabels(name),
      ...openings(props, { name, kibana, settings }),
      after,
    });
    const nodes = release("nodes", [elasticsearchObject({ ...pods, name }, settings)], [...after, account, policy], protect);
    this.serviceAccount = { namespace, name };
    this.elasticsearch = elasticsearchOf({ namespace, name, users, nodes: settings.nodes });
    const { url } = this.elasticsearch;
    const jobs = new ElasticJobs(this, "settings", { cluster, namespace, name, url, settings, users, overlapHours, after: [nodes] });
    cluster.ledger.add({ ...nodesAsked(namespace, name, settings, cluster.zones.length > 1), ...cluster.ledger.priorityOf(priority) });
    if (kibana) {
      const { policy: ways } = new PodTraffic(this, "kibana-traffic", {
        namespace,
        name: kibana.name,
        labels: kibanaLabels(kibana.name),
        ingress: kibana.clients.length > 0 ? [{ name: "clients", peer: kibana.clients, ports: [PORTS.kibana] }] : [],
        egress: [{ name: "elasticsearch", peer: { namespace, labels: nodeLabels(name) }, ports: [PORTS.http] }],
        after,
      });
      release("kibana", [kibanaObject({ ...pods, ...kibana, elasticsearch: name })], [nodes, ways]);
      disruptionBudget(this, { cluster, namespace, name: kibana.name, most: kibana.replicas, matchLabels: kibanaLabels(kibana.name) });
      const group = deployed({ name: `${namespace}/${kibana.name}`, replicas: kibana.replicas, asked: [kibana] });
      cluster.ledger.add({ ...group, ...cluster.ledger.priorityOf(priority) });
    }
    if (metricsFrom)
      exporter(this, { ...pods, name, url, users, metricsFrom, backup: settings.backup !== undefined, after: [jobs.passed] });
    this.ready = [jobs.passed];
  }
}

/** Props of `ElasticStack` that determine its addresses and users. */
export type ElasticsearchProps = Pick<ElasticStackProps, "namespace" | "name" | "users" | "nodes">;

/** Addresses and users of an Elasticsearch for its clients, from its props. */
export function elasticsearchOf(props: ElasticsearchProps): Elasticsearch {
  const { namespace, name = NAME, users = elasticUsers(name), nodes = 3 } = props;
  return {
    name,
    url: `https://${name}-es-http.${namespace}.svc:${PORTS.http}`,
    authority: { home: namespace, secretName: authorityOf(name), key: "ca.crt" },
    peers: [{ namespace, labels: nodeLabels(name) }],
    users: usersAt(namespace, users),
    replicas: nodes > 1 ? 1 : 0,
  };
}

/**
 * Rights of the role of `backup` (Elasticsearch, S3 repository): the objects below its prefix, and the key that encrypts them, through S3
 * and for this bucket only.
 */
export function elasticBackupStatements(bucketArn: string, path: string, keyArn?: string): readonly object[] {
  const key = {
    Sid: "Key",
    Effect: "Allow",
    // S3, multipart uploads: completing an upload decrypts its parts.
    Action: ["kms:Decrypt", "kms:GenerateDataKey"],
    Resource: keyArn,
    Condition: { StringLike: { "kms:ViaService": "s3.*.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": `${bucketArn}*` } },
  };
  return [
    {
      Sid: "List",
      Effect: "Allow",
      Action: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"],
      Resource: bucketArn,
    },
    {
      Sid: "Snapshots",
      Effect: "Allow",
      Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
      Resource: `${bucketArn}/${path}/*`,
    },
    ...(keyArn ? [key] : []),
  ];
}

type Kibana = Required<Omit<KibanaSettings, "url" | "cpu">> & Pick<KibanaSettings, "url"> & { readonly cpu: `${number}m` };

function kibanaOf({ cluster }: ElasticStackProps, given: KibanaSettings = {}): Kibana {
  const { name = KIBANA.name, clients = [], url } = given;
  const wrong = new Map(kibanaProblems(given));
  const { cpu = KIBANA.cpu, memory = KIBANA.memory } = {
    ...(given.cpu !== undefined && !wrong.get("cpu")?.length ? { cpu: given.cpu } : {}),
    ...(given.memory !== undefined && !wrong.get("memory")?.length ? { memory: given.memory } : {}),
  };
  return {
    name,
    replicas: given.replicas ?? replicas({ cluster }, 2),
    cpu: `${known(millicores(cpu))}m`,
    memory,
    clients,
    ...(url ? { url } : {}),
  };
}

type Problems = readonly Omit<Problem, "path">[];

function kibanaProblems({ replicas: pods = 1, cpu = KIBANA.cpu, memory = KIBANA.memory }: KibanaSettings): readonly [string, Problems][] {
  const [cores, size] = [millicores(cpu), bytes(memory)];
  const little = { value: memory, rule: "is too little for Kibana 9, which crashes while it loads its plugins", remedy: "use 2Gi or more" };
  const count = { value: pods, rule: "must be a whole number of pods from 1", remedy: "use 2, or false in place of kibana" };
  return [
    ["replicas", Number.isInteger(pods) && pods >= 1 ? [] : [count]],
    ["cpu", typeof cores === "number" ? [] : [{ value: cpu, ...cores }]],
    ["memory", typeof size !== "number" ? [{ value: memory, ...size }] : size < known(bytes(KIBANA.memory)) ? [little] : []],
  ];
}

interface Described {
  readonly name: string;
  readonly kibana: Kibana | undefined;
  readonly settings: ResolvedElastic;
}

function openings(
  { namespace, clients, operator = ECK_OPERATOR.namespace, metricsFrom }: ElasticStackProps,
  { name, kibana, settings }: Described,
) {
  const within = (matched: Readonly<Record<string, string>>) => ({ namespace, labels: matched });
  // Before a node stops, it announces its shutdown to the cluster over HTTP.
  const nodes = { name: "nodes", peer: within(nodeLabels(name)), ports: [PORTS.http, PORTS.transport] };
  const own = [
    within(rotationLabels(settingsPods(name))),
    ...(kibana ? [within(kibanaLabels(kibana.name))] : []),
    ...(metricsFrom ? [within(exporterLabels(name))] : []),
  ];
  return {
    ingress: [nodes, { name: "clients", peer: [{ namespace: operator }, ...own, ...clients], ports: [PORTS.http] }],
    egress: [nodes, ...(settings.backup ? [{ name: "aws", peer: "anywhere" as const, ports: [443] }] : [])],
  };
}

function nodesAsked(namespace: string, name: string, { nodes, cpu, memory }: ResolvedElastic, zoned: boolean): PodGroup {
  return {
    name: `${namespace}/${name}`,
    pods: nodes,
    request: { ...requested([{ cpu, memory }]), volumes: 1 },
    spread: evenly(zoned, false),
  };
}

const CHART = "prometheus-elasticsearch-exporter";

const exporterOf = (name: string) => `${name}-exporter`;
const exporterLabels = (name: string) => labels(CHART, exporterOf(name));

interface ExporterProps extends Pick<ElasticStackProps, "cluster" | "namespace" | "priority"> {
  readonly name: string;
  readonly url: string;
  readonly users: ElasticUsers;
  readonly metricsFrom: string;
  readonly backup: boolean;
  readonly after: readonly ITerraformDependable[];
}

/**
 * Creates the exporter of metrics of the cluster, each node, lifecycles and snapshots. Metrics of indices are not exported: their number
 * grows with time.
 */
function exporter(scope: Construct, props: ExporterProps): void {
  const { cluster, namespace, name, url, users, metricsFrom, backup, priority, after } = props;
  const release = exporterOf(name);
  const { policy } = new PodTraffic(scope, "exporter-traffic", {
    namespace,
    name: release,
    labels: exporterLabels(name),
    ingress: [{ name: "metrics", peer: { namespace: metricsFrom }, ports: [PORTS.metrics] }],
    egress: [{ name: "elasticsearch", peer: { namespace, labels: nodeLabels(name) }, ports: [PORTS.http] }],
    after,
  });
  const secret = (key: string) => ({ secret: users.metrics.name, key });
  const { release: exporting } = new Release(scope, "exporter", {
    cluster,
    chart: CHART,
    name: release,
    namespace,
    after: [...after, policy],
    values: {
      fullnameOverride: release,
      ...(cluster.mirror ? { image: { repository: `${cluster.mirror}/prometheuscommunity/elasticsearch-exporter` } } : {}),
      ...(priority ? { priorityClassName: priority } : {}),
      resources: resources(EXPORTER),
      podSecurityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      service: { httpPort: PORTS.metrics },
      extraEnvSecrets: { ES_USERNAME: secret("username"), ES_PASSWORD: secret("password") },
      secretMounts: [{ name: "authority", secretName: authorityOf(name), path: "/authority" }],
      es: {
        uri: url,
        all: true,
        indices: false,
        indices_settings: true,
        indices_mappings: false,
        shards: false,
        snapshots: backup,
        slm: backup,
        ilm: true,
        data_stream: true,
        timeout: "15s",
        ssl: { enabled: true, useExistingSecrets: true, ca: { path: "/authority/ca.crt" }, client: { enabled: false } },
      },
      extraArgs: ["--collector.health-report"],
    },
    pods: [{ ...deployed({ name: release, replicas: 1, asked: [EXPORTER] }), ...cluster.ledger.priorityOf(priority) }],
  });
  new CustomResources(scope, "monitor", {
    cluster,
    namespace,
    name: `${release}-monitor`,
    objects: [exporterMonitor(namespace, release, name)],
    after: [exporting],
  });
}
