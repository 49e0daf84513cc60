import type { App, ITerraformDependable } from "cdktf";
import { Nats, natsUsers } from "../../../constructs/broker";
import {
  EventRecords,
  EventSourcingDb,
  KurrentDb,
  kurrentDbSecrets,
  PostgresEvents,
  postgresEventStore,
  streamBackupPods,
  streamDrillPods,
  streamFollowerPods,
  volumeDrillPods,
  volumeSnapshotPods,
} from "../../../constructs/event-store";
import { CustomResources, Namespace, type Peer } from "../../../constructs/kubernetes";
import { probesPeer } from "../../../constructs/observability";
import { CachePassword, redisUsers, Valkey } from "../../../constructs/redis";
import { authorityPush, ProvidedSecret, type SecretSpec, WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import { kubernetesStack, type Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { outsideOf } from "../../lookup/outside";
import { pathOf } from "../../model/check/paths";
import { isExistingCluster } from "../../model/cluster";
import { passwordJob } from "../../model/derive/identities";
import { isManagedRedis, type StoreWith, serversOf, usersOf } from "../../model/derive/members";
import { NAMESPACES } from "../../model/derive/namespaces";
import { priorityClass } from "../../model/derive/priorities";
import { probesOn } from "../../model/derive/probes";
import { authorityOf } from "../../model/derive/secrets";
import { outputName } from "../../model/derive/servers";
import { readersOf } from "../../model/derive/signals";
import { storeQuota } from "../../model/derive/sizes";
import { canFollow } from "../../model/derive/standby";
import { streamBackupsOf } from "../../model/derive/stream-backups";
import { volumeSnapshotsOf } from "../../model/derive/volume-snapshots";
import { metricsReader } from "../../model/monitoring";
import type { Engine } from "../../model/stores";
import { databaseOf } from "../../model/stores/postgres";
import type { ServerOf, StoreOf } from "../../model/system";
import { postgresOn, type StorePlace } from "./postgres";
import { streamBackup, streamFollower } from "./stream-backup";
import { volumeSnapshots } from "./volume-snapshots";

/** Resources of each engine on a cluster. For AWS engines these set up users; users of Kurrent Cloud are in a separate stack. */
const MAKERS: { readonly [E in Exclude<Engine, "kurrent-cloud" | "memory">]: (place: StorePlace, store: StoreWith<E>) => void } = {
  kurrentdb: kurrentDb,
  postgres: postgresEvents,
  eventsourcingdb: eventSourcingDb,
  aurora: postgres,
  rds: postgres,
  "cloudnative-pg": postgres,
  elasticache: cachePassword,
  valkey,
  nats,
};

/** Stores that a cluster runs or sets up, one state per namespace. Empty if there are none. */
export function storeStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key } = site;
  const here = environment.stores.filter((store) => store.cluster === key && hasPart(site, store));
  const states = new Map<string, readonly StoreOf[]>();
  for (const store of here) states.set(store.stack, [...(states.get(store.stack) ?? []), store]);
  return [...states].map(([part, stores]) => {
    const { stack, cluster } = kubernetesStack(app, site, part, true);
    for (const each of after) stack.addDependency(each);
    const { ready } = new Namespace(stack, "namespace", {
      cluster,
      name: stores[0]?.namespace ?? part,
      quota: storeQuota(environment, part),
      protect: stack.protect,
    });
    for (const store of stores) {
      const make = MAKERS[store.settings.engine as keyof typeof MAKERS] as (place: StorePlace, store: StoreOf) => void;
      make({ site, stack, cluster, clients: clientsOf(site, store), after: ready }, store);
    }
    return stack;
  });
}

/** Checks if a store has resources on its cluster. */
function hasPart({ cluster, foundation }: Site, store: StoreOf): boolean {
  // On an existing cluster, its owner controls access to AWS, and therefore sets the password.
  if (isManagedRedis(store)) return !isExistingCluster(cluster) && foundation?.data !== undefined;
  return store.settings.engine in MAKERS;
}

/** Clients of a store on its own cluster: namespaces of domains, sorted by name. */
function clientsOf({ environment, key }: Site, { name }: StoreOf): readonly Exclude<Peer, "anywhere">[] {
  const domains = usersOf(environment, name).flatMap(({ domain }) => (domain.cluster === key ? [domain.namespace] : []));
  const own = environment.stores.find((store) => store.name === name)?.namespace;
  return [...new Set(domains)]
    .filter((namespace) => namespace !== own)
    .sort()
    .map((namespace) => ({ namespace }));
}

/** Creates a secret of a store, in its namespace. */
function secretOf({ stack, cluster, after }: StorePlace, namespace: string, spec: SecretSpec): ITerraformDependable {
  return new WorkloadSecret(stack, spec.name, { cluster, namespace, spec, after }).release;
}

function metricsFrom({ environment }: Site) {
  const reader = metricsReader(environment.monitoring);
  return reader ? { metricsFrom: reader } : {};
}

function kurrentDb(place: StorePlace, store: StoreWith<"kurrentdb">): void {
  const { site, stack, cluster, clients, after } = place;
  const { environment } = site;
  const { name, namespace, keys, settings } = store;
  const { engine: _, size = environment.size ?? "medium", insecure = false, backup: __, volumeSnapshots: ___, ...said } = settings;
  const secrets = Object.values(kurrentDbSecrets(name)).map((spec) => secretOf(place, namespace, spec));
  const outside = outsideOf(site, stack, store);
  const reader = metricsReader(environment.monitoring);
  const streamed = streamBackupsOf(environment).find((one) => one.place && one.store.name === name);
  const snapshots = volumeSnapshotsOf(environment).find((one) => one.store.name === name);
  const users = [
    ...clients,
    ...(streamed ? [streamBackupPods(namespace, name)] : []),
    ...(streamed?.drill ? [streamDrillPods(namespace, name)] : []),
    ...(canFollow(environment, store) ? [streamFollowerPods(namespace, name)] : []),
    ...(snapshots ? [volumeSnapshotPods(namespace, name)] : []),
    ...(snapshots?.drill ? [volumeDrillPods(namespace, name)] : []),
  ];
  const { ready, eventStore } = describedAt(
    pathOf(environment, keys),
    new KurrentDb(stack, name, {
      cluster,
      namespace,
      name,
      size,
      ...said,
      insecureOnOwnMachine: insecure,
      clients: outside ? [...users, ...outside.networks.map((cidr) => ({ cidr }))] : users,
      ...(outside ? { outside } : {}),
      ...(reader ? { metrics: reader } : {}),
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      secrets: insecure ? [] : secrets,
      after,
    }),
  );
  const jobs = { site, stack, cluster, after: [...after, ...ready] };
  streamBackup(jobs, store, eventStore);
  streamFollower(jobs, store, eventStore, { secret: kurrentDbSecrets(name).users, home: namespace, key: "admin" });
  volumeSnapshots(jobs, store, eventStore);
  if (!outside) return;
  const tags = { ...environment.aws?.tags, system: environment.system, environment: environment.name, stack: `${environment.name}-data` };
  const authority = authorityOf(store);
  new CustomResources(stack, "authority", {
    cluster,
    namespace,
    name: "authority",
    objects: [authorityPush({ namespace, secretName: authority, remoteName: authority, tags })],
    after: ready,
  });
}

function postgresEvents(place: StorePlace, store: StoreWith<"postgres">): void {
  const { site, stack, cluster, clients } = place;
  const [server] = serversOf({ stores: [store] });
  if (!server) return;
  const { namespace } = server;
  const found = postgresOn({ ...place, clients: [...clients, ...readersOf(site.environment, server)] }, server);
  const events = new PostgresEvents(stack, "events", {
    cluster,
    namespace,
    postgres: found.postgres,
    name: databaseOf(server),
    ...(store.keys[0] === "stores" ? { storeName: store.name } : {}),
    after: found.ready,
  });
  const jobs = { site, stack, cluster, after: events.ready };
  streamBackup(jobs, store, postgresEventStore({ ...found.postgres, pool: undefined }, store.name));
  const { records } = store.settings;
  const { restore } = server.settings;
  if (records === undefined && !restore) return;
  new EventRecords(stack, "records", {
    cluster,
    namespace,
    postgres: found.postgres,
    ...(records === undefined ? {} : { schedule: records }),
    ...(restore ? { verify: restore.record ? JSON.stringify(restore.record) : "" } : {}),
    after: events.ready,
  });
}

function eventSourcingDb(
  { site: { environment, key }, stack, cluster, clients, after }: StorePlace,
  store: StoreWith<"eventsourcingdb">,
): void {
  const { name, namespace, keys, settings } = store;
  const { size = environment.size ?? "medium", storage, licence } = settings;
  const probed = probesOn(environment, key).some(({ pods }) => pods !== undefined);
  if (licence) new ProvidedSecret(stack, "licence", { cluster, namespace, name: licence.secret, after });
  describedAt(
    pathOf(environment, keys),
    new EventSourcingDb(stack, name, {
      cluster,
      namespace,
      name,
      size,
      ...(storage ? { storage } : {}),
      ...(licence ? { licence: { secretName: licence.secret, key: licence.key ?? "licence", flag: licence.flag } } : {}),
      clients: probed ? [...clients, probesPeer(NAMESPACES.observability)] : clients,
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
}

function postgres(place: StorePlace, store: StoreOf): void {
  const [server] = serversOf({ stores: [store] }) as readonly [ServerOf];
  postgresOn({ ...place, clients: [...place.clients, ...readersOf(place.site.environment, server)] }, server);
}

function valkey(place: StorePlace, { name, namespace, keys, settings }: StoreWith<"valkey">): void {
  const { site, stack, cluster, clients, after } = place;
  const { environment } = site;
  const { engine: _, purpose = "cache", size = environment.size ?? "medium", ...said } = settings;
  const users = redisUsers(name);
  const secret = secretOf(place, namespace, users);
  describedAt(
    pathOf(environment, keys),
    new Valkey(stack, name, {
      cluster,
      namespace,
      name,
      purpose,
      size,
      ...said,
      users,
      clients,
      protect: stack.protect && purpose === "store",
      ...metricsFrom(site),
      priority: priorityClass(environment, "stores"),
      after: [...after, secret],
    }),
  );
}

function cachePassword(place: StorePlace, store: StoreWith<"elasticache">): void {
  const { site, stack, cluster, after } = place;
  if (!site.foundation?.data || !cluster.aws) return;
  const { name, namespace } = store;
  const passwords = redisUsers(name);
  const secret = secretOf(place, namespace, passwords);
  const outputs = stack.read(site.foundation.data);
  new CachePassword(stack, passwordJob(store), {
    cluster,
    namespace,
    name: passwordJob(store),
    user: { id: outputs[`${outputName(name)}User`] ?? "", arn: outputs[`${outputName(name)}UserArn`] ?? "" },
    region: cluster.aws.region,
    passwords,
    after: [...after, secret],
  });
}

function nats(place: StorePlace, { name, namespace, keys, settings }: StoreWith<"nats">): void {
  const { site, stack, cluster, clients, after } = place;
  const { environment } = site;
  const { purpose = "messages", size = environment.size ?? "medium", servers, storage, active } = settings;
  const users = natsUsers(name);
  const secret = secretOf(place, namespace, users);
  describedAt(
    pathOf(environment, keys),
    new Nats(stack, name, {
      cluster,
      namespace,
      name,
      purpose,
      size,
      ...(servers === undefined ? {} : { servers }),
      ...(storage ? { storage } : {}),
      ...(active ? { active } : {}),
      users,
      clients,
      watchers: readersOf(environment, { name }),
      protect: stack.protect,
      ...metricsFrom(site),
      priority: priorityClass(environment, "stores"),
      after: [...after, secret],
    }),
  );
}
