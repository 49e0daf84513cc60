import type { App } from "cdktf";
import { Construct } from "constructs";
import { auditBuckets } from "../../constructs/audit";
import { BackupOptIn, backupBuckets, snapshotBucket } from "../../constructs/backup";
import {
  AccessAnalysis,
  AccountBudget,
  AccountTrail,
  ConfigurationRecords,
  CostTags,
  type DeployedEnvironment,
  DeployRoles,
  PublicBucketsBlocked,
  SecurityChecks,
  StateBucket,
  stateLocation,
  ThreatDetection,
  VolumeEncryption,
} from "../../constructs/bootstrap";
import { clusterNames, oidcProviders } from "../../constructs/cluster";
import { cloudName } from "../../constructs/core/names";
import { daysIn } from "../../constructs/core/quantities";
import { edgeLogsBucket } from "../../constructs/edge";
import { PlatformStack } from "../base/stack";
import type { Account } from "../model/accounts";
import { accountRegions } from "../model/derive/account-regions";
import { subjectKeysAt, subjectKeysOwner } from "../model/derive/audit";
import { globalDatabaseArn } from "../model/derive/global-databases";
import { logSnapshotsOf } from "../model/derive/log-snapshots";
import { type Aws, privateDomain } from "../model/place";
import type { System } from "../model/system";

type BootstrappedEnvironment = Pick<System, "name" | "aws" | "audit" | "cluster" | "writeCluster" | "readCluster" | "monitoring"> & {
  /** Names of other environments from whose backups it is restored. */
  readonly restoresFrom: readonly string[];

  /** Identifiers of the global databases of other environments that its servers are part of. */
  readonly globalDatabases: readonly string[];
};

/** Prerequisites of every other stack of an account: the storage of Terraform state, and the deploy roles. */
export function bootstrapStack(app: App, name: string, account: Account, environments: readonly BootstrappedEnvironment[]): PlatformStack {
  const { id, region, system, github } = account;
  const stack = new PlatformStack(app, name, {
    state: { bucket: stateLocation({ system, account: id, region }), key: "bootstrap/terraform.tfstate" },
    protect: true,
    holdsData: true,
    aws: { account: id, region, tags: { system, environment: "bootstrap" } },
  });
  const state = new StateBucket(stack, "state", { system, account: id, region });
  const regions = accountRegions(id, environments).filter((each) => !account.lostRegions?.includes(each));
  if (account.baseline) baseline(stack, account, environments, regions);
  for (const each of regions) new BackupOptIn(stack, `backup-${each}`, { provider: stack.providerIn(each) });
  if (github) {
    new DeployRoles(stack, "deploy", {
      system,
      account: id,
      subject: github.subject ?? `repo:${github.repository}`,
      ...(github.branch ? { branch: github.branch } : {}),
      providerExists: github.providerExists ?? false,
      environments: environments.flatMap((environment) =>
        environment.aws?.account === id ? [deployed(system, environment, environment.aws, region, environments)] : [],
      ),
      state: { bucketArn: state.arn, keyArn: state.keyArn },
    });
    // 0.1.0 had one permissions boundary for all environments. Roles keep it until the next apply of their environment.
    stack.addOverride("removed", [{ from: "aws_iam_policy.deploy_boundary_6DFE86BC", lifecycle: { destroy: false } }]);
  }
  return stack;
}

/** Security settings of an account, in the regions of its environments. */
function baseline(
  stack: PlatformStack,
  account: Account,
  environments: readonly BootstrappedEnvironment[],
  present: readonly string[],
): void {
  const {
    system,
    id,
    region,
    baseline: { cloudTrail, guardDuty, securityHub, accessAnalyzer, blockPublicBuckets, encryptVolumes, budget, costTags } = {},
  } = account;
  const scope = new Construct(stack, "baseline");
  const regions = [...new Set([region, ...present])].sort();
  if (cloudTrail) {
    const { bucket } = stateLocation({ system, account: id, region });
    new AccountTrail(scope, "trail", {
      system,
      account: id,
      region,
      keepDays: cloudTrail === true ? TRAIL_DAYS : daysIn(cloudTrail.keep),
      buckets: [bucket, ...environments.flatMap((one) => (one.aws?.account === id ? guardedBuckets(system, one, one.aws) : []))],
    });
  }
  const providers = new Map(regions.map((each) => [each, stack.providerIn(each)]));
  const records = securityHub
    ? new ConfigurationRecords(scope, "configuration", { system, account: id, region, regions: providers })
    : undefined;
  for (const [each, provider] of providers) {
    const recorder = records?.ready.get(each);
    if (recorder) new SecurityChecks(scope, `security-${each}`, { region: each, provider, after: [recorder] });
    if (guardDuty) new ThreatDetection(scope, `threats-${each}`, { provider });
    if (accessAnalyzer) new AccessAnalysis(scope, `access-${each}`, { provider, name: `${system}-account` });
    if (encryptVolumes) new VolumeEncryption(scope, `volumes-${each}`, { provider });
  }
  if (blockPublicBuckets) new PublicBucketsBlocked(scope, "public-buckets", { account: id });
  if (budget) new AccountBudget(scope, "budget", { name: `${system}-account`, account: id, ...budget });
  if (costTags) new CostTags(scope, "cost-tags");
}

/** Retention of CloudTrail's events in days. */
const TRAIL_DAYS = 365;

/** Buckets of backups and audit records of an environment. The buckets of their access logs are not recorded. */
function guardedBuckets(
  system: string,
  { name, audit }: BootstrappedEnvironment,
  { account, region, recoveryRegion }: Aws,
): readonly string[] {
  const place = { account, region, name: [system, name] };
  const buckets = [...backupBuckets(place, recoveryRegion), ...(audit ? auditBuckets(place, recoveryRegion) : [])];
  return buckets.filter((_, index) => index % 2 === 0);
}

/** Resources of an environment that deployments of other environments must not access. */
function deployed(
  system: string,
  environment: BootstrappedEnvironment,
  { account, region, recoveryRegion, runners, domain }: Aws,
  stateRegion: string,
  all: readonly BootstrappedEnvironment[],
): DeployedEnvironment {
  const { name, globalDatabases } = environment;
  const parts = [system, name];
  const place = { account, region, name: parts };
  const snapshots = logSnapshotsOf(environment);
  return {
    name,
    regions: [...new Set([region, ...(recoveryRegion ? [recoveryRegion] : []), stateRegion])],
    clusters: clusterNames(parts),
    domains: [domain, privateDomain({ system, name })],
    buckets: [
      ...backupBuckets(place, recoveryRegion),
      edgeLogsBucket(account, parts),
      ...(snapshots ? [snapshotBucket(place)] : []),
      ...(environment.audit ? auditBuckets(place, recoveryRegion) : []),
    ],
    ...(snapshots ? { oidcProviders: [oidcProviders(region)] } : {}),
    ...(runners ? { connection: runners.connection } : {}),
    ...originsOf(system, environment, all),
    ...sharedKeysOf(system, environment),
    ...(globalDatabases.length > 0 ? { globalDatabases: globalDatabases.map((one) => globalDatabaseArn(account, one)) } : {}),
  };
}

/** Table of data keys of another environment that workloads use. */
function sharedKeysOf(system: string, { name, aws, audit }: BootstrappedEnvironment): Pick<DeployedEnvironment, "subjectKeys"> {
  if (!aws || !audit?.subjectKeys || subjectKeysOwner({ name, audit }) === name) return {};
  const { tableArn, alias } = subjectKeysAt({ system, name, audit }, aws);
  return { subjectKeys: { tableArn, key: alias } };
}

/** Environments of the same account from whose backups an environment is restored. */
function originsOf(
  system: string,
  { aws, restoresFrom }: BootstrappedEnvironment,
  all: readonly BootstrappedEnvironment[],
): Pick<DeployedEnvironment, "origins"> {
  const found = all.flatMap((one) => {
    if (!restoresFrom.includes(one.name) || !one.aws || one.aws.account !== aws?.account) return [];
    const parts = [system, one.name];
    const { account, region, recoveryRegion } = one.aws;
    const buckets = backupBuckets({ account, region, name: parts }, recoveryRegion).filter((_, index) => index % 2 === 0);
    const keys = ["backup", "recovery", "data"].map((use) => `alias/${cloudName("alias", ...parts, use)}`);
    return [{ name: one.name, buckets, keys }];
  });
  return found.length > 0 ? { origins: found } : {};
}
