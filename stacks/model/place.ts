import type { Duration } from "../../constructs/core/quantities";
import { seconds } from "../../constructs/core/quantities";
import { retentionProblem } from "../../constructs/logs";
import type { Region } from "../../constructs/network";
import { defaultZones, REGIONS } from "../../constructs/network";
import { choice, either, list, object, optional, records, text, value } from "./check/shape";
import { anything, domain } from "./common";

/** Location on AWS: account, regions, domain and network. */
export interface Aws {
  /** AWS account id, 12 digits, to which every provider is pinned. One of `environments/accounts.ts`. */
  readonly account: string;

  readonly region: Region;

  /**
   * Region to which are copied: the backup bucket, snapshots of Aurora and RDS, volume snapshots of `kurrentdb` on EKS, the audit trail, and
   * its data keys. The summary lists the copies. A protected environment can't have a store whose backups all stay in `region`, such as
   * `kurrent-cloud` without `streamBackup`, unless the exception `noRecoveryCopy` gives a reason.
   * @default - none; requires the exception `noRecoveryCopy`
   */
  readonly recoveryRegion?: Region;

  /** Public domain of the system: `orders.example.com`. */
  readonly domain: string;

  /**
   * Id of an existing public hosted zone that contains the domain: `Z0123456789ABCDEFGHIJ`. Must be in the same account;
   * may be the zone of a parent domain: `example.com`.
   * @default - a new zone, which you delegate once in the parent zone
   */
  readonly zone?: string;

  /**
   * Network: created by the environment, or an existing one.
   * @default - a new network, 10.0.0.0/16 over three zones
   */
  readonly network?: OwnNetwork | ExistingNetwork;

  /**
   * GitHub Actions runners inside the network, for jobs that deploy to its private clusters: CodeBuild starts one for each job of the
   * account's repository with the label `codebuild-<system>-<environment>-runners-<run id>-<run attempt>`.
   * @default - none: jobs run on runners that you provide, in the security group `deploy-runners`
   */
  readonly runners?: Runners;

  /**
   * Log retention: VPC flow logs, and logs of control planes, databases, caches and the edge. Must be a period that
   * CloudWatch Logs offers: `"90d"`.
   * @default "365d", or "30d" with the exception `disposable`
   */
  readonly logRetention?: Duration;

  /**
   * Tags of all resources, in addition to system, environment and stack.
   * @default - none
   */
  readonly tags?: Readonly<Record<string, string>>;
}

/** GitHub Actions runners of an environment. */
export interface Runners {
  /**
   * ARN of a connection to GitHub of AWS CodeConnections, in the environment's region: `arn:aws:codeconnections:…`. Its app must be
   * installed for the repository, and its status must be *Available*.
   */
  readonly connection: string;
}

/** Network to create: address range, zones, and buckets that it may read. */
export interface OwnNetwork {
  /**
   * Address range, from /16 to /21. Must not overlap with another environment's.
   * @default "10.0.0.0/16"
   */
  readonly cidr?: string;

  /**
   * Availability Zones by name. Two zones require the exception `twoZones`.
   * @default - the first three of the region
   */
  readonly zones?: readonly string[];

  /**
   * S3 buckets of other accounts, in the same region, that nodes and pods may read, such as those to which a registry or
   * package repository redirects downloads. The gateway endpoint for S3 denies all other buckets.
   * @default - those of ECR, registry.k8s.io and Amazon Linux; in us-east-1 also those of Docker Hub and quay.io
   */
  readonly readableBuckets?: readonly string[];
}

/** Existing VPC with its subnets, which are not changed. */
export interface ExistingNetwork {
  /** Id of the VPC: `vpc-0a1b2c3d`. */
  readonly vpc: string;

  /** Ids of the subnets by use, in the order of the zones: one of each use per zone. */
  readonly subnets: {
    readonly public: readonly string[];
    readonly private: readonly string[];
    readonly data: readonly string[];
  };
}

/** Checks if a network is an existing one. */
export function isExistingNetwork(network: OwnNetwork | ExistingNetwork): network is ExistingNetwork {
  return "vpc" in network;
}

export const region = choice(Object.keys(REGIONS), "region");

export const account = text(/^\d{12}$/, "must be an AWS account id", 'write its twelve digits in quotes, like "111122223333"');

export const zone = text(/^[A-Z0-9]{1,32}$/, "must be the id of a hosted zone", "copy it from Route 53, like Z0123456789ABCDEFGHIJ");

export const ids = (prefix: string) =>
  list(
    text(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `must be the id of a ${prefix}`, `write one like ${prefix}-0a1b2c3d4e5f67890`),
    "name one for each zone",
  );

export const network = either(
  "vpc",
  object<ExistingNetwork>({
    vpc: text(/^vpc-[0-9a-f]{8,17}$/, "must be the id of a VPC", "write one like vpc-0a1b2c3d4e5f67890"),
    subnets: object<ExistingNetwork["subnets"]>({ public: ids("subnet"), private: ids("subnet"), data: ids("subnet") }),
  }),
  object<OwnNetwork>({
    cidr: optional(anything),
    zones: optional(list(anything, "name two or three zones")),
    // S3, bucket naming rules.
    readableBuckets: optional(
      list(
        text(/^(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not a valid bucket name", "write one like quayio-production-s3"),
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
  runners: optional(
    object<Runners>({
      connection: text(
        /^arn:aws:codeconnections:[a-z0-9-]+:\d{12}:connection\/[0-9a-f-]{36}$/,
        "must be the ARN of a connection of AWS CodeConnections",
        "copy it from Developer Tools, Connections; one that begins with arn:aws:codestar-connections must be created again",
      ),
    }),
  ),
  logRetention: optional(retention),
  tags: optional(
    records(value((input) => (typeof input === "string" ? undefined : { rule: "is not a valid tag value", remedy: "write it in quotes" }))),
  ),
});

/** Domain of the names that only the network of an environment resolves. */
export function privateDomain({ system, name }: { readonly system: string; readonly name: string }): string {
  return `${name}.${system}.internal`;
}

/** Default address range of an environment's network. */
export const DEFAULT_CIDR = "10.0.0.0/16";

/** Settings that determine the zones of a network. */
interface OnAws {
  readonly aws: Aws;
  readonly exceptions?: { readonly twoZones?: string };
}

export function zonesOf({ aws, exceptions }: OnAws, own: OwnNetwork): readonly string[] {
  return own.zones ?? defaultZones(aws.region).slice(0, exceptions?.twoZones === undefined ? 3 : 2);
}

/** Zones of a network by name; by number for an existing network, of which only the subnets are known. */
export function zoneNames(environment: OnAws): readonly string[] {
  const network = environment.aws.network ?? {};
  return isExistingNetwork(network) ? zoneIds(environment) : zonesOf(environment, network);
}

/** Ids of zones in Terraform addresses, in the order of the subnets: letters in a new network, numbers in an existing one. */
export function zoneIds(environment: OnAws): readonly string[] {
  const network = environment.aws.network ?? {};
  if (isExistingNetwork(network)) return network.subnets.private.map((_, index) => String(index + 1));
  return zonesOf(environment, network).map((zone) => zone.slice(-1));
}
