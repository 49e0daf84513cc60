import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type Problem, refuse } from "../core/errors";
import { type KubernetesTarget, Namespace } from "../kubernetes";
import { Barman } from "./barman";
import { CertManager } from "./cert-manager";
import { CloudNativePg } from "./cloud-native-pg";
import { CustomResourceDefinitions, type DefinitionsProps } from "./definitions";
import { ExternalDns, type ExternalDnsProps } from "./external-dns";
import { ExternalSecrets } from "./external-secrets";
import { Karpenter, type KarpenterProps } from "./karpenter";
import { Keda } from "./keda";
import { LoadBalancerController } from "./load-balancer-controller";
import { MetricsServer, type MetricsServerProps } from "./metrics-server";
import { partNamespaces } from "./namespaces";
import { NginxGatewayFabric, type NginxGatewayFabricProps } from "./nginx-gateway-fabric";
import type { PartProps } from "./part";
import { PLACES } from "./places";
import { SnapshotController } from "./snapshot-controller";
import { StorageClasses, type StorageClassesProps } from "./storage-classes";

/** What a user says of a part: all but what the platform knows. */
type Own<Props> = Omit<Props, keyof PartProps>;

/** The parts of a cluster's platform. What is absent is not installed. */
export interface PlatformParts {
  /** Definitions that several parts use. */
  readonly definitions?: Own<DefinitionsProps>;

  /** Scaling of workloads by what waits for them (KEDA). */
  readonly autoscaling?: Own<PartProps>;

  /** What pods and nodes use (metrics-server). EKS brings it. */
  readonly metricsServer?: Own<MetricsServerProps>;

  /** Classes of volumes on EBS. */
  readonly storageClasses?: Own<StorageClassesProps>;

  /** Snapshots of volumes. EKS brings their controller. */
  readonly snapshots?: Own<PartProps>;

  /** Nodes as they are needed (Karpenter). */
  readonly scaling?: Own<KarpenterProps>;

  /** Pods behind target groups of AWS. */
  readonly loadBalancers?: Own<PartProps>;

  /** Certificates (cert-manager). */
  readonly certificates?: Own<PartProps>;

  /** Secrets from a store outside the cluster (external-secrets). */
  readonly secrets?: Own<PartProps>;

  /** Names of services on Route 53 (external-dns). */
  readonly dns?: Own<ExternalDnsProps>;

  /** PostgreSQL (CloudNativePG). */
  readonly postgres?: Own<PartProps>;

  /** Backups of PostgreSQL to object storage. */
  readonly postgresBackup?: Own<PartProps>;

  /** Gateways (NGINX Gateway Fabric). */
  readonly gateways?: Own<NginxGatewayFabricProps>;
}

export type PartName = keyof PlatformParts;

export interface PlatformProps {
  readonly cluster: KubernetesTarget;
  readonly parts: PlatformParts;

  /**
   * Parts that the cluster has from elsewhere: others may need them.
   * @default - none
   */
  readonly elsewhere?: readonly PartName[];

  /**
   * Whether its parts tell Prometheus where to scrape them.
   * @default - where the definitions of the Prometheus operator are among the parts
   */
  readonly metrics?: boolean;

  /**
   * Whether its parts run more than once.
   * @default - where the cluster has several zones
   */
  readonly highlyAvailable?: boolean;

  /**
   * The namespace of Prometheus, from which the namespaces that are created here allow traffic to metrics ports.
   * @default - none: metrics ports are closed
   */
  readonly metricsFrom?: string;

  /**
   * Dependencies of the parts of each namespace, by its name, if namespaces are created elsewhere (`partNamespaces` says what each
   * has to allow); `{}` if they exist.
   * @default - each is created, with a quota and the network policies that its parts need
   */
  readonly namespaces?: Readonly<Record<string, readonly ITerraformDependable[]>>;
}

type Made = { readonly ready: ITerraformDependable[] };

/** A part: its construct's id and maker, and what goes before it if it is there. */
interface Part<Name extends PartName> {
  readonly id: string;
  readonly make: (scope: Construct, id: string, props: PartProps, own: NonNullable<PlatformParts[Name]>) => Made;

  /** What it can do without, and has to come after all the same. */
  readonly follows?: readonly PartName[];

  /** What it can't do without. */
  readonly needs?: readonly PartName[];
}

/** What answers for the cluster's own API: while it is away no namespace can be deleted, so it comes first and goes last. */
const ANSWERING: readonly PartName[] = ["definitions", "autoscaling", "metricsServer"];

/** The parts in the order in which they are made. */
const PARTS: { readonly [Name in PartName]: Part<Name> } = {
  definitions: { id: "definitions", make: (scope, id, props, own) => new CustomResourceDefinitions(scope, id, { ...props, ...own }) },
  autoscaling: { id: "keda", make: (scope, id, props) => new Keda(scope, id, props), follows: ["definitions"] },
  metricsServer: {
    id: "metrics-server",
    make: (scope, id, props, own) => new MetricsServer(scope, id, { ...props, ...own }),
    follows: ["definitions"],
  },
  storageClasses: {
    id: "storage",
    make: (scope, id, { cluster, after = [] }, own) => new StorageClasses(scope, id, { cluster, after, ...own }),
  },
  snapshots: { id: "snapshot-controller", make: (scope, id, props) => new SnapshotController(scope, id, props), follows: ANSWERING },
  certificates: { id: "cert-manager", make: (scope, id, props) => new CertManager(scope, id, props), follows: ANSWERING },
  scaling: { id: "karpenter", make: (scope, id, props, own) => new Karpenter(scope, id, { ...props, ...own }), follows: ANSWERING },
  loadBalancers: {
    id: "load-balancer-controller",
    make: (scope, id, props) => new LoadBalancerController(scope, id, props),
    follows: ANSWERING,
    needs: ["certificates"],
  },
  secrets: { id: "external-secrets", make: (scope, id, props) => new ExternalSecrets(scope, id, props), follows: ANSWERING },
  dns: { id: "external-dns", make: (scope, id, props, own) => new ExternalDns(scope, id, { ...props, ...own }), follows: ANSWERING },
  postgres: { id: "cloudnative-pg", make: (scope, id, props) => new CloudNativePg(scope, id, props), follows: ANSWERING },
  postgresBackup: { id: "barman", make: (scope, id, props) => new Barman(scope, id, props), needs: ["certificates", "postgres"] },
  gateways: {
    id: "nginx-gateway-fabric",
    make: (scope, id, props, own) => new NginxGatewayFabric(scope, id, { ...props, ...own }),
    follows: ANSWERING,
    needs: ["definitions"],
  },
};

/**
 * What a cluster has before anything of the system runs on it. One apply brings it up on an empty cluster, in an order
 * in which nothing waits for what comes later; destroy takes it away in the reverse order.
 */
export class Platform extends Construct {
  /** What to wait for to use a part, by its name. A part that is not installed is absent. */
  readonly ready: Readonly<Partial<Record<PartName, readonly ITerraformDependable[]>>>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: PlatformProps,
  ) {
    super(scope, id);
    refuse(this, missing(props), "parts");
    const ready: Partial<Record<PartName, readonly ITerraformDependable[]>> = {};
    const namespaces = props.namespaces ?? this.namespaces(props);
    for (const name of Object.keys(PARTS) as PartName[]) this.add(name, ready, namespaces);
    this.ready = ready;
  }

  private namespaces({ cluster, parts, metricsFrom }: PlatformProps): NonNullable<PlatformProps["namespaces"]> {
    const made = partNamespaces(Object.keys(parts) as PartName[], cluster, metricsFrom).map(
      (namespace) => new Namespace(this, `namespace-${namespace.name}`, { cluster, ...namespace }),
    );
    return Object.fromEntries(made.map(({ name, ready }) => [name, ready]));
  }

  private add<Name extends PartName>(
    name: Name,
    ready: Partial<Record<PartName, readonly ITerraformDependable[]>>,
    namespaces: NonNullable<PlatformProps["namespaces"]>,
  ): void {
    const { cluster, parts, highlyAvailable } = this.props;
    const own = parts[name];
    if (own === undefined) return;
    const { id, make, follows = [], needs = [] }: Part<Name> = PARTS[name];
    const { namespace } = PLACES[name];
    const before = [...new Set([...follows, ...needs])].flatMap((part) => ready[part] ?? []);
    const common: PartProps = {
      cluster,
      namespace,
      metrics: this.props.metrics ?? (parts.definitions !== undefined && parts.definitions.prometheus !== false),
      after: [...before, ...(namespaces[namespace] ?? [])],
      ...(highlyAvailable === undefined ? {} : { highlyAvailable }),
    };
    ready[name] = make(this, id, common, own).ready;
  }
}

function missing({ parts, elsewhere = [] }: PlatformProps): readonly Omit<Problem, "path">[] {
  return (Object.keys(parts) as PartName[]).flatMap((name) =>
    (PARTS[name].needs ?? [])
      .filter((needed) => parts[needed] === undefined && !elsewhere.includes(needed))
      .map((needed) => ({ value: name, rule: `does not work without ${needed}`, remedy: `add ${needed}, or leave it out` })),
  );
}
