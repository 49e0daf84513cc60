import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { retentionProblem } from "../../constructs/logs";
import type { Region } from "../../constructs/network";
import { defaultZones, REGIONS } from "../../constructs/network";
import { choice, either, list, object, optional, records, text, value } from "./check/shape";
import { anything, domain } from "./common";

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

/** Whether a network is an existing one. */
export function isExistingNetwork(network: OwnNetwork | ExistingNetwork): network is ExistingNetwork {
  return "vpc" in network;
}

export const region = choice(Object.keys(REGIONS), "region that the platform knows");

export const account = text(/^\d{12}$/, "is no account", 'write its twelve digits in quotes, like "111122223333"');

export const zone = text(/^[A-Z0-9]{1,32}$/, "is no id of a hosted zone", "copy it from Route 53, like Z0123456789ABCDEFGHIJ");

export const ids = (prefix: string) =>
  list(
    text(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `is no id of a ${prefix}`, `write one like ${prefix}-0a1b2c3d4e5f67890`),
    "name one for each zone",
  );

export const network = either(
  "vpc",
  object<ExistingNetwork>({
    vpc: text(/^vpc-[0-9a-f]{8,17}$/, "is no id of a VPC", "write one like vpc-0a1b2c3d4e5f67890"),
    subnets: object<ExistingNetwork["subnets"]>({ public: ids("subnet"), private: ids("subnet"), data: ids("subnet") }),
  }),
  object<OwnNetwork>({
    cidr: optional(anything),
    zones: optional(list(anything, "name two or three zones")),
    // S3, bucket naming rules.
    readableBuckets: optional(
      list(
        text(/^(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no name of a bucket", "write one like quayio-production-s3"),
        "name buckets, or leave it out",
      ),
    ),
  }),
);

export const retention = value((input) => {
  const reading = seconds(input);
  return typeof reading === "number" ? retentionProblem(reading / 86_400) : reading;
});

export const awsShape = object<Aws>({
  account,
  region,
  recoveryRegion: optional(region),
  domain,
  zone: optional(zone),
  network: optional(network),
  logRetention: optional(retention),
  tags: optional(
    records(value((input) => (typeof input === "string" ? undefined : { rule: "is no tag value", remedy: "write it in quotes" }))),
  ),
});

/** The addresses of an environment's network where nobody names any. */
export const DEFAULT_CIDR = "10.0.0.0/16";

/** What decides the zones of a network. */
interface OnAws {
  readonly aws: Aws;
  readonly exceptions?: { readonly twoZones?: string };
}

export function zonesOf({ aws, exceptions }: OnAws, own: OwnNetwork): readonly string[] {
  return own.zones ?? defaultZones(aws.region).slice(0, exceptions?.twoZones === undefined ? 3 : 2);
}

/** The zones of a network by name, or by number where the network was found and its subnets alone are known. */
export function zoneNames(environment: OnAws): readonly string[] {
  const network = environment.aws.network ?? {};
  return isExistingNetwork(network) ? zoneIds(environment) : zonesOf(environment, network);
}

/** What the zones of a network are called in addresses, in the order of its subnets: by letter where we made it, by number where we found it. */
export function zoneIds(environment: OnAws): readonly string[] {
  const network = environment.aws.network ?? {};
  if (isExistingNetwork(network)) return network.subnets.private.map((_, index) => String(index + 1));
  return zonesOf(environment, network).map((zone) => zone.slice(-1));
}
