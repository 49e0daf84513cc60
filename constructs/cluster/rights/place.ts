/** The cluster whose controllers are given rights, and what else those rights end at. */
export interface ControllerPlace {
  readonly account: string;
  readonly region: string;
  readonly vpcId: string;
  readonly clusterName: string;

  /** The beginning of the names of secrets that pods may have: `orders-production`. */
  readonly secretPrefix: string;

  /** Tags by which what belongs to the environment is told from all else, target groups included. */
  readonly owner: Readonly<Record<string, string>>;

  /** The hosted zones whose records the cluster keeps, by ARN. */
  readonly dnsZones: readonly string[];

  /** Where its cert-manager proves whose a name is. */
  readonly certificateZones: readonly CertificateZone[];

  /** The customer-managed key of volumes, by ARN. */
  readonly diskKey: string;

  /** What a scaler needs, where nodes are scaled. */
  readonly scaling?: { readonly queueArn: string; readonly nodeRoleArn: string; readonly instanceProfileArn: string };
}

/** Names that certificates are issued for: a domain, what is below it, and the public zone that they stand in. */
export interface CertificateZone {
  /** The zone, by ARN. It may hold more than the domain: `example.com`. */
  readonly zone: string;

  /** `orders.example.com` */
  readonly domain: string;
}

/** EC2 and Elastic Load Balancing know no resource for what only describes. */
export function reads(region: string, actions: readonly string[]): object {
  return { Sid: "Read", Effect: "Allow", Action: actions, Resource: "*", Condition: { StringEquals: { "aws:RequestedRegion": region } } };
}
