import type { App } from "cdktf";
import { Nats } from "../../../constructs/broker";
import { Namespace, type Opening, type Peer } from "../../../constructs/kubernetes";
import { CachePassword, Valkey } from "../../../constructs/redis";
import { WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import { kubernetesStack, type Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { isExistingCluster } from "../../model/cluster";
import { all } from "../../model/common";
import { CACHE_PASSWORD } from "../../model/derive/identities";
import { NAMESPACES } from "../../model/derive/namespaces";
import { priorityClass } from "../../model/derive/priorities";
import { brokerUsers, cacheUsers } from "../../model/derive/secrets";
import { readDatabaseName } from "../../model/derive/servers";
import { asks, readersOf } from "../../model/derive/signals";
import { quotaOf } from "../../model/derive/sizes";
import { type PostgresPlace, postgresOn, rolesOn } from "./postgres";

/** Who uses the stores of the read side. */
const CLIENTS: readonly Exclude<Peer, "anywhere">[] = [{ namespace: NAMESPACES.projections }, { namespace: NAMESPACES.readSide }];

/** Who sends messages. */
const SENDERS: readonly Exclude<Peer, "anywhere">[] = [{ namespace: NAMESPACES.writeSide }, ...CLIENTS];

/**
 * The stores of the read side that run on its cluster, and the users of those that don't. None where there is no store.
 */
export function readStoreStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key } = site;
  const { cache, broker, monitoring } = environment;
  const databases = all(environment.readDatabase);
  // On a cluster that exists already, its owner says who may change what is on AWS, and so tells the password as well.
  const told = cache?.engine === "elasticache" && !isExistingCluster(site.cluster) ? site.foundation?.data : undefined;
  const inCluster = cache?.engine === "valkey" || told !== undefined || broker !== undefined;
  if (key === "writeCluster" || (databases.length === 0 && !inCluster)) return [];
  const { stack, cluster } = kubernetesStack(app, site, "read-store");
  for (const each of after) stack.addDependency(each);
  const name = NAMESPACES.readStore;
  const size = environment.size ?? "medium";
  const at = (path: string) => `${environment.name}.${path}`;
  const priority = priorityClass(environment, "stores");
  const metrics = monitoring?.prometheus ? { metricsFrom: NAMESPACES.observability } : {};
  const { ready } = new Namespace(stack, "namespace", {
    cluster,
    name,
    quota: quotaOf(environment, "read"),
    reaches: waysTo(site, stack),
    protect: stack.protect,
  });
  for (const [index, settings] of databases.entries()) {
    const path = Array.isArray(environment.readDatabase) ? `readDatabase[${index}]` : "readDatabase";
    const server = readDatabaseName(settings);
    const place: PostgresPlace = {
      site,
      stack,
      cluster,
      namespace: name,
      path: at(path),
      clients: [...CLIENTS, ...readersOf(environment, asks(environment, server))],
      after: ready,
    };
    rolesOn(place, server, postgresOn(place, server, settings));
  }

  if (cache?.engine === "valkey") {
    const { spec } = cacheUsers;
    const users = new WorkloadSecret(stack, spec.name, { cluster, namespace: name, spec, after: ready });
    describedAt(
      at("cache"),
      new Valkey(stack, "cache", {
        cluster,
        namespace: name,
        name: "cache",
        purpose: cache.purpose ?? "cache",
        size: cache.size ?? size,
        ...(cache.replicas === undefined ? {} : { replicas: cache.replicas }),
        ...(cache.storage ? { storage: cache.storage } : {}),
        users: spec,
        clients: CLIENTS,
        protect: stack.protect && cache.purpose === "store",
        ...metrics,
        priority,
        after: [...ready, users.release],
      }),
    );
  }
  if (told && cluster.aws) {
    const { spec } = cacheUsers;
    const passwords = new WorkloadSecret(stack, spec.name, { cluster, namespace: name, spec, after: ready });
    const { cacheUser = "", cacheUserArn = "" } = stack.read(told);
    new CachePassword(stack, "cache-password", {
      cluster,
      namespace: name,
      name: CACHE_PASSWORD,
      user: { id: cacheUser, arn: cacheUserArn },
      region: cluster.aws.region,
      passwords: spec,
      after: [...ready, passwords.release],
    });
  }
  if (broker) {
    const { spec } = brokerUsers;
    const users = new WorkloadSecret(stack, spec.name, { cluster, namespace: name, spec, after: ready });
    describedAt(
      at("broker"),
      new Nats(stack, "broker", {
        cluster,
        namespace: name,
        name: "broker",
        purpose: broker.purpose ?? "messages",
        size: broker.size ?? size,
        ...(broker.servers === undefined ? {} : { servers: broker.servers }),
        ...(broker.storage ? { storage: broker.storage } : {}),
        ...(broker.active ? { active: broker.active } : {}),
        users: spec,
        clients: SENDERS,
        watchers: readersOf(environment, ({ broker: waiting }) => waiting !== undefined),
        protect: stack.protect,
        ...metrics,
        priority,
        after: [...ready, users.release],
      }),
    );
  }
  return [stack];
}

/** Ways of the jobs that set up users: to servers in the namespace, and to those of AWS in their network. */
function waysTo({ environment, foundation }: Site, stack: PlatformStack): readonly Opening[] {
  const engines = all(environment.readDatabase).map(({ engine }) => engine);
  const outside = foundation && engines.some((engine) => engine !== "cloudnative-pg");
  const peers: Exclude<Peer, "anywhere">[] = [
    ...(engines.includes("cloudnative-pg") ? ["namespace" as const] : []),
    ...(outside ? [{ cidr: stack.read(foundation.network).vpcCidr }] : []),
  ];
  return peers.length > 0 ? [{ name: "databases", peer: peers, ports: [5432] }] : [];
}
