/** Cluster of the controllers that get rights, and the limits of those rights. */
export interface ControllerPlace {
  readonly account: string;
  readonly region: string;
  readonly vpcId: string;
  readonly clusterName: string;

  /** Prefix of the names of secrets that pods may have: `orders-production`. */
  readonly secretPrefix: string;

  /** Tags that identify the resources of the environment, including target groups. */
  readonly owner: Readonly<Record<string, string>>;

  /** Hosted zones in which the cluster manages records, by ARN. */
  readonly dnsZones: readonly string[];

  /** Zones in which cert-manager proves the ownership of domains. */
  readonly certificateZones: readonly CertificateZone[];

  /** Customer-managed key of volumes, by ARN. */
  readonly diskKey: string;

  /** Inputs of a scaler's rights, if nodes are scaled. */
  readonly scaling?: { readonly queueArn: string; readonly nodeRoleArn: string; readonly instanceProfileArn: string };
}

/** Names for which certificates are issued: a domain with its subdomains, and its public zone. */
export interface CertificateZone {
  /** The zone, by ARN. It can be that of a parent domain: `example.com`. */
  readonly zone: string;

  /** `orders.example.com` */
  readonly domain: string;
}

/** Rights to describe resources. EC2 and Elastic Load Balancing support no resource-level permissions for these actions. */
export function reads(region: string, actions: readonly string[]): object {
  return { Sid: "Read", Effect: "Allow", Action: actions, Resource: "*", Condition: { StringEquals: { "aws:RequestedRegion": region } } };
}
