import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { StatefulSetV1 } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { RemoteCopy, SecretReference } from "../connection";
import { refuse } from "../core/errors";
import { type Bytes, type Cores, type Duration, seconds } from "../core/quantities";
import { DEFAULT_KURRENTDB, KURRENTDB, type KurrentDbLine } from "../core/versions";
import { CustomResources, imageFrom, type KubernetesTarget, type Peer, STAYS, storeLabel } from "../kubernetes";
import { WorkloadSecret } from "../secrets";
import type { Size } from "../sizing";
import type { EventStore } from "./contract";
import { certificateNames, certificates } from "./kurrentdb-certificates";
import { kurrentDbEventStore } from "./kurrentdb-connections";
import { nodeProblems } from "./kurrentdb-guards";
import { KurrentDbNetwork } from "./kurrentdb-network";
import { hasTcp, type NodeProps, nodeLabels, nodePod, nodesService, type Placement, PORTS } from "./kurrentdb-node";
import { KurrentDbOperations } from "./kurrentdb-operations";
import { type KurrentDbOptions, optionProblems } from "./kurrentdb-options";
import { KurrentDbScripts } from "./kurrentdb-scripts";
import { kurrentDbSecrets } from "./kurrentdb-secrets";
import { type NodeSize, nodeSize } from "./kurrentdb-size";
import type { PersistentSubscription } from "./kurrentdb-subscriptions";
import { LINES } from "./kurrentdb-versions";
import { DEFAULT_STORE_NAME } from "./store-name";

export interface KurrentDbProps {
  readonly cluster: KubernetesTarget;

  /** A namespace in which nothing else runs; cert-manager's definitions come before. */
  readonly namespace: string;

  /**
   * Part of the name of everything it is made of, and the name of its connections. A name that ends in `-nodes` or
   * `-rollout` is refused.
   * @default "event-store"
   */
  readonly name?: string;

  /** @default "26.0", which has long-term support */
  readonly version?: KurrentDbLine;

  /**
   * What `nodes`, `cpu`, `memory` and `storage` are where they are not said.
   * @default "medium": three nodes of 1 CPU and 8 GiB with 100 GiB each
   */
  readonly size?: Size;

  /** 1, 3 or 5: three go on without any one of them, five without two. The way to another number is a restore, and refused by the plan. */
  readonly nodes?: number;

  /** What a node asks for. */
  readonly cpu?: Cores;

  /** What a node asks for and may use at most: 60 % of it for its heap. */
  readonly memory?: Bytes;

  /** The volume of each node. It may be raised at any time and grows in place; the API refuses less. */
  readonly storage?: Bytes;

  /**
   * How long a node may take from its start until it listens: it checks its files, and after an unclean end makes indexes anew.
   * @default "1h"
   */
  readonly recovery?: Duration;

  /** Who may connect, beside its own jobs. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * How clients outside the cluster know its nodes.
   * @default - they are known inside only
   */
  readonly outside?: Outside;

  /**
   * Projections that the store itself runs: none, its own (`system`), or those of users too (`all`).
   * @default "none": read models are built by the read side
   */
  readonly projections?: "none" | "system" | "all";

  /**
   * Whether its own projections (by category, by event type, …) are started with it.
   * @default false
   */
  readonly standardProjections?: boolean;

  /**
   * Whether old clients may use the store over plain HTTP; the vendor has deprecated it.
   * @default false
   */
  readonly atomPub?: boolean;

  /**
   * Persistent subscriptions. The job of users creates them, and updates their settings when an apply has changed them, which
   * has consumers connect again. One that is no longer declared stays: delete it by hand.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * Further system streams that the role `subscriptions` may read: `["$ce-order"]`. Granted once; a grant that is no longer named
   * stays.
   * @default - those that persistent subscriptions read; the others are the administrators'
   */
  readonly systemStreams?: readonly string[];

  /** Further options, without prefix: `{ READER_THREADS_COUNT: 8 }`. What the version would refuse is refused here. */
  readonly options?: KurrentDbOptions;

  /** The key of a licence, in a secret of the same namespace. Nodes then speak with the vendor over HTTPS. */
  readonly licence?: SecretReference;

  /** @default - any node */
  readonly placement?: Placement;

  /**
   * The namespace of the Prometheus that reads its metrics, which takes the definitions of the Prometheus operator.
   * @default - none does
   */
  readonly metrics?: string;

  /**
   * When nodes are scavenged, one after the other, as cron has it (UTC).
   * @default "0 2 * * 6": Saturday at two
   */
  readonly scavenge?: string;

  /** Whether its volumes are guarded against deletion. @default true */
  readonly protect?: boolean;

  /**
   * No TLS, no users, no rights: whoever reaches it may do everything. For one node on one's own machine.
   * @default false
   */
  readonly insecureOnOwnMachine?: boolean;

  /**
   * The PriorityClass that decides who goes first when room is short.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /**
   * What creates the secrets of `kurrentDbSecrets(name)` in its namespace.
   * @default - this creates each as a `WorkloadSecret`; with `insecureOnOwnMachine` there are none
   */
  readonly secrets?: readonly ITerraformDependable[];

  /** What has to be there before: namespace, external-secrets, the definitions and webhook of cert-manager. */
  readonly after?: readonly ITerraformDependable[];
}

/** Names of nodes outside of their cluster: `event-store-0.event-store.<domain>`, kept by external-dns. */
export interface Outside {
  /** A private zone of external-dns: `orders.internal`. */
  readonly domain: string;

  /** Networks in which pods get their addresses, for the policies of those who come from elsewhere. */
  readonly networks: readonly string[];

  /**
   * Where the authority's certificate is pushed to for other clusters.
   * @default - nowhere: they have to be told it in another way
   */
  readonly authority?: RemoteCopy;
}

/**
 * EventStoreDB or KurrentDB on Kubernetes: the system of record, on nodes that know each other by certificates of an
 * authority of their own, each on a volume that Terraform owns and grows, in a zone of its own. A change never reaches all
 * nodes at once: a job replaces them one by one, the leader last.
 */
export class KurrentDb extends Construct {
  /** What workloads come after: nodes serve, users can sign in. */
  readonly ready: ITerraformDependable[];

  /** What others in the same cluster know of it. */
  readonly eventStore: EventStore;

  /** What others elsewhere know of it, where it has names outside. */
  readonly eventStoreOutside?: EventStore;

  constructor(scope: Construct, id: string, props: KurrentDbProps) {
    super(scope, id);
    const { cluster, namespace, outside, protect = true, licence } = props;
    const { version = DEFAULT_KURRENTDB } = props;
    const line = version in KURRENTDB ? version : DEFAULT_KURRENTDB;
    const size = nodeSize(props);
    for (const [property, problems] of nodeProblems(props, size)) refuse(this, problems, property);
    refuse(this, optionProblems(props.options ?? {}, { line, licensed: licence !== undefined }), "options");
    const node = decided(props, line, size);
    const { name, insecure } = node;
    const after = [...(props.after ?? []), ...(props.secrets ?? (insecure ? [] : this.secrets(name, props)))];

    const account = new ServiceAccountV1(this, "account", {
      metadata: { namespace, name },
      automountServiceAccountToken: false,
      dependsOn: [...after],
    });
    const { persistentSubscriptions: subscriptions = [], systemStreams = [] } = props;
    const scripts = new KurrentDbScripts(this, "scripts", { name, namespace, subscriptions, systemStreams, after });
    const network = new KurrentDbNetwork(this, "network", {
      name,
      namespace,
      clients: props.clients,
      licensed: licence !== undefined,
      tcp: hasTcp(node.options),
      after,
      ...(props.metrics ? { metrics: props.metrics } : {}),
    });
    const authority = insecure
      ? []
      : [
          new CustomResources(this, "certificates", {
            cluster,
            namespace,
            name: `${name}-certificates`,
            objects: certificates({ name, namespace, dnsNames: namesOf(node) }),
            // Another authority would be unknown to every client.
            protect,
            after,
          }).release,
        ];
    const services = [this.headless(node, after), this.service(node, after)];
    const claims = this.claims(node, size, cluster.storageClass, protect, after);
    const founded = this.founded(node, protect, after);
    const set = this.nodes(node, size, cluster.storageClass, [
      account,
      ...scripts.ready,
      ...network.policies,
      ...authority,
      ...services,
      ...claims,
      founded,
    ]);
    if (node.nodes > 1) this.budget(node, after);
    if (props.metrics && !insecure) this.monitor(node, cluster, after);
    const operations = new KurrentDbOperations(this, "operations", {
      cluster,
      node,
      set,
      scavenge: props.scavenge ?? "0 2 * * 6",
      declared: scripts.declared,
      after: [...after, ...scripts.ready, ...network.policies, ...authority],
    });
    this.ready = [...operations.ready];
    const access = { name, namespace, nodes: node.nodes, version: line, insecure };
    this.eventStore = kurrentDbEventStore(access);
    if (outside) this.eventStoreOutside = kurrentDbEventStore({ ...access, outside });
  }

  private secrets(name: string, { cluster, namespace, after = [] }: KurrentDbProps): readonly ITerraformDependable[] {
    const at = new Construct(this, "secrets");
    return Object.entries(kurrentDbSecrets(name)).map(
      ([of, spec]) => new WorkloadSecret(at, of, { cluster, namespace, spec, after }).release,
    );
  }

  /** Names for each node, also while it does not serve yet: nodes find each other before any of them is ready. */
  private headless({ name, namespace, domain }: NodeProps, after: readonly ITerraformDependable[]): ServiceV1 {
    return new ServiceV1(this, "names", {
      metadata: {
        namespace,
        name: nodesService(name),
        labels: nodeLabels(name),
        annotations: domain
          ? {
              // external-dns makes a record for each pod of a headless service, its name before this one.
              "external-dns.alpha.kubernetes.io/hostname": `${name}.${domain}`,
              "external-dns.alpha.kubernetes.io/ttl": "10",
            }
          : {},
      },
      spec: { clusterIp: "None", publishNotReadyAddresses: true, selector: nodeLabels(name), port: ports(true) },
      dependsOn: [...after],
    });
  }

  /** Any node that serves. */
  private service({ name, namespace }: NodeProps, after: readonly ITerraformDependable[]): ServiceV1 {
    return new ServiceV1(this, "service", {
      metadata: { namespace, name, labels: { ...nodeLabels(name), "app.kubernetes.io/component": "service" } },
      spec: { type: "ClusterIP", selector: nodeLabels(name), port: ports(false) },
      dependsOn: [...after],
    });
  }

  /** The claims that the StatefulSet looks for by name. It can't grow those that it makes itself. */
  private claims(
    { name, namespace, nodes }: NodeProps,
    size: NodeSize,
    storageClass: string,
    protect: boolean,
    after: readonly ITerraformDependable[],
  ) {
    return Array.from(
      { length: nodes },
      (_, index) =>
        new PersistentVolumeClaimV1(this, `data-${index}`, {
          metadata: { namespace, name: `data-${name}-${index}`, labels: nodeLabels(name) },
          spec: { ...claim(size, storageClass) },
          // Bound when its pod is: the volume has to be in the pod's zone.
          waitUntilBound: false,
          dependsOn: [...after],
          lifecycle: { preventDestroy: protect },
        }),
    );
  }

  /**
   * How many nodes it began with, which stay so many. Two empty nodes beside one are a majority of three and choose a leader
   * without the one that has the events; further nodes of three are turned away by those that know of three. Where data is
   * protected, Terraform stops here.
   */
  private founded({ name, namespace, nodes }: NodeProps, protect: boolean, after: readonly ITerraformDependable[]): ConfigMapV1 {
    return new ConfigMapV1(this, "founded", {
      metadata: { namespace, name: `${name}-founded` },
      immutable: true,
      data: { nodes: String(nodes), "another-number": "restore a backup into a new event store of that number" },
      dependsOn: [...after],
      lifecycle: { preventDestroy: protect },
    });
  }

  private nodes(node: NodeProps, size: NodeSize, storageClass: string, dependsOn: ITerraformDependable[]): StatefulSetV1 {
    const { name, namespace, nodes } = node;
    return new StatefulSetV1(this, "nodes", {
      metadata: { namespace, name, labels: nodeLabels(name) },
      spec: {
        serviceName: nodesService(name),
        replicas: String(nodes),
        // All at once: none is ready before there is a leader.
        podManagementPolicy: "Parallel",
        // Replaced by the job, which knows who leads.
        updateStrategy: [{ type: "OnDelete" }],
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: [{ whenDeleted: "Retain", whenScaled: "Retain" }],
        selector: { matchLabels: nodeLabels(name) },
        template: { metadata: { labels: nodeLabels(name), ...(nodes === 1 ? { annotations: STAYS } : {}) }, spec: nodePod(node) },
        volumeClaimTemplate: [{ metadata: { name: "data" }, spec: claim(size, storageClass) }],
      },
      waitForRollout: false,
      dependsOn,
      lifecycle: { ignoreChanges: ["spec[0].volume_claim_template"] },
    });
  }

  private budget({ name, namespace }: NodeProps, after: readonly ITerraformDependable[]): void {
    new PodDisruptionBudgetV1(this, "budget", {
      metadata: { namespace, name },
      spec: { maxUnavailable: "1", selector: { matchLabels: nodeLabels(name) } },
      dependsOn: [...after],
    });
  }

  private monitor({ name, namespace, line, secrets }: NodeProps, cluster: KubernetesTarget, after: readonly ITerraformDependable[]): void {
    const monitor = {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "ServiceMonitor",
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: nodeLabels(name) },
        endpoints: [
          {
            port: "http",
            scheme: "https",
            path: "/metrics",
            // Its gauges of recent maxima cover 16 to 20 seconds: another interval misses peaks or shows them twice.
            interval: "15s",
            relabelings: [storeLabel(name)],
            // EventStoreDB has the same metrics under its own name. Rules and dashboards know one.
            ...(LINES[line].prefix === "EVENTSTORE_"
              ? {
                  metricRelabelings: [
                    { sourceLabels: ["__name__"], regex: "eventstore_(.+)", targetLabel: "__name__", replacement: "kurrentdb_$1" },
                  ],
                }
              : {}),
            basicAuth: { username: { name: secrets.metrics.name, key: "user" }, password: { name: secrets.metrics.name, key: "password" } },
            tlsConfig: {
              serverName: `${nodesService(name)}.${namespace}.svc.cluster.local`,
              ca: { secret: { name: certificateNames(name).authority, key: "ca.crt" } },
            },
          },
        ],
      },
    };
    new CustomResources(this, "monitor", { cluster, namespace, name: `${name}-monitor`, objects: [monitor], after });
  }
}

const RECOVERY: Duration = "1h";

/** What is decided, each by itself; what can't be read is refused elsewhere, and stands here as if nobody had said it. */
function decided(props: KurrentDbProps, line: KurrentDbLine, { nodes, cpu, memory }: NodeSize): NodeProps {
  const { cluster, namespace, name = DEFAULT_STORE_NAME, recovery = RECOVERY, licence, outside, priority } = props;
  return {
    name,
    namespace,
    line,
    image: imageFrom(cluster, KURRENTDB[line]),
    nodes,
    cpu,
    memory,
    recovery: typeof seconds(recovery) === "number" ? recovery : RECOVERY,
    insecure: props.insecureOnOwnMachine ?? false,
    projections: props.projections ?? "none",
    standardProjections: props.standardProjections ?? false,
    atomPub: props.atomPub ?? false,
    options: props.options ?? {},
    secrets: kurrentDbSecrets(name),
    placement: props.placement ?? {},
    apart: cluster.zones.length > 1,
    ...(licence ? { licence } : {}),
    ...(outside ? { domain: outside.domain } : {}),
    ...(priority ? { priority } : {}),
  };
}

/** Every name under which a node is asked for, by nodes, clients, jobs, and whoever has forwarded a port to himself. */
function namesOf({ name, namespace, domain }: NodeProps): readonly string[] {
  const within = (service: string) => [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
  const headless = nodesService(name);
  return [
    ...within(name),
    ...within(headless),
    ...within(`*.${headless}`),
    ...(domain ? [`${name}.${domain}`, `*.${name}.${domain}`] : []),
    "localhost",
  ];
}

function claim({ storage }: NodeSize, storageClassName: string) {
  return { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } };
}

function ports(replication: boolean) {
  return [
    { name: "http", port: PORTS.http, targetPort: "http" },
    ...(replication ? [{ name: "replication", port: PORTS.replication, targetPort: "replication" }] : []),
  ];
}
