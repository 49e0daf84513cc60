import { type App, Fn, type TerraformStack } from "cdktf";
import { logDays } from "../../constructs/logs";
import {
  AuroraPostgres,
  type AuroraPostgresProps,
  type ManagedPostgresProps,
  RdsPostgres,
  serverIdentifier,
} from "../../constructs/postgres";
import { ElastiCache } from "../../constructs/redis";
import { ManagedSecret, PublishedAuthority } from "../../constructs/secrets";
import type { AwsContext } from "../base/context";
import type { DataOutputs, Keys, NetworkOutputs } from "../base/outputs";
import { describedAt } from "../base/refusals";
import { awsStackProps, PlatformStack } from "../base/stack";
import { pathOf } from "../model/check/paths";
import { globalDatabaseOf, globalIdentifier } from "../model/derive/global-databases";
import { isManagedRedis, presentStores } from "../model/derive/members";
import type { RestoreOrigin } from "../model/derive/restores";
import { managedSecretsOf, publishedAuthorities } from "../model/derive/secrets";
import { type ManagedServer, managedServersOf, outputName, replicaServersOf } from "../model/derive/servers";
import { DEFAULT_KEEP } from "../model/derive/store-backups";
import type { Environment } from "../model/environment";
import { zoneIds } from "../model/place";
import { automatedKeep, type PostgresSettings } from "../model/stores/postgres";
import { snapshotsKept } from "../model/stores/redis";
import { type Restore, targetOf } from "../model/stores/restore";

/** Constructor of each AWS engine. */
const SERVERS: {
  readonly [E in ManagedServer["settings"]["engine"]]: (
    stack: TerraformStack,
    name: string,
    props: ManagedPostgresProps & { readonly size: NonNullable<Environment["size"]>; readonly replicas: number },
    settings: Extract<PostgresSettings, { engine: E }>,
  ) => AuroraPostgres | RdsPostgres;
} = {
  aurora: (stack, name, props) => new AuroraPostgres(stack, name, props),
  rds: (stack, name, props, { storage }) => new RdsPostgres(stack, name, { ...props, ...(storage ? { storage } : {}) }),
};

/** Backup that a server is created from. */
function restoreOf(restore?: Restore, origin?: RestoreOrigin): Pick<ManagedPostgresProps, "restore"> {
  const target = restore && targetOf(restore);
  if (!target || !origin) return {};
  if (target.kind === "snapshot") return { restore: { snapshot: target.value } };
  const { system, server } = origin;
  return { restore: { source: serverIdentifier([system.system, system.name], server.name), time: target.value } };
}

/** Global database of a server. A rule makes sure that the owner, if it is not the environment itself, is in the recovery region. */
function globalOf(
  { system, name, aws }: AwsContext["environment"],
  server: ManagedServer,
  secondary: boolean,
): Pick<AuroraPostgresProps, "globalDatabase"> {
  const found = globalDatabaseOf(server);
  if (!found) return {};
  const { of, minorVersion } = found;
  return {
    globalDatabase: {
      identifier: globalIdentifier(system, found, server.name),
      minorVersion,
      secondary,
      ...(of === name ? {} : { joinedFrom: aws.recoveryRegion ?? aws.region }),
    },
  };
}

/** Secrets, databases and caches of an environment on AWS. Empty if there are none. */
export function dataStacks(
  app: App,
  { environment, account, origins }: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
): readonly PlatformStack<DataOutputs>[] {
  const secondaries = replicaServersOf(environment);
  // Secrets of a replica's users exist before the promotion, and after the server has become a replica again.
  const secrets = managedSecretsOf({ ...environment, stores: presentStores(environment) });
  const servers = [...managedServersOf(environment), ...secondaries];
  const { system, name, aws } = environment;
  const caches = environment.stores.filter(isManagedRedis);
  const published = publishedAuthorities(environment);
  if ([secrets, servers, caches, published].every(({ length }) => length === 0)) return [];
  const stack = new PlatformStack<DataOutputs>(app, `${name}-data`, awsStackProps(environment, account, "data", true));
  const { secretsKeyArn, dataKeyArn, logsKeyArn } = stack.read(keys);
  const { protect } = stack;
  for (const { spec } of secrets) {
    new ManagedSecret(stack, spec.name, { name: [system, name], spec, key: secretsKeyArn, protect });
  }
  for (const authority of published)
    new PublishedAuthority(stack, authority, { name: [system, name], authority, key: secretsKeyArn, protect });

  const outputs: Record<string, string> = {};
  const place = (store: string) => {
    const { dataSubnetIds, ...groups } = stack.read(network);
    return {
      name: [system, name],
      store,
      zones: Object.fromEntries(zoneIds(environment).map((zone, index) => [zone, Fn.element(dataSubnetIds, index) as string])),
      securityGroupIds: [(groups as Partial<NetworkOutputs>)[`${outputName(store)}SecurityGroupId`] ?? ""],
      keys: { data: dataKeyArn, secrets: secretsKeyArn, logs: logsKeyArn },
      protect,
      logDays: logDays(aws.logRetention, protect),
    };
  };
  for (const server of servers) {
    const { name: store, keys: path, settings } = server;
    const { version, parameters, replicas, backup, size = environment.size ?? "medium" } = settings;
    const props = {
      ...place(store),
      account: aws.account,
      region: aws.region,
      size,
      replicas,
      keep: automatedKeep(backup?.keep ?? environment.backup?.keep ?? DEFAULT_KEEP),
      ...(version ? { version } : {}),
      ...(parameters ? { parameters } : {}),
      ...restoreOf(settings.restore, origins.get(store)),
      ...globalOf(environment, server, secondaries.includes(server)),
    };
    const make = SERVERS[settings.engine] as (...given: unknown[]) => AuroraPostgres | RdsPostgres;
    const { writer, reader } = describedAt(pathOf(environment, path), make(stack, store, props, settings));
    outputs[`${outputName(store)}Writer`] = writer;
    outputs[`${outputName(store)}Reader`] = reader;
  }
  for (const { name: store, keys: path, settings } of caches) {
    const { shards, replicasPerShard, purpose = "cache", size = environment.size ?? "medium" } = settings;
    const keep = snapshotsKept(settings, protect);
    const made = new ElastiCache(stack, store, { ...place(store), purpose, size, shards, replicasPerShard, ...(keep ? { keep } : {}) });
    const { host, user, userArn } = describedAt(pathOf(environment, path), made);
    const output = outputName(store);
    Object.assign(outputs, { [`${output}Host`]: host, [`${output}User`]: user, [`${output}UserArn`]: userArn });
  }
  return [stack.publish(outputs)];
}
