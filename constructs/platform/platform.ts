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

/** A part's own properties, without those that the platform sets. */
type Own<Props> = Omit<Props, keyof PartProps>;

/** The parts of a cluster's platform. Absent parts are not installed. */
export interface PlatformParts {
  /** CRDs that several parts use. */
  readonly definitions?: Own<DefinitionsProps>;

  /** Autoscaling of workloads by pending work (KEDA). */
  readonly autoscaling?: Own<PartProps>;

  /** Resource metrics of pods and nodes (metrics-server). EKS provides it. */
  readonly metricsServer?: Own<MetricsServerProps>;

  /** Storage classes on EBS. */
  readonly storageClasses?: Own<StorageClassesProps>;

  /** Volume snapshots. EKS provides their controller. */
  readonly snapshots?: Own<PartProps>;

  /** Node autoscaling (Karpenter). */
  readonly scaling?: Own<KarpenterProps>;

  /** Registration of pods in AWS target groups. */
  readonly loadBalancers?: Own<PartProps>;

  /** Certificates (cert-manager). */
  readonly certificates?: Own<PartProps>;

  /** Secrets from an external store (external-secrets). */
  readonly secrets?: Own<PartProps>;

  /** DNS names of services on Route 53 (external-dns). */
  readonly dns?: Own<ExternalDnsProps>;

  /** PostgreSQL (CloudNativePG). */
  readonly postgres?: Own<PartProps>;

  /** Backups of PostgreSQL to object storage. */
  readonly postgresBackup?: Own<PartProps>;

  /** Gateways (NGINX Gateway Fabric). */
  readonly gateways?: Own<NginxGatewayFabricProps>;
}

/** Key of a component in `PlatformParts`. */
export type PartName = keyof PlatformParts;

export interface PlatformProps {
  readonly cluster: KubernetesTarget;
  readonly parts: PlatformParts;

  /**
   * Parts that the cluster already has, on which other parts may depend.
   * @default - none
   */
  readonly elsewhere?: readonly PartName[];

  /**
   * Creates monitors of its parts for Prometheus.
   * @default - true if the CRDs of the Prometheus operator are among the parts
   */
  readonly metrics?: boolean;

  /**
   * Runs several replicas of its parts.
   * @default - true if the cluster has several zones
   */
  readonly highlyAvailable?: boolean;

  /**
   * The namespace of Prometheus, from which the namespaces that are created here allow traffic to metrics ports.
   * @default - none: metrics ports are closed
   */
  readonly metricsFrom?: string;

  /**
   * Dependencies of the parts of each namespace, by its name, if namespaces are created elsewhere (`partNamespaces` defines what each must
   * allow); `{}` if they exist.
   * @default - each is created, with a quota and the network policies that its parts need
   */
  readonly namespaces?: Readonly<Record<string, readonly ITerraformDependable[]>>;
}

type Made = { readonly ready: ITerraformDependable[] };

/** A part: its construct's id and factory, and its dependencies. */
interface Part<Name extends PartName> {
  readonly id: string;
  readonly make: (scope: Construct, id: string, props: PartProps, own: NonNullable<PlatformParts[Name]>) => Made;

  /** Optional parts that it is installed after, if they are present. */
  readonly follows?: readonly PartName[];

  /** Required parts. */
  readonly needs?: readonly PartName[];
}

/** Parts with aggregated APIs: while one is unavailable, namespaces can't be deleted, so they are installed first and removed last. */
const ANSWERING: readonly PartName[] = ["definitions", "autoscaling", "metricsServer"];

/** The parts in the order of installation. */
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
 * Controllers and CRDs that a cluster needs before the system's workloads. One apply installs it on an empty cluster, in an order without
 * circular waits; destroy removes it in the reverse order.
 */
export class Platform extends Construct {
  /** Dependencies for users of a part, by its name. Parts that are not installed are absent. */
  readonly ready: Readonly<Partial<Record<PartName, readonly ITerraformDependable[]>>>;

  /** Dependencies for users of several parts: all of `ready`. */
  readonly installed: readonly ITerraformDependable[];

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
    this.installed = Object.values(ready).flat();
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
