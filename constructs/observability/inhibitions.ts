/** Inhibition: while an alert about a cause fires, alerts about its consequences are suppressed. An alert can't inhibit itself. */
export interface Inhibition {
  /** Why the source causes the targets, and why the scope is not wider than that. */
  readonly because: string;

  /** Matchers of alerts about a cause. */
  readonly source: readonly string[];

  /** Matchers of alerts about its consequences. */
  readonly target: readonly string[];

  /** Labels with equal values in both. A label that both alerts lack counts as equal. */
  readonly equal: readonly string[];
}

/** Known dependencies. */
export interface Dependencies {
  /**
   * Stores, and the namespaces with workloads that use the store or call a service that does. While a store is down, alerts about requests
   * and pods are suppressed in these namespaces only.
   * @default - all namespaces of the domain that owns the store, or of the cluster if no domain does
   */
  readonly stores?: readonly { readonly store: string; readonly namespace: string; readonly dependents: readonly string[] }[];

  /**
   * Number of gateways behind load balancers. Alerts about load balancers don't name a namespace, so an alert about a gateway suppresses them
   * only if there is no other.
   * @default 1
   */
  readonly gateways?: number;
}

const CLUSTER = ["cluster"];
const NAMESPACE = [...CLUSTER, "namespace"];
const STORE = [...NAMESPACE, "store"];
const POD = [...STORE, "pod"];
const WORKLOAD = [...NAMESPACE, "workload"];
const CLAIM = [...NAMESPACE, "persistentvolumeclaim"];
const CRON_JOB = [...NAMESPACE, "cronjob"];
const DATABASE = [...NAMESPACE, "dimension_DBInstanceIdentifier"];

/** Labels of what alerts of the chart name: two severities of one alert concern the same thing. */
const THING = [...NAMESPACE, "alertname", "instance", "node", "device", "persistentvolumeclaim"];

/** Alerts of services that fire if a dependency is down. */
const REQUESTS = "RequestErrors|RequestsSlow|ErrorBudgetBurns.+";

/** Those, and alerts of workloads: their pods end or are not ready, and queries of autoscalers fail. */
const DEPENDENTS = `${REQUESTS}|WorkloadReplicasUnavailable|WorkloadCrashLooping|WorkloadRestarts|WorkloadAutoscalerFailing`;

/** Endpoints whose requests pass a gateway: not those of stores in the cluster. */
const OUTSIDE = 'instance!~".+[.]svc.*"';

/** Alerts that fire if pods can't resolve names. */
const UNRESOLVED = [
  DEPENDENTS,
  "WorkloadDown|EndpointDown|ReadModel(Behind|NotAdvancing|PartitionsUnowned|NotSeen|BuildStalled|sUnknown)|ScrapeTargets.+",
  "RemoteWriteBehind|RemoteWriteFailing|ExternalDnsNotSynced|ControllerErrors",
  "KurrentDbGossipFails|KurrentDbSubscription.+|NatsConsumer(Stuck|Behind)|CollectorLosingData|CollectorRefusing|CollectorQueueNearlyFull",
  "JaegerNotStoring|Secret.+|CertificateIssuerNotReady|CloudWatchExporterFails|AlertNotificationsFailing|JobFailed|CronJobFailed",
].join("|");

/** Alerts that fire if a node is down, because replicas and pods ran on it. */
const ON_NODES = [
  "KurrentDbNodeDown|KurrentDbNodeNotInRole|PostgresInstanceDown|PostgresStandbyNotStreaming|NatsServerDown|ValkeyReplicaDown",
  "ValkeyReplicaDisconnected|ControllerDown|ObservabilityPartDown|ScrapeTargetsDown",
  // Of causes that a node doesn't have, people are told: it may be away for days.
  "Workload(ReplicasUnavailable|RolloutStuck|PodsUnschedulable|DisruptionBudgetAtLimit|AutoscalerFailing)",
].join("|");

/** All inhibitions. */
export function inhibitions(dependencies: Dependencies = {}): readonly Inhibition[] {
  return [...GENERAL, ...WITHIN_STORES, ...needed(dependencies), ...JOBS, ...VOLUMES, ...PLATFORM, ...ingress(dependencies), ...SERVICES];
}

const GENERAL: readonly Inhibition[] = [
  {
    because: "It is the same alert about the same thing, at two thresholds.",
    source: ['severity="critical"'],
    target: ['severity=~"warning|info"'],
    equal: THING,
  },
  {
    because: "It is the same alert about the same thing, at two thresholds.",
    source: ['severity="warning"'],
    target: ['severity="info"'],
    equal: THING,
  },
  {
    because: "As in the chart of Prometheus: informational alerts are context, and sent only while another alert of the namespace fires.",
    source: ['alertname="InfoInhibitor"'],
    target: ['severity="info"'],
    equal: NAMESPACE,
  },
  {
    because: "A workload that does nothing is one cause; how its pods fail is a detail of it.",
    source: ['severity="critical"', 'workload=~".+"'],
    target: ['severity="warning"', 'workload=~".+"'],
    equal: WORKLOAD,
  },
];

/** Within one store. Its other alerts (disk, backups, memory) have causes of their own, and are sent. */
const WITHIN_STORES: readonly Inhibition[] = [
  {
    because: "Without a leader nothing is written, replicated, projected, consumed or backed up.",
    source: [named("KurrentDbDown|KurrentDbNoLeader")],
    target: [
      named(
        "KurrentDb(NodeDown|NodeNotInRole|Elections|FollowerBehind|GossipFails|QueueSlow|CallsFail|AppendsSlow|ScavengeLate|" +
          "SubscriptionBehind|AllSubscriptionBehind|SubscriptionUnconnected|ProjectionFaulted|ProjectionStopped)|StreamBackupLate",
      ),
    ],
    equal: STORE,
  },
  {
    because: "A split network is why nodes elect, lag and don't hear each other.",
    source: [named("KurrentDbSeveralLeaders")],
    target: [named("KurrentDb(Elections|NodeNotInRole|FollowerBehind|GossipFails|CallsFail|AppendsSlow)")],
    equal: STORE,
  },
  {
    because: "Appends of all nodes wait for flushes of a majority.",
    source: [named("KurrentDbFlushSlow")],
    target: [named("KurrentDbAppendsSlow")],
    equal: STORE,
  },
  {
    because: "The queues of a node wait for its disk.",
    source: [named("KurrentDbFlushSlow")],
    target: [named("KurrentDbQueueSlow")],
    equal: POD,
  },
  {
    because: "Without a primary there is nothing to stream, archive or back up.",
    source: [named("PostgresDown")],
    target: [
      named(
        "Postgres(NoSynchronousStandby|InstanceDown|StandbyNotStreaming|ReplicationLag|ArchivingFails|BackupFailed|BackupLate|PoolerWaiting)" +
          "|StreamBackupLate",
      ),
    ],
    equal: STORE,
  },
  {
    because: "Read models are in the database. Their exporter may run in another namespace.",
    source: [named("PostgresDown")],
    target: [named("ReadModel.+")],
    equal: [...CLUSTER, "store"],
  },
  {
    because: "The standby that commits wait for is the one that is away, and sessions pile up behind the commits.",
    source: [named("PostgresNoSynchronousStandby")],
    target: [
      named(
        "Postgres(InstanceDown|StandbyNotStreaming|ReplicationLag|SlotLag|LockWaiters|IdleTransaction|LongTransaction|ConnectionsNearMax|PoolerWaiting)",
      ),
    ],
    equal: STORE,
  },
  {
    because: "A base backup ends only when its WAL is archived.",
    source: [named("PostgresArchivingFails")],
    target: [named("PostgresBackup(Failed|Late)")],
    equal: STORE,
  },
  {
    because: "There is no backup because it failed.",
    source: [named("PostgresNoBackup")],
    target: [named("PostgresBackupFailed")],
    equal: STORE,
  },
  {
    because: "Clients wait for a pooler that is not there.",
    source: [named("PostgresPoolerDown")],
    target: [named("PostgresPoolerWaiting")],
    equal: STORE,
  },
  {
    because: "The same age at two thresholds.",
    source: [named("PostgresTransactionIdsNearEnd")],
    target: [named("PostgresTransactionIdAge")],
    equal: [...STORE, "datname"],
  },
  {
    because: "The same age at two thresholds.",
    source: [named("RdsTransactionIdsNearEnd")],
    target: [named("RdsTransactionIdAge")],
    equal: DATABASE,
  },
  {
    because: "The same storage at two thresholds.",
    source: [named("RdsStorageLow")],
    target: [named("RdsStorageFullWithinDay")],
    equal: DATABASE,
  },
  {
    because: "Without a majority of servers no stream or consumer has a leader.",
    source: [named("NatsDown|NatsNoMetaLeader")],
    target: [named("Nats(ServerDown|JetStreamDisabled|StreamNoLeader|LeadersMove|Redelivered)|NatsConsumer.+")],
    equal: STORE,
  },
  {
    because: "A stream without a leader delivers nothing to its consumers.",
    source: [named("NatsStreamNoLeader")],
    target: [named("NatsConsumer.+")],
    equal: [...STORE, "account", "stream_name"],
  },
  {
    because: "The server is away, or not ready without JetStream, which is why the majority is gone.",
    source: [named("NatsStreamNoLeader|NatsJetStreamDisabled")],
    target: [named("NatsServerDown|NatsLeadersMove")],
    equal: STORE,
  },
  {
    because: "Replicas follow a primary that is away.",
    source: [named("ValkeyDown")],
    target: [named("Valkey(ReplicaDown|ReplicaDisconnected|ExporterFails)")],
    equal: STORE,
  },
  {
    because: "The same memory at two thresholds.",
    source: [named("ValkeyStoreFull")],
    target: [named("ValkeyStoreMemoryHigh")],
    equal: POD,
  },
  {
    because: "The log is not written because its volume is full.",
    source: [named("ValkeyDiskFull")],
    target: [named("ValkeyLogWriteFails|ValkeyLogRewriteFails")],
    equal: STORE,
  },
  {
    because: "What can't be written can't be rewritten.",
    source: [named("ValkeyLogWriteFails")],
    target: [named("ValkeyLogRewriteFails")],
    equal: POD,
  },
  {
    because: "The primary that is away is the node that doesn't report, and replicas have nothing to follow.",
    source: [named("ElastiCacheNoPrimary")],
    target: [named("ElastiCache(NotReporting|ReplicaDisconnected|ReplicationLag)")],
    equal: STORE,
  },
  {
    because: "Ages of read models grow while their exporter repeats its last values. Critical ones are sent all the same.",
    source: [named("ReadModelsUnknown")],
    target: [named("ReadModel.+"), 'severity="warning"'],
    equal: STORE,
  },
];

/** Cron jobs and restore drills. */
const JOBS: readonly Inhibition[] = [
  {
    because: "What a job is for, instead of the job.",
    source: [named("StreamBackup.+|AuditDigestLate|RestoreDrillFailed|RestoreObjectiveExceeded")],
    target: [named("CronJob.+")],
    equal: CRON_JOB,
  },
  {
    because: "A drill that does not start has no success.",
    source: [named("CronJobLate|CronJobSuspended")],
    target: [named("RestoreDrillMissing")],
    equal: CRON_JOB,
  },
  {
    because: "A drill that is slow fails.",
    source: [named("RestoreObjectiveExceeded")],
    target: [named("RestoreDrillFailed|RestoreDrillMissing")],
    equal: CRON_JOB,
  },
  {
    because: "A drill that fails has no success.",
    source: [named("RestoreDrillFailed")],
    target: [named("RestoreDrillMissing")],
    equal: CRON_JOB,
  },
];

/** Volumes of stores, of which the rules of their engines tell. */
const VOLUMES: readonly Inhibition[] = [
  {
    because: "The engine tells more about its volume: what fills it, and what to do.",
    source: [named("KurrentDbDisk.+|NatsStorage.+|Postgres(Wal|Disk).+|ValkeyDiskFull")],
    target: [named("VolumeFillingUp|VolumeNearlyFull")],
    equal: CLAIM,
  },
  {
    because: "The same volume at two thresholds.",
    source: [named("KurrentDbDiskFull|NatsStorageFull|PostgresDiskFull")],
    target: [named("KurrentDbDiskFullWithinDay|NatsStorageFullWithinDay|PostgresDiskFullWithinDay")],
    equal: CLAIM,
  },
  {
    because: "Flushes are slow because the volume is throttled; the engine tells what waits for it.",
    source: [named("KurrentDbFlushSlow")],
    target: [named("VolumeThrottled")],
    equal: CLAIM,
  },
];

/** Needs of everything on a cluster: each has the cluster as its scope. */
const PLATFORM: readonly Inhibition[] = [
  {
    because: "Replicas ran on the node, and any namespace may have had some. Only warnings: what is down altogether is sent.",
    source: [named("NodeNotReady|NodesNotReady")],
    target: [named(ON_NODES), 'severity=~"warning|info"'],
    equal: CLUSTER,
  },
  {
    because: "A volume comes over from a lost node only when it is given up. Images and Secrets have causes of their own.",
    source: [named("NodeNotReady|NodesNotReady")],
    target: [named("WorkloadContainerWaiting"), 'reason="ContainerCreating"'],
    equal: CLUSTER,
  },
  {
    because: "No pod of the cluster resolves a name.",
    source: [named("ClusterDnsDown")],
    target: [named(`${UNRESOLVED}|ClusterDnsErrors`)],
    equal: CLUSTER,
  },
  {
    because: "Names outside the cluster, or some of all, are not resolved for anybody.",
    source: [named("ClusterDnsErrors")],
    target: [named(UNRESOLVED), 'severity=~"warning|info"'],
    equal: CLUSTER,
  },
  {
    because: "Autoscalers of the cluster read their metrics from these.",
    source: [named("ControllerDown"), 'workload=~"keda.*|metrics-server"'],
    target: [named("WorkloadAutoscalerFailing")],
    equal: CLUSTER,
  },
  {
    because: "Webhooks are served by pods of controllers. An alert about a webhook names no namespace.",
    source: [named("ControllerDown|PostgresOperatorDown")],
    target: [named("AdmissionWebhookFails")],
    equal: CLUSTER,
  },
  {
    because: "Karpenter makes the nodes of the cluster.",
    source: [named("ControllerDown"), 'workload=~".*karpenter"'],
    target: [named("WorkloadPodsUnschedulable")],
    equal: CLUSTER,
  },
];

const SERVICES: readonly Inhibition[] = [
  {
    because: "Services of a namespace belong to one domain and call one another.",
    source: [named("WorkloadDown")],
    target: [named(REQUESTS)],
    equal: NAMESPACE,
  },
  {
    because: "The errors of a service use up its budget.",
    source: [named("RequestErrors")],
    target: [named("ErrorBudgetBurns.+")],
    equal: [...NAMESPACE, "app_kubernetes_io_name"],
  },
  {
    because: "It is sent only if no other critical alert of the cluster explains it.",
    source: ['severity="critical"', 'alertname!="SystemUnhealthy"'],
    target: [named("SystemUnhealthy")],
    equal: CLUSTER,
  },
];

/** The path of requests into the cluster. Each domain has a gateway of its own. */
function ingress({ gateways = 1 }: Dependencies): readonly Inhibition[] {
  const only: readonly Inhibition[] = [
    {
      because: "It is the cluster's only gateway, so they are its targets.",
      source: [named("GatewayDown")],
      target: [named("CdnErrors|LoadBalancer.+")],
      equal: CLUSTER,
    },
    {
      because: "It is the cluster's only gateway, so requests of all endpoints come through its load balancer.",
      source: [named("LoadBalancerWithoutHealthyTargets")],
      target: [named("EndpointDown|CdnErrors"), OUTSIDE],
      equal: CLUSTER,
    },
  ];
  return [
    {
      because: "The gateway is that workload.",
      source: [named("GatewayDown")],
      target: [named("WorkloadDown")],
      equal: WORKLOAD,
    },
    {
      because: "Requests of the domain's endpoints pass its gateway.",
      source: [named("GatewayDown")],
      target: [named("EndpointDown"), OUTSIDE],
      equal: NAMESPACE,
    },
    ...(gateways > 1 ? [] : only),
  ];
}

/** Dependents of stores that are down. */
function needed({ stores }: Dependencies): readonly Inhibition[] {
  const because = "Services fail, and pods end or are not ready, without the store that they use.";
  const down = "KurrentDbDown|KurrentDbNoLeader|PostgresDown|PostgresPoolerDown|NatsDown|NatsNoMetaLeader";
  const within = (from: string, suffering: string, source: readonly string[], target: readonly string[], equal: readonly string[]) => ({
    because,
    source: [named(from), ...source],
    target: [named(suffering), ...target],
    equal,
  });
  const each = (source: readonly string[], target: readonly string[], equal: readonly string[]) => [
    within(down, `${DEPENDENTS}|WorkloadDown`, source, target, equal),
    // Services go on without a cache, so one that is down has another cause.
    within("ValkeyDown", DEPENDENTS, source, target, equal),
  ];
  const followers = {
    because: "Workers of projections ask the event store for its end, whichever read model they fill.",
    source: [named("KurrentDbDown|KurrentDbNoLeader")],
    target: [named("ReadModelNotSeen")],
    equal: CLUSTER,
  };
  if (!stores) return [...each(['domain=""'], [], CLUSTER), ...each(['domain=~".+"'], [], [...CLUSTER, "domain"]), followers];
  return [
    ...stores.flatMap(({ store, namespace, dependents }) =>
      dependents.length > 0
        ? each([`store="${store}"`, `namespace="${namespace}"`], [`namespace=~"${[...dependents].sort().join("|")}"`], CLUSTER)
        : [],
    ),
    followers,
  ];
}

function named(names: string): string {
  return `alertname=~"${names}"`;
}
