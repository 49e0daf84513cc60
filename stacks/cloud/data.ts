import { type App, Fn, type TerraformStack } from "cdktf";
import { logDays } from "../../constructs/logs";
import { AuroraPostgres, type ManagedPostgresProps, RdsPostgres } from "../../constructs/postgres";
import { ElastiCache } from "../../constructs/redis";
import { ManagedSecret, PublishedAuthority } from "../../constructs/secrets";
import type { AwsContext } from "../compose";
import { all, type Environment, eventServerName, type PostgresSettings, readDatabaseName } from "../model/environment";
import { isReadFromElsewhere } from "../cluster/stores/event-store";
import type { Keys } from "./keys";
import { type NetworkOutputs, zoneIds } from "./network";
import { outputName } from "../cluster/stores/postgres";
import { describedAt } from "../base/refusals";
import { AUTHORITY, managedSecretsOf } from "../model/derive/secrets";
import { awsStackProps, PlatformStack } from "../base/stack";
import { DEFAULT_KEEP } from "../model/derive/store-backups";

/** Where each managed store is reached: `readDatabaseWriter`, `readDatabaseReader`, `cacheHost`; and as whom: `cacheUser`. */
export type DataOutputs = {
  readonly [Output in `${string}Writer` | `${string}Reader` | `${string}Host` | `${string}User` | `${string}UserArn`]: string;
};

/** A server of PostgreSQL that AWS runs, by its name. */
export interface ManagedServer {
  readonly name: string;

  /** Where the environment describes it: `production.readDatabase`. */
  readonly path: string;
  readonly settings: Exclude<PostgresSettings, { engine: "cloudnative-pg" }>;

  /** Who reads and writes there. */
  readonly sides: readonly ("write" | "read")[];
}

/** The servers of PostgreSQL that AWS runs for an environment. */
export function managedServersOf({ name: environment, eventStore, readDatabase }: Environment): readonly ManagedServer[] {
  const servers = [
    ...(eventStore?.engine === "postgres"
      ? [
          {
            settings: eventStore.server,
            path: "eventStore.server",
            name: eventServerName(eventStore.server),
            sides: ["write", "read"] as const,
          },
        ]
      : []),
    ...all(readDatabase).map((settings, index) => ({
      settings,
      path: Array.isArray(readDatabase) ? `readDatabase[${index}]` : "readDatabase",
      name: readDatabaseName(settings),
      sides: ["read"] as const,
    })),
  ];
  return servers.flatMap(({ settings, name, path, sides }) =>
    settings.engine === "cloudnative-pg" ? [] : [{ name, path: `${environment}.${path}`, settings, sides }],
  );
}

/** How each engine of AWS is made. */
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

/** What an environment keeps on AWS beside its events and backups. None where there is nothing to keep. */
export function dataStacks(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
): readonly PlatformStack<DataOutputs>[] {
  const secrets = managedSecretsOf(environment);
  const servers = managedServersOf(environment);
  const { system, name, aws, cache } = environment;
  const published = isReadFromElsewhere(environment);
  if (secrets.length === 0 && servers.length === 0 && cache?.engine !== "elasticache" && !published) return [];
  const stack = new PlatformStack<DataOutputs>(app, `${name}-data`, awsStackProps(environment, account, "data"));
  const { secretsKeyArn, dataKeyArn, logsKeyArn } = stack.read(keys);
  const { protect } = stack;
  for (const { spec } of secrets) {
    new ManagedSecret(stack, spec.name, { name: [system, name], spec, key: secretsKeyArn, protect });
  }
  if (published) new PublishedAuthority(stack, AUTHORITY, { name: [system, name], authority: AUTHORITY, key: secretsKeyArn, protect });

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
  for (const { name: store, path, settings } of servers) {
    const { version, parameters, replicas, size = environment.size ?? "medium" } = settings;
    const props = {
      ...place(store),
      account: aws.account,
      region: aws.region,
      size,
      replicas,
      keep: environment.backup?.keep ?? DEFAULT_KEEP,
      ...(version ? { version } : {}),
      ...(parameters ? { parameters } : {}),
    };
    const make = SERVERS[settings.engine] as (...given: unknown[]) => AuroraPostgres | RdsPostgres;
    const { writer, reader } = describedAt(path, make(stack, store, props, settings));
    outputs[`${outputName(store)}Writer`] = writer;
    outputs[`${outputName(store)}Reader`] = reader;
  }
  if (cache?.engine === "elasticache") {
    const { shards, replicasPerShard, purpose = "cache", size = environment.size ?? "medium" } = cache;
    const made = new ElastiCache(stack, "cache", { ...place("cache"), purpose, size, shards, replicasPerShard });
    const { host, user, userArn } = describedAt(`${name}.cache`, made);
    Object.assign(outputs, { cacheHost: host, cacheUser: user, cacheUserArn: userArn });
  }
  return [stack.publish(outputs)];
}
