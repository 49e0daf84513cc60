import type { App, ITerraformDependable } from "cdktf";
import { PublicCertificate, ServerCertificate } from "../constructs/certificates";
import { Binding } from "../constructs/entry";
import { type Backend, Gateway, Routes } from "../constructs/gateway";
import { Namespace, type Quota } from "../constructs/kubernetes";
import { WorkloadSecret } from "../constructs/secrets";
import { HttpService, PartitionedWorker, Worker } from "../constructs/workload";
import { type Entrance, entrances } from "./entrances";
import { before, type EntryOutputs } from "./entry";
import { all, type Environment, isExistingCluster, isProtected, type Service } from "./environment";
import { kubernetesStack, type Site } from "./kubernetes";
import { NAMESPACES } from "./places";
import { describedAt } from "./refusals";
import { versionsOf, WORKLOADS } from "./release";
import { fieldKeys } from "./secrets";
import { workloadQuota } from "./sizes";
import type { PlatformStack } from "./stack";
import { connectionsOf, imagesOf, podOf, type WorkloadPlace, withAccess, withFieldKeys } from "./workloads";

/** A cluster of an environment, and what is on it already. */
interface Populated {
  readonly site: Site;
  readonly stacks: readonly PlatformStack[];
}

/** A stack of workloads, and the cluster that it is on. */
export interface SideStack {
  readonly site: Site;
  readonly stack: PlatformStack;
}

/**
 * The workloads of an environment, in the order in which they come up: the write side, the read side, projections. Each
 * stack comes after the one before, and so goes before it.
 */
export function sideStacks(
  app: App,
  environment: Environment,
  sites: readonly Populated[],
  vendors: readonly PlatformStack[],
): readonly SideStack[] {
  const on = (key: "writeCluster" | "readCluster") => sites.find(({ site }) => site.key === "cluster" || site.key === key);
  const [write, read] = [on("writeCluster"), on("readCluster")];
  const found: SideStack[] = [];
  const then = (populated: Populated | undefined, wanted: object | undefined, make: typeof writeSide): void => {
    if (!populated || !wanted) return;
    const previous = found.map(({ stack }) => stack).slice(-1);
    const after = [...populated.stacks, ...vendors, ...previous];
    found.push({ site: populated.site, stack: make(app, populated.site, after) });
  };
  then(write, environment.commandApi ?? environment.commandProcessors, writeSide);
  then(read, environment.queryApi, readSide);
  then(read, environment.projections, projections);
  return found;
}

function writeSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const { environment } = site;
  const place = placeOf(app, site, "write-side", NAMESPACES.writeSide, after);
  const services = servicesOf(place, "commandApi", "commands", "never");
  for (const [path, settings] of described(environment, "commandProcessors")) {
    const name = settings.name ?? WORKLOADS.commandProcessors.name;
    const { replicas, image = "" } = settings;
    const pod = podOf(place, settings, connectionsOf(place, "commandProcessors"));
    describedAt(path, new Worker(place.stack, name, { ...pod, image, replicas }));
  }
  void services;
  return place.stack;
}

function readSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const { environment } = site;
  const place = placeOf(app, site, "read-side", NAMESPACES.readSide, after);
  const keys = environment.encryptedFields?.length ? [fieldKeysAtHome(place)] : [];
  servicesOf({ ...place, after: [...place.after, ...keys] }, "queryApi", "queries", "once");
  return place.stack;
}

function projections(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const { environment } = site;
  const place = placeOf(app, site, "projections", NAMESPACES.projections, after);
  for (const [path, settings] of described(environment, "projections")) {
    const { name = WORKLOADS.projections.name, image = "", workers, parallelism, partitions } = settings;
    const pod = withFieldKeys(podOf(place, settings, connectionsOf(place, "projections")), environment);
    const shares = { workers, parallelism, ...(partitions === undefined ? {} : { partitions }) };
    describedAt(path, new PartitionedWorker(place.stack, name, { ...pod, image, ...shares }));
  }
  return place.stack;
}

/** A stack with a namespace of its own. */
function placeOf(
  app: App,
  site: Site,
  part: "write-side" | "read-side" | "projections",
  name: string,
  after: readonly PlatformStack[],
): WorkloadPlace {
  const { stack, cluster } = kubernetesStack(app, site, part);
  for (const each of after) stack.addDependency(each);
  const quota: Quota = workloadQuota(site.environment, part);
  const { ready } = new Namespace(stack, "namespace", { cluster, name, quota });
  return { site, stack, cluster, namespace: name, after: ready };
}

/** Keys of fields are drawn for the side that answers queries; projections have a copy. */
function fieldKeysAtHome({ stack, cluster, namespace, after }: WorkloadPlace): ITerraformDependable {
  return new WorkloadSecret(stack, fieldKeys.spec.name, { cluster, namespace, spec: fieldKeys.spec, after }).release;
}

/** The services of a side behind its Gateway, each with its routes. */
function servicesOf(
  place: WorkloadPlace,
  role: "commandApi" | "queryApi",
  entrance: Entrance["name"],
  repeats: "never" | "once",
): readonly HttpService[] {
  const { site, stack, cluster, namespace } = place;
  const { environment } = site;
  const found = described(environment, role);
  if (found.length === 0) return [];
  const way = isExistingCluster(site.cluster) ? undefined : entrances(environment).find(({ name }) => name === entrance);
  const [front] = found.map(([path]) => path);
  const gateway = describedAt(
    front ?? "",
    new Gateway(stack, "gateway", {
      cluster,
      namespace,
      ...certificateOf(place, way),
      servicePorts: [...new Set(found.map(([, { port = PORT }]) => port))],
      ...(way && site.foundation
        ? { behind: { networks: [stack.read(site.foundation.network).vpcCidr], clientAddress: before(way).clientAddress } }
        : {}),
      ...(environment.monitoring?.prometheus ? { metricsFrom: NAMESPACES.observability } : {}),
      after: place.after,
    }),
  );
  const { entry } = site.foundation ?? {};
  if (way && entry) {
    const targetGroupArn = stack.read(entry)[`${way.name}TargetGroupArn` satisfies keyof EntryOutputs] ?? "";
    new Binding(stack, "targets", { cluster, gateway, target: { targetGroupArn, port: gateway.service.port } });
  }
  return found.map(([path, settings]) => {
    const { name = WORKLOADS[role].name, replicas, port = PORT, health } = settings;
    const metrics = settings.metrics ?? { port };
    const pod = withAccess(podOf(place, { ...settings, metrics }, connectionsOf(place, role)), environment);
    const service = describedAt(
      path,
      new HttpService(stack, name, {
        ...(role === "queryApi" ? withFieldKeys(pod, environment) : pod),
        ...imagesOf(settings),
        replicas,
        port,
        ...(health ? { health } : {}),
        clients: [gateway.peer],
      }),
    );
    const { paths, maxBodySize, timeout, rateLimit } = settings;
    describedAt(
      path,
      new Routes(stack, `${name}-routes`, {
        cluster,
        gateway: { ...gateway, ready: [...gateway.ready, ...service.ready] },
        name,
        ...(way ? { hostnames: [way.host] } : {}),
        ...weighted(settings, service),
        repeats,
        ...(paths ? { paths } : {}),
        ...(maxBodySize ? { maxBodySize } : {}),
        ...(timeout ? { timeout } : {}),
        ...(rateLimit ? { rateLimit } : {}),
      }),
    );
    return service;
  });
}

const PORT = 8080;

/** Who has which share of the requests, and who is asked for by a header. */
function weighted(settings: Service, { backends }: HttpService) {
  const versions = versionsOf(settings);
  const of = (slot: string | undefined): Backend => backends.find((backend) => backend.slot === slot) ?? { service: "", port: PORT };
  const previews = versions.filter(({ preview }) => preview).map(({ slot }) => [slot, plain(of(slot))]);
  return {
    backends: versions.map(({ slot, weight }) => ({ ...plain(of(slot)), weight })),
    ...(previews.length > 0 ? { previews: Object.fromEntries(previews) } : {}),
  };
}

function plain({ service, port }: Backend): Backend {
  return { service, port };
}

/**
 * Where an entrance has a name, everybody trusts its certificate. On a cluster that exists its owner's traffic comes in,
 * and trusts that of the namespace; in clear only where nothing is worth reading.
 */
function certificateOf(
  { site, stack, cluster, namespace, after }: WorkloadPlace,
  way: Entrance | undefined,
): { readonly certificate?: string } {
  const { environment, foundation } = site;
  if (way && foundation) {
    const { publicZoneId = "" } = stack.read(foundation.network);
    const { region } = foundation.context.environment.aws;
    const dnsNames = [way.host];
    const zone = { id: publicZoneId, region };
    return {
      certificate: new PublicCertificate(stack, "certificate", { cluster, namespace, name: "gateway", dnsNames, zone, after }).secretName,
    };
  }
  if (!isProtected(environment)) return {};
  const dnsNames = [`gateway-nginx.${namespace}.svc`];
  return { certificate: new ServerCertificate(stack, "certificate", { cluster, namespace, name: "gateway", dnsNames, after }).secretName };
}

/** The workloads of a role, each with where the environment describes it. */
function described<R extends "commandApi" | "commandProcessors" | "queryApi" | "projections">(environment: Environment, role: R) {
  type One = NonNullable<Environment[R]> extends infer T ? (T extends readonly (infer U)[] ? U : T) : never;
  const several = Array.isArray(environment[role]);
  return all(environment[role] as One | readonly One[] as object).map(
    (workload, index) => [`${environment.name}.${role}${several ? `[${index}]` : ""}`, workload as One] as const,
  );
}
