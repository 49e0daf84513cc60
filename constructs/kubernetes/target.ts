import { HelmProvider } from "@cdktf/provider-helm/lib/provider";
import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { CapacityLedger } from "../capacity";

/** Properties of any cluster, for what runs on it. */
export interface KubernetesTargetProps {
  /**
   * The storage class of persistent data.
   * @default "data" on EKS, "standard" on an existing cluster
   */
  readonly storageClass?: string;

  /**
   * The storage class of disposable data: metrics, queues.
   * @default "scratch" on EKS, that of data on an existing cluster
   */
  readonly scratchClass?: string;

  /**
   * Its Availability Zones by full name, the values of `topology.kubernetes.io/zone`.
   * @default - unknown
   */
  readonly zones?: readonly string[];

  /**
   * Capacity ledger of the cluster. Share one among its targets if several stacks deploy to it.
   * @default - one without node sizes, which checks nothing
   */
  readonly ledger?: CapacityLedger;

  /**
   * A registry that holds every image and chart: `registry.example.com/mirror`.
   * @default - none: images and charts come from their publishers
   */
  readonly mirror?: string;
}

/** A cluster on EKS. Endpoint and CA certificate come from another stack: a stack can't configure a provider with its own outputs. */
export interface EksTargetProps extends KubernetesTargetProps {
  readonly clusterName: string;
  readonly region: string;
  readonly endpoint: string;

  /** Base64-encoded, as EKS returns it. */
  readonly certificateAuthority: string;

  readonly vpcId: string;
}

/** An existing cluster, identified by a context of a kubeconfig. */
export interface KubeconfigTargetProps extends KubernetesTargetProps {
  readonly context: string;

  /** @default "~/.kube/config" */
  readonly kubeconfig?: string;
}

/** Location of a cluster on AWS, for its controllers. */
export interface AwsPlace {
  readonly clusterName: string;
  readonly region: string;
  readonly vpcId: string;
}

/** Connection of a provider to a cluster. */
type Connection =
  | { readonly configPath: string; readonly configContext: string }
  | {
      readonly host: string;
      readonly clusterCaCertificate: string;
      readonly exec: { readonly apiVersion: string; readonly command: string; readonly args: string[] };
    };

const STANDARD_CLASS = "standard";
const DATA_CLASS = "data";
const SCRATCH_CLASS = "scratch";

/**
 * The cluster that a stack deploys to, created by EKS or existing: its providers, storage classes, zones, and capacity ledger. One stack
 * deploys to one cluster.
 */
export class KubernetesTarget extends Construct {
  readonly storageClass: string;
  readonly scratchClass: string;
  readonly zones: readonly string[];
  readonly ledger: CapacityLedger;
  readonly mirror?: string;

  /** Identifier that all targets of one cluster share: stacks of one program detect by it that they share the cluster. */
  readonly identity: string;

  /** Location on AWS, if it runs there. */
  readonly aws?: AwsPlace;

  /** Returns an EKS cluster, accessed with a token that is requested in each apply and not stored. */
  static eks(scope: Construct, props: EksTargetProps): KubernetesTarget {
    const { clusterName, region, endpoint, certificateAuthority, vpcId } = props;
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1beta1",
      command: "aws",
      args: ["eks", "get-token", "--cluster-name", clusterName, "--region", region],
    };
    const connection = { host: endpoint, clusterCaCertificate: Fn.base64decode(certificateAuthority), exec };
    return new KubernetesTarget(
      scope,
      connection,
      { storageClass: DATA_CLASS, scratchClass: SCRATCH_CLASS, ...props },
      { clusterName, region, vpcId },
    );
  }

  /** Returns an existing cluster. */
  static kubeconfig(scope: Construct, props: KubeconfigTargetProps): KubernetesTarget {
    const connection = { configPath: props.kubeconfig ?? "~/.kube/config", configContext: props.context };
    return new KubernetesTarget(scope, connection, props);
  }

  /** Checks if a target is the same cluster. Targets with separate capacity differ: they belong to different environments. */
  isSame({ identity, ledger }: KubernetesTarget): boolean {
    return this.identity === identity && (this.ledger === ledger || (!this.ledger.pool && !ledger.pool));
  }

  private constructor(scope: Construct, connection: Connection, props: KubernetesTargetProps, aws?: AwsPlace) {
    super(scope, "kubernetes");
    this.storageClass = props.storageClass ?? STANDARD_CLASS;
    this.scratchClass = props.scratchClass ?? this.storageClass;
    this.zones = props.zones ?? [];
    this.ledger = props.ledger ?? new CapacityLedger();
    if (props.mirror) this.mirror = props.mirror;
    if (aws) this.aws = aws;
    this.identity = "exec" in connection ? `${aws?.region}/${aws?.clusterName}` : `${connection.configPath}#${connection.configContext}`;
    // One provider defines exec as a list of blocks, the other as an attribute.
    new KubernetesProvider(this, "objects", "exec" in connection ? { ...connection, exec: [connection.exec] } : connection);
    // ConfigMaps, so that roles without access to Secrets can plan. Therefore a release must not contain a Secret.
    new HelmProvider(this, "releases", { kubernetes: connection, helmDriver: "configmap" });
  }
}
