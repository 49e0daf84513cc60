import type { BrokerPurpose } from "../../constructs/broker";
import type { Architecture, ClusterAccess, Generation } from "../../constructs/cluster";
import type { Bytes, Cores, Duration } from "../../constructs/core/quantities";
import type { KubernetesVersion, KurrentCloudVersion, KurrentDbLine, PostgresVersion } from "../../constructs/core/versions";
import type { CloudflareZone, EdgeCaching } from "../../constructs/edge";
import type { KurrentCloudSize, PersistentSubscription } from "../../constructs/event-store";
import type { RateLimit } from "../../constructs/gateway";
import type { Region } from "../../constructs/network";
import type { ReadModelSlot } from "../../constructs/projection";
import type { RedisPurpose } from "../../constructs/redis";
import type { Size } from "../../constructs/sizing";
import type { Probes, Scaling, Telemetry } from "../../constructs/workload";

/**
 * Everything that a person decides about one environment of one system, in one region.
 * A second region is another environment, linked by `standbyOf`.
 */
export interface Environment {
  /** The system's name, the beginning of every cloud name. */
  readonly system: string;

  /** The environment's name, the beginning of every stack id. */
  readonly name: string;

  /**
   * Where on AWS it lives.
   * @default - nowhere: it runs on existing clusters only
   */
  readonly aws?: Aws;

  /**
   * The environment, of another region, that this one stands by for.
   * @default - none: it is an original
   */
  readonly standbyOf?: string;

  /**
   * One cluster for everything.
   * @default - none: `writeCluster` and `readCluster` carry the system
   */
  readonly cluster?: Cluster;

  /** The cluster that takes commands and holds the event path. */
  readonly writeCluster?: Cluster;

  /** The cluster that projects and serves queries. */
  readonly readCluster?: Cluster;

  /**
   * Who may do what in the clusters that are made here, and from where. The pipeline's roles are in it by themselves.
   * @default - the pipeline's roles, from inside the network: its runners are in the security group `deploy-runners`
   */
  readonly access?: Access;

  /**
   * How much it has to do: below 10,000 events a month `small`, below 100,000 `medium`, more `large`. Each store takes
   * what is not said about it from this.
   * @default "medium"
   */
  readonly size?: Size;

  /**
   * What a pipeline changes of it: the content of its release file, `environments/production.release.json`.
   * @default - images and slots stand in the workloads themselves
   */
  readonly release?: Release;

  /** The system of record. */
  readonly eventStore?: EventStore;

  /** What takes commands from outside. */
  readonly commandApi?: OneOrMore<Service>;

  /** What carries commands out. */
  readonly commandProcessors?: OneOrMore<Processors>;

  /** What answers queries. */
  readonly queryApi?: OneOrMore<QueryApi>;

  /** What builds read models from events. */
  readonly projections?: OneOrMore<Projections>;

  /** Where read models lie. */
  readonly readDatabase?: OneOrMore<ReadDatabase>;

  /**
   * What changes the shape of read databases.
   * @default - the workloads see to it themselves
   */
  readonly migrations?: OneOrMore<Migrations>;

  /** What spares the read database the same question twice. */
  readonly cache?: Cache;

  /** What workloads send each other messages by. */
  readonly broker?: NatsSettings;

  /**
   * What watches the system. Not implemented but for `telemetry` and the definitions of `prometheus`, which the summary says.
   * @default - nothing does
   */
  readonly monitoring?: Monitoring;

  /**
   * Who is who: the tokens that the APIs accept. The APIs are told, and enforce it.
   * @default - nobody is asked, which takes the exception `openToAll` where an environment is protected
   */
  readonly authentication?: Authentication;

  /**
   * The roles that may send each command and ask each query: `{ CreateOrder: ["user", "admin"] }`. The APIs are told, and
   * enforce it.
   * @default - everybody may, which takes the exception `openToAll` where an environment is protected
   */
  readonly authorization?: Readonly<Record<string, readonly string[]>>;

  /**
   * Fields of read models that the workloads of the read side encrypt one by one (AES-256-GCM): `["ssn", "email"]`. They
   * are told the fields and get the keys; the platform encrypts none itself.
   * @default - none beyond the encryption of the whole database
   */
  readonly encryptedFields?: readonly string[];

  /**
   * Retention of backups on AWS.
   * @default - 35 days
   */
  readonly backup?: Backup;

  /**
   * A registry that holds every chart and image: `registry.example.com/mirror`.
   * @default - each comes from where its project publishes it
   */
  readonly mirror?: string;

  /**
   * What is weaker here than the platform's default, each with the reason why that is right.
   * @default - nothing is
   */
  readonly exceptions?: Exceptions;
}

/** A role that one or several things fill. Several need a `name` each. */
export type OneOrMore<T> = T | readonly T[];

export interface Aws {
  /** The account, which every provider is pinned to: twelve digits. One of `environments/accounts.ts`. */
  readonly account: string;

  readonly region: Region;

  /**
   * The region that the bucket of backups is replicated to. Only backups in that bucket are copied: those of
   * `cloudnative-pg` on EKS. The summary says whether any are.
   * @default - none, which takes the exception `noRecoveryCopy`
   */
  readonly recoveryRegion?: Region;

  /** The public domain under which the system is reached: `orders.example.com`. */
  readonly domain: string;

  /**
   * A public hosted zone that exists already and holds the domain, by its id: `Z0123456789ABCDEFGHIJ`. It is in the same
   * account, and may be the zone of a domain above: `example.com`.
   * @default - one of its own, which the zone above has to name once
   */
  readonly zone?: string;

  /**
   * The network: one of its own, or an existing one.
   * @default - its own, 10.0.0.0/16 over three zones
   */
  readonly network?: OwnNetwork | ExistingNetwork;

  /**
   * How long logs are kept: VPC flow logs, those of control planes, databases, caches and the edge. One of the periods that
   * CloudWatch Logs offers: `"90d"`.
   * @default "365d", or "30d" with the exception `disposable`
   */
  readonly logRetention?: Duration;

  /**
   * Tags on everything, beside system, environment and stack.
   * @default - none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface OwnNetwork {
  /**
   * Its addresses, from /16 to /21. No two environments may share any.
   * @default "10.0.0.0/16"
   */
  readonly cidr?: string;

  /**
   * Its zones by name. Two take the exception `twoZones`.
   * @default - the first three of the region
   */
  readonly zones?: readonly string[];

  /**
   * S3 buckets of other accounts, in the same region, that nodes and pods may read from: where a registry or a package
   * repository redirects downloads to. Requests to S3 leave through the gateway endpoint, which allows no others.
   * @default - those of ECR, registry.k8s.io and Amazon Linux; in us-east-1 those of Docker Hub and quay.io as well
   */
  readonly readableBuckets?: readonly string[];
}

export interface ExistingNetwork {
  /** The VPC's id: `vpc-0a1b2c3d`. */
  readonly vpc: string;

  /** Its subnets by use, in the order of the zones: one of each for every zone. */
  readonly subnets: {
    readonly public: readonly string[];
    readonly private: readonly string[];
    readonly data: readonly string[];
  };
}

/** A cluster that is made (EKS), or one that exists already and is known by its kubeconfig context. */
export type Cluster = NewCluster | ExistingCluster;

export interface NewCluster {
  /** How many nodes, fixed (`3`) or between two numbers (`{ min: 3, max: 9 }`). */
  readonly nodes: Replicas;

  readonly node: NodeSize;

  /**
   * Its version of Kubernetes. An upgrade raises it by one, then the nodes'.
   * @default "1.35"
   */
  readonly version?: KubernetesVersion;

  /**
   * The version of its nodes, at most three behind.
   * @default - that of the cluster
   */
  readonly nodeVersion?: KubernetesVersion;

  /**
   * What happens when standard support of its version ends: EKS upgrades the control plane automatically (`standard`), or
   * keeps the version for another year at a higher price (`extended`; EKS, pricing), and upgrades it after that.
   * @default "extended", or "standard" with the exception `disposable`
   */
  readonly support?: "standard" | "extended";
}

/** Who may do what in a cluster, by the ARN of roles or users, and from where. */
export interface Access extends ClusterAccess {
  /**
   * Networks outside from which the clusters' APIs are reached: `["203.0.113.0/24"]`.
   * @default - none: they are reached from inside the network only
   */
  readonly from?: readonly string[];
}

export interface ExistingCluster {
  /** The kubeconfig context: `kind-orders`. */
  readonly context: string;

  /**
   * The kubeconfig that has it.
   * @default "~/.kube/config"
   */
  readonly kubeconfig?: string;

  /**
   * The storage class of data. Its volumes outlive their claims where the class says `Retain`.
   * @default "standard", which kind has
   */
  readonly storageClass?: string;

  /**
   * Parts of the platform that it has already, and that are left alone. With `cloudnative-pg` goes its backup plugin
   * `plugin-barman-cloud`: both live in one namespace, whose owner installs them. KEDA is looked for in the namespace `keda`.
   * @default - none: everything that the environment needs is installed
   */
  readonly has?: readonly ExistingPart[];

  /**
   * What its nodes leave to pods, so that what must run is checked against it.
   * @default - unknown: nothing is checked
   */
  readonly room?: Room;
}

/** What the nodes of an existing cluster leave to pods (`kubectl describe node`, Allocatable). */
export interface Room {
  /** Nodes by zone, the value of their label `topology.kubernetes.io/zone`: `{ "dc-1": 2, "dc-2": 2 }`. */
  readonly zones: Readonly<Record<string, number>>;
  readonly cpu: Cores;
  readonly memory: Bytes;

  /**
   * Pods that a node takes.
   * @default 110, as kubelet
   */
  readonly pods?: number;
}

export interface NodeSize {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly storage: Bytes;

  /**
   * The processors. Graviton is `arm64`.
   * @default "amd64"
   */
  readonly architecture?: Architecture;

  /**
   * Generations of instances that are left out, where a zone has none: `["7a"]`.
   * @default - none: every current one that has exactly this size
   */
  readonly without?: readonly Generation[];
}

/** Instances, fixed (`5`) or autoscaled (`{ min: 5, max: 20 }`). */
export type Replicas = number | { readonly min: number; readonly max: number };

export type EventStore = KurrentCloudSettings | KurrentDbSettings | PostgresEventsSettings | EventSourcingDbSettings;

/** The managed event store, run by its vendor. */
export interface KurrentCloudSettings {
  readonly engine: "kurrent-cloud";

  /** `production`: three nodes over three zones, `m32`, 1 TiB each. `development`: one node, `c4`, 100 GiB. */
  readonly size: KurrentCloudSize;

  /** `every` from an hour; the vendor counts what it keeps: `{ every: "1h", keep: "30d" }` are 720 backups. */
  readonly backup: BackupSchedule;

  /**
   * The vendor's network for it, which this environment's is joined to.
   * @default - `10.128.0.0/20`
   */
  readonly network?: {
    /** Its addresses, from /8 to /24. Another block is another cluster. */
    readonly cidr: string;
  };

  /**
   * The line of KurrentDB that it is made with. By itself it upgrades nothing.
   * @default "26.0"
   */
  readonly version?: KurrentCloudVersion;

  /**
   * The patch of that line: `26.0.3`. A change of it is an upgrade.
   * @default - the newest of the line when it is made, and that from then on
   */
  readonly patch?: string;

  /**
   * The projections that it runs itself: none, its own (`system`: streams by category and type), or also those of users.
   * @default "off"
   */
  readonly projections?: "off" | "system" | "user";

  /**
   * Persistent subscriptions. A job creates them, and updates their settings when an apply has changed them. One that is no longer
   * declared stays: delete it by hand.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * System streams that readers of events may read, in addition to those of persistent subscriptions: `["$ce-order"]`.
   * @default - none: they are the administrators'
   */
  readonly systemStreams?: readonly string[];
}

/** The event store on the write cluster. What is not said here follows from the size. */
export interface KurrentDbSettings {
  readonly engine: "kurrentdb";

  /** @default "26.0", which has long-term support */
  readonly version?: KurrentDbLine;

  /** @default - the environment's */
  readonly size?: Size;

  /** 1 for development; 3 tolerate the loss of one, 5 of two. */
  readonly nodes?: number;

  /** What a node asks for. */
  readonly cpu?: Cores;

  /** What a node asks for, and uses at most. */
  readonly memory?: Bytes;

  /** The disk of each node. It grows in place. */
  readonly storage?: Bytes;

  /**
   * Projections that the store itself runs: none, its own (`system`), or those of users too (`all`).
   * @default "none": read models are built by the read side
   */
  readonly projections?: "none" | "system" | "all";

  /**
   * Whether its own projections, by category, by event type and so on, are started.
   * @default false
   */
  readonly standardProjections?: boolean;

  /**
   * Persistent subscriptions. A job creates them, and updates their settings when an apply has changed them. One that is no longer
   * declared stays: delete it by hand.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * System streams that readers of events may read, in addition to those of persistent subscriptions: `["$ce-order"]`.
   * @default - none: they are the administrators'
   */
  readonly systemStreams?: readonly string[];

  /**
   * Whether old clients may use it over plain HTTP.
   * @default false
   */
  readonly atomPub?: boolean;

  /**
   * Further options of the server, without prefix: `{ READER_THREADS_COUNT: 8 }`.
   * @default - none
   */
  readonly options?: Readonly<Record<string, string | number | boolean>>;

  /**
   * No TLS, no users, no rights. For one node on one's own machine.
   * @default false
   */
  readonly insecure?: boolean;

  /**
   * Schedule and retention of backups. Not implemented: nothing backs it up, which the summary says, and which takes the
   * exception `noBackup` where an environment is protected.
   * @default - none
   */
  readonly backup?: BackupSchedule;
}

/** The event store in tables of PostgreSQL. */
export interface PostgresEventsSettings {
  readonly engine: "postgres";

  /** The server that has them, of its own. */
  readonly server: PostgresSettings;
}

/** EventSourcingDB on the write cluster: one node, whose loss stops writing until it is back. */
export interface EventSourcingDbSettings {
  readonly engine: "eventsourcingdb";

  /** @default - the environment's */
  readonly size?: Size;

  /** Its disk. It grows in place. */
  readonly storage?: Bytes;

  /**
   * The vendor's licence, by the secret that holds it. Without one it stops accepting events after 25,000, so a protected
   * environment and the size `large` require it. Another licence restarts it.
   * @default - none: for evaluation
   */
  readonly licence?: EventSourcingDbLicence;
}

/** A licence in a secret that you create, so that its value is in no file, plan or state (docs/secrets.md#licences). */
export interface EventSourcingDbLicence {
  /**
   * The secret's name. On EKS it is read from Secrets Manager, where `<system>-<environment>-` precedes it; on an existing
   * cluster it is a Secret of the namespace `event-store`.
   */
  readonly secret: string;

  /**
   * The key in the secret.
   * @default "licence"
   */
  readonly key?: string;

  /** The flag of `eventsourcingdb run` that takes the licence itself, without hyphens. `run --help` of your version lists it. */
  readonly flag: string;
}

export interface BackupSchedule {
  readonly every: Duration;
  readonly keep: Duration;
}

export interface Workload {
  /**
   * Its name.
   * @default - the role's: `command-api`, `command-processors`, `query-api`, `projections`, `migrations`; needed where several fill the role
   */
  readonly name?: string;

  /**
   * Image by version or digest; a floating tag is refused.
   * @default - what the release file says
   */
  readonly image?: string;

  /**
   * What it runs, and with which arguments.
   * @default - what its image says
   */
  readonly command?: readonly string[];

  /**
   * What an instance asks for.
   * @default "250m"
   */
  readonly cpu?: Cores;

  /**
   * What an instance asks for, and uses at most.
   * @default "512Mi"
   */
  readonly memory?: Bytes;

  /**
   * What an instance may use of CPU at most.
   * @default - as much as its node has to spare
   */
  readonly cpuLimit?: Cores;

  /**
   * How it is asked whether it is well: when first, how often, where. What is not said stays as it is.
   * @default - docs/workloads.md
   */
  readonly probes?: Probes;

  /**
   * How long it may take to end what it has begun once it is told to stop; then it is killed.
   * @default "30s" of an API, "60s" of all others
   */
  readonly grace?: Duration;

  /**
   * The user and group that it runs as, by number; never 0.
   * @default 65532, "nonroot" of distroless images
   */
  readonly user?: number;

  /**
   * Variables beside those that the platform gives. No secret belongs here.
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;

  /**
   * Files by their path, with their content. A change starts the instances anew. No secret belongs here.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;

  /**
   * The variables by which it knows a backing service, by the service's name, in place of the platform's:
   * `{ "event-store": { EventStore__ConnectionString: "{EVENT_STORE_URL}" } }`.
   * @default - `EVENT_STORE_URL`, `DATABASE_URL`, `REDIS_URL`, `NATS_URL` and what goes with them
   */
  readonly variables?: Readonly<Record<string, Readonly<Record<string, string>>>>;

  /**
   * Where Prometheus reads its metrics.
   * @default - of an API its own port, at `/metrics`; of all others nowhere
   */
  readonly metrics?: {
    readonly port: number;

    /** @default "/metrics" */
    readonly path?: string;
  };
}

/**
 * What an autoscaled workload follows: of several the one that asks for most. CPU and memory are in percent of what its
 * instances ask for; everything else is a number that grows with what there is to do, of which each instance is for so much.
 * docs/workloads.md says what becomes of it when it can't be read.
 */
export interface ScaleOn extends Pick<Scaling, "cpu" | "memory"> {
  /**
   * Messages that wait for a durable consumer of a stream of the broker: `{ stream: "commands", consumer: "processors", each: 100 }`.
   * @default - it is not looked at
   */
  readonly broker?: { readonly stream: string; readonly consumer: string; readonly each: number };

  /**
   * The answer of the event store, where it is PostgreSQL, to a query for one number, asked as one of its readers:
   * `{ query: "SELECT count(*) FROM …", each: 500 }`.
   * @default - it is not asked
   */
  readonly eventStore?: Asked;

  /**
   * The answer of a read database to a query for one number, asked as one of its readers.
   * @default - none is asked
   */
  readonly readDatabase?: Asked & {
    /**
     * The database, by its name.
     * @default - the one
     */
    readonly database?: string;
  };

  /**
   * The answer of a Prometheus that is there to a query for one element:
   * `{ server: "http://prometheus.monitoring.svc:9090", namespace: "monitoring", query: "…", each: 100 }`. No answer counts
   * as a lost signal. Its namespace has to let KEDA in.
   * @default - none is asked
   */
  readonly prometheus?: Asked & { readonly server: string; readonly namespace: string };
}

interface Asked {
  readonly query: string;

  /** How much of it is for one instance, above 0. */
  readonly each: number;
}

export interface Service extends Workload, SlotSettings {
  readonly replicas: Replicas;

  /**
   * What an autoscaled one follows: `{ cpu: 70, memory: 80 }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /** @default 8080 */
  readonly port?: number;

  /**
   * Where it says that it is well.
   * @default "/health"
   */
  readonly health?: string;

  /**
   * Beginnings of paths that it answers, where several answer under one name.
   * @default ["/"]
   */
  readonly paths?: readonly string[];

  /**
   * The largest request.
   * @default "1Mi"
   */
  readonly maxBodySize?: Bytes;

  /**
   * How long it may be silent before and while it answers.
   * @default "30s"
   */
  readonly timeout?: Duration;

  /**
   * What one client may send, by its address: `{ requests: "100/s", burst: 200 }`. More is answered with 429.
   * @default - as much as it can
   */
  readonly rateLimit?: RateLimit;

  /**
   * How a new version comes in: in place of the old one, instance by instance (`rolling`), or beside it in a slot of its
   * own, which requests are then turned to (`blue-green`).
   * @default "rolling"
   */
  readonly release?: "rolling" | "blue-green";
}

/** Where a version of a service runs beside another one. */
export type Slot = "blue" | "green";

/** What runs in the slots of a service. A pipeline changes it, so that it has its place in the release file. */
export interface SlotSettings {
  /** The image in each slot. Nothing runs in a slot without one. */
  readonly slots?: { readonly [Name in Slot]?: string };

  /** The slot that takes requests. */
  readonly live?: Slot;

  /**
   * The share of requests that each slot takes, of 100.
   * @default - all of them to the live slot
   */
  readonly weights?: { readonly [Name in Slot]: number };

  /**
   * Whether the slot that is not live answers requests that ask for it by a header.
   * @default false
   */
  readonly preview?: boolean;
}

/** What is released of an environment. */
export interface Release {
  /** The environment's name, so that no other one takes it over with the rest. */
  readonly of: string;

  /** The release file. */
  readonly workloads: ReleaseFile;
}

/** What is released of each workload, by its name. */
export type ReleaseFile = Readonly<Record<string, WorkloadRelease>>;

/** What is released of one workload. */
export interface WorkloadRelease extends Omit<SlotSettings, "live"> {
  /** The image of what is in no slots. */
  readonly image?: string;

  /** The image that took requests before, for the way back. Nothing that is deployed depends on it. */
  readonly previous?: string;

  /** The slot that takes requests: "blue" or "green". JSON knows no narrower type. */
  readonly live?: string;
}

export interface Processors extends Workload {
  readonly replicas: Replicas;

  /**
   * What autoscaled ones follow: `{ cpu: 70, broker: { stream: "commands", consumer: "processors", each: 100 } }`.
   * @default - CPU at 70 percent
   */
  readonly scaleOn?: ScaleOn;

  /**
   * Where an instance says that it is well.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health;
}

export interface QueryApi extends Service {
  /**
   * What answers before it, near the user.
   * @default - nothing: queries come straight to the load balancer
   */
  readonly edge?: Edge;
}

/** What answers queries near whoever asks; commands never pass it. */
export type Edge = CloudflareSettings | CloudFrontSettings;

/** One public name for all regions: those that stand by for the environment answer when it is unwell. */
export interface CloudflareSettings extends EdgeCaching {
  readonly provider: "cloudflare";

  /** Cloudflare's account, 32 hexadecimal digits. It is no secret; the token is `CLOUDFLARE_API_TOKEN` of whoever applies. */
  readonly account: string;

  /** A zone that the environment has for itself, by id and name: settings and rules of an edge are the whole zone's. */
  readonly zone: CloudflareZone;

  /**
   * The public name of the queries, in the zone and at most one label below it.
   * @default - `queries.` and the zone's name
   */
  readonly host?: string;

  /**
   * The authority, in PEM, that signed the client certificate which was uploaded to the zone: nginx answers nobody who
   * shows no other. It is no secret; the keys lie elsewhere.
   * @default - none: another customer of Cloudflare's could ask the load balancer past the zone's rules
   */
  readonly clientAuthority?: string;
}

/** On AWS, under the name that the queries have there. */
export interface CloudFrontSettings extends EdgeCaching {
  readonly provider: "cloudfront";
}

export interface Projections extends Workload {
  /** Worker processes, each owning its share of the partitions. */
  readonly workers: number;

  /** Partitions that a worker projects at once. */
  readonly parallelism: number;

  /**
   * How many partitions there are. Fixed as long as a read model lives: other workers take others of them, and another
   * number takes a rebuild in the other slot.
   * @default - `workers` times `parallelism`
   */
  readonly partitions?: number;

  /**
   * The read database that it writes, by its name.
   * @default - the first
   */
  readonly database?: string;

  /**
   * The read model in its slots, two of them while it is built anew. docs/projections.md has the steps.
   * @default - slot a, with `partitions`
   */
  readonly readModel?: ReadModelSettings;

  /**
   * Where a worker says that it is well, and in which field of the answer, of JSON, how many events it is behind: fewer
   * than 1,000 when a release is done.
   * @default - nowhere: it is well as long as it runs
   */
  readonly health?: Health & { readonly lag?: string };

  /**
   * Whether workers tell the read database how far they are, as docs/projections.md has it: a release is done when that knows
   * of fewer than 1,000 events behind.
   * @default false
   */
  readonly tellsProgress?: boolean;
}

/** A read model in its slots. */
export interface ReadModelSettings {
  /** The slots that workers project into. */
  readonly slots: { readonly [Slot in ReadModelSlot]?: FilledSlot };

  /**
   * The slot that is read.
   * @default "a"
   */
  readonly live?: ReadModelSlot;

  /**
   * Whether `live` is switched without looking whether it has caught up: the other slot is wrong. For one apply.
   * @default false
   */
  readonly forced?: boolean;
}

export interface FilledSlot {
  /** Fixed as long as the slot lives. */
  readonly partitions: number;

  /**
   * What projects into it, by version or digest.
   * @default - the image of the projections
   */
  readonly image?: string;

  /**
   * The image that makes its tables, by version or digest: a new shape is made in its own slot, and the other keeps its own.
   * Needs migrations with `per: "slot"`.
   * @default - the image of the migrations
   */
  readonly migrations?: string;
}

/** Where a worker says that it is well, over HTTP. */
export interface Health {
  readonly port: number;
  readonly path: string;
}

/** What changes the shape of a read database before the workloads come that need the shape. */
export interface Migrations extends Omit<Workload, "metrics" | "probes" | "variables"> {
  /**
   * The read database, by its name.
   * @default - the one
   */
  readonly database?: string;

  /**
   * Whether it runs once for the database, or once for each slot of each read model in it, which it is told as `SCHEMA`.
   * @default "database"
   */
  readonly per?: "database" | "slot";

  /** The variables by which it knows the database, in place of the platform's. */
  readonly variables?: Readonly<Record<string, string>>;

  /**
   * How long it may take, at most 6 hours.
   * @default "10m"
   */
  readonly within?: Duration;

  /**
   * What takes the database back, at hand as a suspended CronJob that a person runs. docs/verification.md has the commands.
   * @default - nothing: shapes expand first, and contract in a later release
   */
  readonly down?: {
    readonly command: readonly string[];

    /** @default - the image that migrates */
    readonly image?: string;
  };
}

/** A server of PostgreSQL, by what runs it. What is not said follows from the size. */
export type PostgresSettings = AuroraSettings | RdsSettings | CloudNativePgSettings;

export type ReadDatabase = PostgresSettings;

interface PostgresServer {
  /**
   * Its name.
   * @default - the role's; needed where several fill the role
   */
  readonly name?: string;

  /** @default - the environment's */
  readonly size?: Size;

  /** PostgreSQL by its major version. A later one is an upgrade, which docs/data.md has the steps of. */
  readonly version?: PostgresVersion;

  /**
   * Settings of the server: `{ max_connections: 200, work_mem: "16MB" }`. What does not fit its memory is refused.
   * @default - what follows from the size
   */
  readonly parameters?: Readonly<Record<string, string | number>>;
}

export interface AuroraSettings extends PostgresServer {
  readonly engine: "aurora";

  /** Readers beside the writer, at most 15. */
  readonly replicas: number;
}

export interface RdsSettings extends PostgresServer {
  readonly engine: "rds";

  /** Read replicas beside the primary, at most 15. */
  readonly replicas: number;

  /** Its disk, and that of each replica. It grows in place. */
  readonly storage?: Bytes;
}

export interface CloudNativePgSettings extends PostgresServer {
  readonly engine: "cloudnative-pg";

  /** The primary and its replicas together. */
  readonly instances?: number;

  /** What each asks for. */
  readonly cpu?: Cores;

  /** What each asks for, and uses at most. */
  readonly memory?: Bytes;

  /** The disk of each, for data. It grows in place. */
  readonly storage?: Bytes;

  /** The disk of each, for the log. It grows in place. */
  readonly walStorage?: Bytes;

  /**
   * How many replicas have a write before it is acknowledged, and what happens when they are away: writes wait
   * (`required`) or go on with one copy fewer (`preferred`).
   * @default - one, required, of three or more instances; none of one; with two it has to be said
   */
  readonly synchronous?: { readonly standbys: number; readonly durability: "required" | "preferred" } | false;

  /**
   * Whether workloads share connections of PgBouncer.
   * @default false
   */
  readonly pooler?: boolean;
}

export type Cache = ElastiCacheSettings | ValkeySettings;

interface RedisServer {
  /** @default - the environment's */
  readonly size?: Size;

  /**
   * `cache`: it may forget. `store`: it holds what is nowhere else, and is refused where an acknowledged write may be lost.
   * @default "cache"
   */
  readonly purpose?: RedisPurpose;
}

export interface ElastiCacheSettings extends RedisServer {
  readonly engine: "elasticache";

  readonly shards: number;

  /** At most 5. */
  readonly replicasPerShard: number;
}

export interface ValkeySettings extends RedisServer {
  readonly engine: "valkey";

  /** Replicas beside the primary. */
  readonly replicas?: number;

  /** The disk of each. */
  readonly storage?: Bytes;
}

/** What workloads send each other messages by, on the cluster of the read side. */
export interface NatsSettings {
  readonly engine: "nats";

  /** @default - the environment's */
  readonly size?: Size;

  /**
   * `events` are kept nowhere else and are on a majority of disks before they are acknowledged; `messages` may be lost
   * when all servers fail at once.
   * @default "messages"
   */
  readonly purpose?: BrokerPurpose;

  /** 1 for development; 3 tolerate the loss of one, 5 of two. */
  readonly servers?: number;

  /** The disk of each, for streams. */
  readonly storage?: Bytes;
}

export interface Monitoring {
  readonly prometheus?: boolean;
  readonly grafana?: boolean;
  readonly elasticStack?: boolean;

  /**
   * A collector of OTLP that is there, on each cluster of workloads: `{ endpoint: "http://collector.monitoring.svc:4317",
   * namespace: "monitoring" }`. Workloads are told of it; its namespace has to let them in.
   * @default - workloads are told of none
   */
  readonly telemetry?: Pick<Telemetry, "endpoint" | "namespace">;
}

/** JSON Web Tokens, signed with RS256 and nothing else. */
export type Authentication = TokensOfPublishedKeys | TokensOfOneKey;

interface Tokens {
  readonly issuer: string;
  readonly audience: string;
}

export interface TokensOfPublishedKeys extends Tokens {
  /** Where the issuer publishes its keys. */
  readonly jwks: string;
}

export interface TokensOfOneKey extends Tokens {
  /** The issuer's public key of RSA in PEM, of 2048 bits or more (RFC 7518, 3.3). Another one starts the APIs anew. */
  readonly publicKey: string;
}

export interface Backup {
  /**
   * Retention of backups in whole days: in the bucket, where they can't be deleted earlier, and of Aurora and RDS, which
   * restore to any second of it and allow at most 35 days. Changes in place. Kurrent Cloud has a `keep` of its own.
   * @default "35d"
   */
  readonly keep?: Duration;
}

/** What may be weaker than the default; the value is the reason, and is printed. */
export type Exceptions = { readonly [Name in keyof typeof EXCEPTIONS]?: string };

/** Everything that may be weaker than the default, and what that means. */
export const EXCEPTIONS = {
  disposable: "nothing is protected from deletion",
  singleNatGateway: "one NAT gateway for all zones: losing its zone cuts the others off from the internet",
  twoZones: "two zones: losing one leaves no majority",
  noBackup: "stores without backups, whose data is lost with their volumes",
  noRecoveryCopy: "backups lie in one region only",
  awsApisOverInternet: "calls to AWS leave the network through NAT",
  tightCapacity: "its nodes may not hold everything that must run",
  asynchronousEvents: "events that were acknowledged may be lost with the server that has them",
  openToAll: "its APIs ask nobody who they are, or what they may",
  overlappingNetwork: "its addresses overlap another environment's: the two can never be joined",
} as const;

/** An account, in which environments live side by side, and where their Terraform state lies. */
export interface Account {
  /** The system whose environments keep their state here. */
  readonly system: string;

  /** Twelve digits. */
  readonly id: string;

  /** The region of the state bucket. */
  readonly region: Region;

  /**
   * The repository whose GitHub Actions may plan (on pull requests) and apply (in the GitHub
   * environment that is named like ours): `example/orders`.
   * @default - none: no deploy roles
   */
  readonly github?: {
    readonly repository: string;

    /**
     * How GitHub's tokens name it. Repositories made or renamed since summer 2026 have ids in it:
     * the OIDC settings of the repository show its "subject claim prefix".
     * @default - `repo:` and the repository
     */
    readonly subject?: string;

    /**
     * Whether the account has GitHub's OIDC provider already: there is one for each account.
     * @default false, so that it is made
     */
    readonly providerExists?: boolean;
  };
}

/** All that `npm start` needs. */
export interface Program {
  readonly accounts: readonly Account[];
  readonly environments: readonly Environment[];
}

/** The one or several of a role, as a list. */
export function all<T extends object>(role: OneOrMore<T> | undefined): readonly T[] {
  if (role === undefined) return [];
  return Array.isArray(role) ? role : [role as T];
}

/** What the server is called that has the tables of events; of what nobody has checked yet, whatever stands there. */
export function eventServerName(settings: { readonly name?: unknown } | undefined): string {
  return String(settings?.name ?? "event-store");
}

/** What a database of the read side is called; of what nobody has checked yet, whatever stands there. */
export function readDatabaseName(settings: { readonly name?: unknown } | undefined): string {
  return String(settings?.name ?? "read-database");
}

/** Whether data is guarded against deletion here. */
export function isProtected(environment: Environment): boolean {
  return environment.exceptions?.disposable === undefined;
}

/** Signals that only others than the cluster itself can tell, by their names in `scaleOn`. */
export type SignalName = Exclude<keyof ScaleOn, keyof Pick<Scaling, "cpu" | "memory">>;

/** How many instances there may be. */
export function mostOf(replicas: Replicas): number {
  return typeof replicas === "number" ? replicas : replicas.max;
}

type Scaled = Pick<Service | Processors, "replicas" | "scaleOn">;

/** The autoscaled workloads of these sides. */
export function autoscaled(
  { commandApi, commandProcessors, queryApi }: Environment,
  sides: readonly ("write" | "read")[],
): readonly Scaled[] {
  const on: Readonly<Record<"write" | "read", readonly Scaled[]>> = {
    write: [...all<Scaled>(commandApi), ...all<Scaled>(commandProcessors)],
    read: all<Scaled>(queryApi),
  };
  return sides.flatMap((side) => on[side]).filter(({ replicas }) => typeof replicas === "object");
}

/** What the autoscaled workloads follow. Those of a fixed number follow nothing. */
export function followed(environment: Environment): readonly ScaleOn[] {
  return autoscaled(environment, ["write", "read"]).flatMap(({ scaleOn }) => scaleOn ?? []);
}

/** What stands before the queries of an environment, and the service behind it. */
export function edgeOf({ queryApi }: Environment): { readonly edge: Edge; readonly service: QueryApi } | undefined {
  return all(queryApi).flatMap((service) => (service.edge ? [{ edge: service.edge, service }] : []))[0];
}

/** Whether a network is an existing one. */
export function isExistingNetwork(network: OwnNetwork | ExistingNetwork): network is ExistingNetwork {
  return "vpc" in network;
}

/**
 * The addresses of the vendor's network where nobody names any: above what environments count up from 10.0.0.0/16, and
 * apart from what EKS (10.100.0.0/16, 172.20.0.0/16) and kind (10.96.0.0/16, 10.244.0.0/16) give to services and pods.
 */
const KURRENT_CLOUD_CIDR = "10.128.0.0/20";

/** The addresses of the vendor's network. */
export function kurrentCloudCidr({ network }: { readonly network?: { readonly cidr?: string } }): string {
  return network?.cidr ?? KURRENT_CLOUD_CIDR;
}

/** Whether a cluster is an existing one. */
export function isExistingCluster(cluster: Cluster): cluster is ExistingCluster {
  return "context" in cluster;
}

/** The clusters that are made here, by the key under which they stand. */
export function newClusters({ cluster, writeCluster, readCluster }: Environment): readonly (readonly [ClusterKey, NewCluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found && !isExistingCluster(found) ? [[key as ClusterKey, found] as const] : [],
  );
}

/** Parts of the platform that a cluster may have from elsewhere. */
export const EXISTING_PARTS = [
  "cert-manager",
  "cloudnative-pg",
  "external-secrets",
  "gateway-api",
  "keda",
  "metrics-server",
  "prometheus-operator-crds",
  "snapshot-controller",
] as const;

export type ExistingPart = (typeof EXISTING_PARTS)[number];

/** The clusters of an environment, by the key under which they stand. */
export function clustersOf({ cluster, writeCluster, readCluster }: Environment): readonly (readonly [ClusterKey, Cluster])[] {
  return Object.entries({ cluster, writeCluster, readCluster }).flatMap(([key, found]) =>
    found ? [[key as ClusterKey, found] as const] : [],
  );
}

/** Where an environment describes a cluster. */
export type ClusterKey = "cluster" | "writeCluster" | "readCluster";
