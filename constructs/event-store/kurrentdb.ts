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

  /** A dedicated namespace. cert-manager's CRDs must be installed before it. */
  readonly namespace: string;

  /**
   * Prefix of the names of its objects, and the name of its connections. A name that ends in `-nodes` or `-rollout` is rejected.
   * @default "event-store"
   */
  readonly name?: string;

  /** @default "26.0", which has long-term support */
  readonly version?: KurrentDbLine;

  /**
   * Defaults of `nodes`, `cpu`, `memory` and `storage`.
   * @default "medium": three nodes of 1 CPU and 8 GiB with 100 GiB each
   */
  readonly size?: Size;

  /** 1, 3 or 5 nodes: three tolerate the loss of one, five of two. Another number requires a restore; the plan rejects a change. */
  readonly nodes?: number;

  /** CPU request of a node. */
  readonly cpu?: Cores;

  /** Memory request and limit of a node; 60% of it is heap. */
  readonly memory?: Bytes;

  /** Volume size per node. It can grow at any time, in place; the API rejects a smaller size. */
  readonly storage?: Bytes;

  /**
   * Maximum time from a node's start until it listens: it checks its files, and rebuilds indexes after a crash.
   * @default "1h"
   */
  readonly recovery?: Duration;

  /** Clients that may connect, in addition to its own jobs. */
  readonly clients: readonly Exclude<Peer, "anywhere">[];

  /**
   * Names of the nodes for clients outside the cluster.
   * @default - none: they can be resolved only inside
   */
  readonly outside?: Outside;

  /**
   * Projections that the server runs: none, its own (`system`), or also those of users (`all`).
   * @default "none": the read side builds read models
   */
  readonly projections?: "none" | "system" | "all";

  /**
   * Starts its own projections (by category, by event type, …) together with the server.
   * @default false
   */
  readonly standardProjections?: boolean;

  /**
   * Enables AtomPub over HTTP for legacy clients; the vendor has deprecated it.
   * @default false
   */
  readonly atomPub?: boolean;

  /**
   * Persistent subscriptions. A job creates them, and updates their settings when an apply has changed them; their consumers then have to
   * reconnect. One that is no longer declared is not deleted: delete it manually.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * Additional system streams that the role `subscriptions` may read: `["$ce-order"]`. Granted once; a grant that is no longer declared
   * stays.
   * @default - those that persistent subscriptions read; only administrators read others
   */
  readonly systemStreams?: readonly string[];

  /** Additional server options, without prefix: `{ READER_THREADS_COUNT: 8 }`. Options that the version rejects are rejected here. */
  readonly options?: KurrentDbOptions;

  /** The licence key, in a Secret of the same namespace. Nodes then connect to the vendor over HTTPS. */
  readonly licence?: SecretReference;

  /** @default - any node */
  readonly placement?: Placement;

  /**
   * The namespace of the Prometheus that scrapes its metrics. Requires the CRDs of the Prometheus operator.
   * @default - none
   */
  readonly metrics?: string;

  /**
   * Schedule of scavenges, one node after the other, in cron syntax (UTC).
   * @default "0 2 * * 6": Saturday at two
   */
  readonly scavenge?: string;

  /** Protects its volumes from deletion. @default true */
  readonly protect?: boolean;

  /**
   * Disables TLS, users and permissions: anyone who can connect has full access. For one node on your own machine.
   * @default false
   */
  readonly insecureOnOwnMachine?: boolean;

  /**
   * The PriorityClass, which decides which pods are preempted first.
   * @default - the cluster's own default
   */
  readonly priority?: string;

  /**
   * Resources that create the secrets of `kurrentDbSecrets(name)` in its namespace.
   * @default - this creates each as a `WorkloadSecret`; with `insecureOnOwnMachine` there are none
   */
  readonly secrets?: readonly ITerraformDependable[];

  /** Resources to create first: namespace, external-secrets, cert-manager's CRDs and webhook. */
  readonly after?: readonly ITerraformDependable[];
}

/** DNS names of nodes outside of their cluster: `event-store-0.event-store.<domain>`, maintained by external-dns. */
export interface Outside {
  /** A private zone of external-dns: `orders.internal`. */
  readonly domain: string;

  /** CIDR blocks of the pods, for the egress rules of clients elsewhere. */
  readonly networks: readonly string[];

  /**
   * Remote secret to which the CA certificate is pushed for other clusters.
   * @default - none: you must pass it to clients in another way
   */
  readonly authority?: RemoteCopy;
}

/**
 * EventStoreDB or KurrentDB on Kubernetes: the system of record. Nodes authenticate each other by certificates of a private CA; each has a
 * volume that Terraform owns and grows, in a separate zone. A change never reaches all nodes at once: a job replaces them one by one, the
 * leader last.
 */
export class KurrentDb extends Construct {
  /** Resources that workloads depend on: nodes serve, users can sign in. */
  readonly ready: ITerraformDependable[];

  /** Connection data for clients in the same cluster. */
  readonly eventStore: EventStore;

  /** Connection data for clients elsewhere, if it has names outside. */
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
            // Clients would not trust a new CA.
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

  /** Headless service with names of all nodes, also unready ones: nodes must find each other before any is ready. */
  private headless({ name, namespace, domain }: NodeProps, after: readonly ITerraformDependable[]): ServiceV1 {
    return new ServiceV1(this, "names", {
      metadata: {
        namespace,
        name: nodesService(name),
        labels: nodeLabels(name),
        annotations: domain
          ? {
              // external-dns creates a record for each pod of a headless service, prefixed with the pod's name.
              "external-dns.alpha.kubernetes.io/hostname": `${name}.${domain}`,
              "external-dns.alpha.kubernetes.io/ttl": "10",
            }
          : {},
      },
      spec: { clusterIp: "None", publishNotReadyAddresses: true, selector: nodeLabels(name), port: ports(true) },
      dependsOn: [...after],
    });
  }

  /** Service of all ready nodes. */
  private service({ name, namespace }: NodeProps, after: readonly ITerraformDependable[]): ServiceV1 {
    return new ServiceV1(this, "service", {
      metadata: { namespace, name, labels: { ...nodeLabels(name), "app.kubernetes.io/component": "service" } },
      spec: { type: "ClusterIP", selector: nodeLabels(name), port: ports(false) },
      dependsOn: [...after],
    });
  }

  /** Creates the PersistentVolumeClaims that the StatefulSet finds by name. A StatefulSet can't grow claims that it creates itself. */
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
          // Bound when its pod is scheduled: the volume must be in the pod's zone.
          waitUntilBound: false,
          dependsOn: [...after],
          lifecycle: { preventDestroy: protect },
        }),
    );
  }

  /**
   * Stores the initial number of nodes, which can't change. Two empty nodes added to one are a majority of three and can elect a leader
   * without the events; nodes added to three are rejected by the existing ones. If data is protected, Terraform stops here.
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
        // All at once: no node is ready before there is a leader.
        podManagementPolicy: "Parallel",
        // The rollout job replaces the pods, because it knows the leader.
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
            // Gauges of recent maxima cover 16 to 20 seconds: another interval misses peaks or shows them twice.
            interval: "15s",
            relabelings: [storeLabel(name)],
            // EventStoreDB has the same metrics under its own prefix. Rules and dashboards use one prefix.
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

/** Resolves the defaults of all settings; unreadable values are rejected elsewhere, and replaced by the default here. */
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

/** DNS names under which nodes are addressed by nodes, clients, jobs and port forwarding. */
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
