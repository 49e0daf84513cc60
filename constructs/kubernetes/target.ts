import { HelmProvider } from "@cdktf/provider-helm/lib/provider";
import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { CapacityLedger } from "../capacity";

/** What any cluster tells those who run something on it. */
export interface KubernetesTargetProps {
  /**
   * The storage class of data.
   * @default "data" on EKS, "standard" on an existing cluster
   */
  readonly storageClass?: string;

  /**
   * The storage class of what can be lost: metrics, queues.
   * @default "scratch" on EKS, that of data on an existing cluster
   */
  readonly scratchClass?: string;

  /**
   * Its zones by their full names, the values of `topology.kubernetes.io/zone`.
   * @default - unknown
   */
  readonly zones?: readonly string[];

  /**
   * What is asked of its nodes. Share one among the targets of a cluster that several stacks work on.
   * @default - one without node sizes, which gives no verdict
   */
  readonly ledger?: CapacityLedger;

  /**
   * A registry that holds every image and chart: `registry.example.com/mirror`.
   * @default - each comes from where its project publishes it
   */
  readonly mirror?: string;
}

/** A cluster on EKS. Endpoint and authority come from another stack: a provider is never configured by its own. */
export interface EksTargetProps extends KubernetesTargetProps {
  readonly clusterName: string;
  readonly region: string;
  readonly endpoint: string;

  /** In base64, as EKS returns it. */
  readonly certificateAuthority: string;

  readonly vpcId: string;
}

/** A cluster that exists, known by a context of a kubeconfig. */
export interface KubeconfigTargetProps extends KubernetesTargetProps {
  readonly context: string;

  /** @default "~/.kube/config" */
  readonly kubeconfig?: string;
}

/** A cluster on AWS, as its controllers have to know it. */
export interface AwsPlace {
  readonly clusterName: string;
  readonly region: string;
  readonly vpcId: string;
}

/** How a provider reaches a cluster. */
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
 * The cluster that a stack works on, made by EKS or existing: its providers, its storage class, its zones, and what
 * is asked of its nodes. One stack works on one cluster.
 */
export class KubernetesTarget extends Construct {
  readonly storageClass: string;
  readonly scratchClass: string;
  readonly zones: readonly string[];
  readonly ledger: CapacityLedger;
  readonly mirror?: string;

  /** The same for all targets of one cluster: stacks of one program know by it that they share the cluster. */
  readonly identity: string;

  /** Where on AWS it lives, if it does. */
  readonly aws?: AwsPlace;

  /** A cluster that EKS runs, entered with a token that is asked for at each apply and kept nowhere. */
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

  /** A cluster that exists. */
  static kubeconfig(scope: Construct, props: KubeconfigTargetProps): KubernetesTarget {
    const connection = { configPath: props.kubeconfig ?? "~/.kube/config", configContext: props.context };
    return new KubernetesTarget(scope, connection, props);
  }

  /** Whether it is another target of the same cluster. One whose capacity is counted apart is none: it is of another environment. */
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
    // The one has exec as a list of blocks, the other as an attribute.
    new KubernetesProvider(this, "objects", "exec" in connection ? { ...connection, exec: [connection.exec] } : connection);
    // Where roles that may read no Secret can plan them. So nothing in a release may be one.
    new HelmProvider(this, "releases", { kubernetes: connection, helmDriver: "configmap" });
  }
}
