import type { App, ITerraformDependable } from "cdktf";
import { EventSourcingDb, KurrentDb, kurrentDbSecrets, type Outside, PostgresEvents } from "../../../constructs/event-store";
import { CustomResources, type KubernetesTarget, Namespace, type Opening, type Peer } from "../../../constructs/kubernetes";
import { authorityPush, ProvidedSecret, WorkloadSecret } from "../../../constructs/secrets";
import { describedAt } from "../../base/refusals";
import { kubernetesStack, type Site } from "../../base/site";
import type { PlatformStack } from "../../base/stack";
import { NAMESPACES } from "../../model/derive/namespaces";
import { priorityClass } from "../../model/derive/priorities";
import { AUTHORITY } from "../../model/derive/secrets";
import { databaseOf, eventServerName, isReadFromElsewhere } from "../../model/derive/servers";
import { readersOf } from "../../model/derive/signals";
import { quotaOf } from "../../model/derive/sizes";
import type { EventStore } from "../../model/stores/event-store";
import { type PostgresPlace, postgresOn, rolesOn } from "./postgres";

type Engine = EventStore["engine"];
type Settings<E extends Engine> = Extract<EventStore, { engine: E }>;

interface Place {
  readonly site: Site;
  readonly stack: PlatformStack;
  readonly cluster: KubernetesTarget;
  readonly after: readonly ITerraformDependable[];
}

const NAMESPACE = NAMESPACES.eventStore;

/** Who appends events and who reads them, as far as they are on the same cluster. */
const CLIENTS: readonly Exclude<Peer, "anywhere">[] = [{ namespace: NAMESPACES.projections }, { namespace: NAMESPACES.writeSide }];

/** How each engine is put on a cluster. Kurrent Cloud has no part there. */
const ENGINES: { readonly [E in Engine]?: (place: Place, settings: Settings<E>) => void } = {
  kurrentdb: kurrentDb,
  postgres: postgresEvents,
  eventsourcingdb: eventSourcingDb,
};

/** The event store on the cluster that takes commands, alone in its state. None where it is elsewhere. */
export function eventStoreOnClusterStacks(app: App, site: Site, after: readonly PlatformStack[]): readonly PlatformStack[] {
  const { environment, key } = site;
  const { eventStore } = environment;
  if (key === "readCluster" || !eventStore) return [];
  const make = ENGINES[eventStore.engine] as ((place: Place, settings: EventStore) => void) | undefined;
  if (!make) return [];
  const { stack, cluster } = kubernetesStack(app, site, "event-store");
  for (const each of after) stack.addDependency(each);
  const { ready } = new Namespace(stack, "namespace", {
    cluster,
    name: NAMESPACE,
    quota: quotaOf(environment, "write"),
    reaches: waysOf(site, stack),
    protect: stack.protect,
  });
  make({ site, stack, cluster, after: ready }, eventStore);
  return [stack];
}

function kurrentDb({ site, stack, cluster, after }: Place, settings: Settings<"kurrentdb">): void {
  const { environment } = site;
  const { engine: _, size = environment.size ?? "medium", insecure = false, backup: __, ...said } = settings;
  const secrets = Object.values(kurrentDbSecrets()).map(
    (spec) => new WorkloadSecret(stack, spec.name, { cluster, namespace: NAMESPACE, spec, after }).release,
  );
  const outside = outsideOf(site, stack);
  const { ready } = describedAt(
    `${environment.name}.eventStore`,
    new KurrentDb(stack, "event-store", {
      cluster,
      namespace: NAMESPACE,
      size,
      ...said,
      insecureOnOwnMachine: insecure,
      clients: outside ? [...CLIENTS, ...outside.networks.map((cidr) => ({ cidr }))] : CLIENTS,
      ...(outside ? { outside } : {}),
      ...(environment.monitoring?.prometheus ? { metrics: NAMESPACES.observability } : {}),
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      after: [...after, ...(insecure ? [] : secrets)],
    }),
  );
  if (outside) {
    const tags = { ...environment.aws?.tags, system: environment.system, environment: environment.name, stack: `${environment.name}-data` };
    new CustomResources(stack, "authority", {
      cluster,
      namespace: NAMESPACE,
      name: "authority",
      objects: [authorityPush({ namespace: NAMESPACE, secretName: AUTHORITY, remoteName: AUTHORITY, tags })],
      after: ready,
    });
  }
}

function postgresEvents({ site, stack, cluster, after }: Place, { server }: Settings<"postgres">): void {
  const place: PostgresPlace = {
    site,
    stack,
    cluster,
    namespace: NAMESPACE,
    path: `${site.environment.name}.eventStore.server`,
    clients: [...CLIENTS, ...readersOf(site.environment, ({ eventStore }) => eventStore !== undefined)],
    after,
  };
  const name = eventServerName(server);
  const found = postgresOn(place, name, server);
  const roles = rolesOn(place, name, found);
  new PostgresEvents(stack, "events", { cluster, namespace: NAMESPACE, postgres: found.postgres, name: databaseOf(name), after: roles });
}

function eventSourcingDb({ site: { environment }, stack, cluster, after }: Place, settings: Settings<"eventsourcingdb">): void {
  const { size = environment.size ?? "medium", storage, licence } = settings;
  if (licence) new ProvidedSecret(stack, "licence", { cluster, namespace: NAMESPACE, name: licence.secret, after });
  describedAt(
    `${environment.name}.eventStore`,
    new EventSourcingDb(stack, "event-store", {
      cluster,
      namespace: NAMESPACE,
      size,
      ...(storage ? { storage } : {}),
      ...(licence ? { licence: { secretName: licence.secret, key: licence.key ?? "licence", flag: licence.flag } } : {}),
      clients: CLIENTS,
      protect: stack.protect,
      priority: priorityClass(environment, "stores"),
      after,
    }),
  );
}

/** How the nodes of a KurrentDB are known on the other cluster, where there is one and a network that both are in. */
export function outsideOf({ environment, foundation }: Site, stack: PlatformStack): Outside | undefined {
  if (!foundation || !isReadFromElsewhere(environment)) return undefined;
  const { privateZoneName, vpcCidr } = stack.read(foundation.network);
  return { domain: privateZoneName, networks: [vpcCidr], authority: { remoteName: AUTHORITY } };
}

/** Ways of the jobs of a PostgreSQL; the other engines say their own. */
function waysOf({ environment: { eventStore }, foundation }: Site, stack: PlatformStack): readonly Opening[] {
  if (eventStore?.engine !== "postgres") return [];
  const peer: Exclude<Peer, "anywhere"> =
    eventStore.server.engine === "cloudnative-pg" || !foundation ? "namespace" : { cidr: stack.read(foundation.network).vpcCidr };
  return [{ name: "databases", peer, ports: [5432] }];
}
