import { InvalidInput } from "../../constructs/core/errors";
import { type ChartRelease, inadmissible, type KubernetesObject, kubernetesObjects } from "../../constructs/kubernetes";
import type { Environment } from "../../stacks";
import { aProgram, errorsOf } from "../environments";
import { covers, type End, type Way, waysIn } from "../network-policies";
import { composedOf } from "../program";
import type { Body } from "../synth";

/** What became of a system. */
export interface MadeSystem {
  readonly environment: Environment;
  readonly objects: readonly KubernetesObject[];
  readonly releases: readonly ChartRelease[];

  /** The objects of each stack, by its id, and the stacks that are deployed before it. */
  readonly stacks: ReadonlyMap<string, { readonly objects: readonly KubernetesObject[]; readonly before: ReadonlySet<string> }>;

  /** Why it can't be made, a line for each problem. */
  readonly refused: readonly string[];

  /** What Terraform reads of each stack. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Room is a matter of the cluster. */
const OF_ROOM = /^test\.cluster\.(allocatable|nodes): /;

/** What becomes of a system that validation accepts; undefined of one that it refuses. */
export function madeOf(environment: Environment): MadeSystem | undefined {
  return errorsOf(aProgram(environment)).length > 0 ? undefined : composedFrom(environment);
}

/** What becomes of a system, whatever validation says of it. */
export function composedFrom(environment: Environment): MadeSystem {
  const none: MadeSystem = { environment, objects: [], releases: [], stacks: new Map(), refused: [], texts: {} };
  const [synthesis, ...refused] = answered(() => composedOf(aProgram(environment)));
  if (!synthesis) return { ...none, refused };
  const mine = synthesis.compositions.flatMap(({ name, stacks }) => (name === environment.name ? stacks : []));
  const sent = mine.map((stack) => {
    const json = synthesis.stacks.get(stack.node.id)?.json ?? {};
    return { stack, json, ...kubernetesObjects(json) };
  });
  const before = (stack: (typeof mine)[number]): readonly string[] =>
    stack.dependencies.flatMap((other) => [other.node.id, ...before(other as typeof stack)]);
  return {
    environment,
    objects: sent.flatMap(({ objects }) => objects),
    releases: sent.flatMap(({ releases }) => releases),
    stacks: new Map(sent.map(({ stack, objects }) => [stack.node.id, { objects, before: new Set(before(stack)) }])),
    refused: answered(() => synthesis.sites).slice(1) as readonly string[],
    texts: Object.fromEntries(sent.map(({ stack, json }) => [stack.node.id, JSON.stringify(json)])),
  };
}

/** What is made, or undefined and what is said against it, except of room. */
function answered<T>(make: () => T): readonly [T | undefined, ...(readonly string[])] {
  try {
    return [make()];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return [undefined, ...error.message.split("\n").filter((line) => !OF_ROOM.test(line))];
  }
}

/** What can't be made, and what a cluster would refuse of it. */
export function admissionFaults({ refused, objects, releases }: MadeSystem): readonly string[] {
  return [...refused, ...inadmissible(objects, releases).map(({ name, rule }) => `${name} ${rule}`)];
}

/** A pod, and whose it is: `workload w1`, `store s1`, `platform smoke-test`. */
interface Pod {
  readonly whose: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Body;
}

/** An address outside of the cluster. */
interface Outside {
  readonly whose: string;
  readonly address: string;
}

interface Domain {
  readonly [kind: string]: Readonly<Record<string, Member>> | undefined;
}

interface Member {
  readonly uses?: readonly (string | { readonly store: string })[];
  readonly calls?: readonly (string | { readonly service: string })[];
  readonly egress?: readonly { readonly host: string; readonly ports?: readonly number[] }[];
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly secretFiles?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  readonly ports?: Readonly<Record<string, number>>;
  readonly publicPorts?: readonly string[];
  readonly paths?: readonly string[];
  readonly hosts?: readonly string[];
  readonly health?: "tcp" | { readonly port: number };
  readonly scaleOn?: { readonly broker?: object; readonly readDatabase?: { readonly database: string } };
}

/** A workload as it is written. */
interface Written extends Member {
  readonly domain: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

function membersIn(environment: Environment): readonly Written[] {
  return Object.entries(environment.domains ?? {}).flatMap(([domain, members]) =>
    ["services", "workers", "projections", "jobs"].flatMap((kind) =>
      Object.entries((members as unknown as Domain)[kind] ?? {}).map(([name, member]) => ({
        ...member,
        domain,
        namespace: namespaceOf(environment, domain),
        kind,
        name,
      })),
    ),
  );
}

function namespaceOf({ name, cluster }: Environment, part: string): string {
  return cluster && "context" in cluster && cluster.shared ? `${name}-${part}` : part;
}

const LISTENS: Readonly<Record<string, number>> = {
  "cloudnative-pg": 5432,
  postgres: 5432,
  valkey: 6379,
  nats: 4222,
  kurrentdb: 2113,
  eventsourcingdb: 4000,
};

function templateOf({ spec }: KubernetesObject): Body | undefined {
  const { template, jobTemplate } = (spec ?? {}) as Body;
  return jobTemplate?.spec.template ?? template;
}

/** The pods of the domains and stores of a system, also those that operators make of what they are told. */
function podsOf({ environment, objects }: MadeSystem): readonly Pod[] {
  const domains = new Set(Object.keys(environment.domains ?? {}).map((name) => namespaceOf(environment, name)));
  const stores = new Map(Object.keys(environment.stores ?? {}).map((name) => [namespaceOf(environment, name), name]));
  const autoscaler: Pod = { whose: "platform keda", name: "keda", namespace: "keda", labels: { app: "keda-operator" }, spec: {} };
  const found = objects.flatMap((object): Pod[] => {
    const { kind, metadata } = object;
    const { name, namespace = "" } = metadata;
    const pod = (whose: string, labels: Pod["labels"], spec: Body = {}): Pod[] => [{ whose, name, namespace, labels, spec }];
    const store = stores.get(namespace);
    if (kind === "Gateway" && domains.has(namespace)) return pod("platform gateway", { "gateway.networking.k8s.io/gateway-name": name });
    if (kind === "Cluster" && store) return pod(`store ${store}`, { "cnpg.io/cluster": name, "cnpg.io/podRole": "instance" });
    if (kind === "Pooler" && store) {
      return pod(`store ${store}`, { "cnpg.io/cluster": store, "cnpg.io/podRole": "pooler", "cnpg.io/poolerName": name });
    }
    if (!["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"].includes(kind)) return [];
    const { metadata: of, spec = {} } = templateOf(object) ?? {};
    const labels: Pod["labels"] = of?.labels ?? {};
    if (store) return pod(kind === "StatefulSet" ? `store ${store}` : `platform ${name}`, labels, spec);
    if (!domains.has(namespace)) return [];
    return pod(labels.service ? `workload ${labels.service}` : `platform ${labels["app.kubernetes.io/component"]}`, labels, spec);
  });
  return [...found, autoscaler];
}

const ADDRESSES: readonly Outside[] = ["203.0.113.9", "198.51.100.7", "192.0.2.1", "10.20.3.4", "10.99.0.1"].map((address) => ({
  whose: `outside ${address}`,
  address,
}));

const bits = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

function contains(cidr: string, address: string): boolean {
  if (cidr === "anywhere") return true;
  const [network = "", length] = cidr.split("/");
  if (!/^[\d.]+$/.test(network)) return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(bits(network) / size) === Math.floor(bits(address) / size);
}

function isAt(end: End, one: Pod | Outside): boolean {
  const { cidr, except = [] } = end;
  if ("address" in one) return cidr !== undefined && contains(cidr, one.address) && !except.some((block) => contains(block, one.address));
  if (cidr !== undefined) return cidr === "anywhere";
  return (end.namespace === "*" || end.namespace === one.namespace) && covers(end.labels, one.labels);
}

const line = (from: Pod | Outside, to: Pod | Outside, port: number) => `${from.whose} -> ${to.whose}:${port}`;

/** Everything that may open a connection to something: what both ends allow; outside of the cluster only one end is asked. */
function open(made: MadeSystem): ReadonlySet<string> {
  const pods = podsOf(made);
  const [out, into] = [waysIn(made.objects, "egress"), waysIn(made.objects, "ingress")];
  const ends: readonly (Pod | Outside)[] = [...pods, ...ADDRESSES];
  const found = new Set<string>();
  for (const from of pods) {
    const own = out.filter((way) => isAt(way.from, from));
    for (const to of ends) {
      if (to === from || !concerns(from, to)) continue;
      const ports = new Set(own.filter((way) => isAt(way.to, to)).map(({ port }) => port));
      for (const port of ports) {
        if ("address" in to || into.some((way) => lets(way, from, to, port))) found.add(line(from, to, Number(port)));
      }
    }
  }
  for (const from of ADDRESSES) {
    for (const to of pods.filter(({ whose }) => whose.startsWith("workload"))) {
      for (const way of into) if (isAt(way.to, to) && isAt(way.from, from)) found.add(line(from, to, Number(way.port)));
    }
  }
  return found;
}

function lets(way: Way, from: Pod, to: Pod, port: string): boolean {
  return way.port === port && isAt(way.to, to) && isAt(way.from, from);
}

/** What stores do among themselves, and what the platform's own jobs ask the API, is no workload's. */
function concerns(from: Pod, to: Pod | Outside): boolean {
  const isOurs = ({ whose }: Pod | Outside) => whose.startsWith("workload");
  return isOurs(from) || isOurs(to) || (from.namespace === "keda" && to.whose.startsWith("store"));
}

/** Who may open a connection to whom, as it is written. */
function said({ environment }: MadeSystem): ReadonlySet<string> {
  const members = membersIn(environment);
  const stores = environment.stores ?? {};
  const needed = new Set<string>();
  const services = members.filter(({ kind }) => kind === "services");
  const portsOf = ({ port = 8080, ports = {} }: Member) => [port, ...Object.values(ports)];
  const existing = environment.cluster && "context" in environment.cluster;
  for (const { name, uses = [], calls = [], egress = [] } of members) {
    for (const use of uses) {
      const store = typeof use === "string" ? use : use.store;
      needed.add(`workload ${name} -> store ${store}:${LISTENS[(stores[store] as { engine: string }).engine]}`);
    }
    for (const call of calls) {
      const called = services.find((service) => service.name === (typeof call === "string" ? call : call.service));
      for (const port of called ? portsOf(called) : []) needed.add(`workload ${name} -> workload ${called?.name}:${port}`);
    }
    for (const { host, ports = [443] } of egress) {
      for (const { whose, address } of ADDRESSES) {
        const there = /\/\d+$/.test(host) ? contains(host, address) : !address.startsWith("10.");
        if (there) for (const port of ports) needed.add(`workload ${name} -> ${whose}:${port}`);
      }
    }
  }
  const broker = Object.entries(stores).find(([, { engine }]) => engine === "nats")?.[0];
  for (const { scaleOn = {} } of members) {
    if (scaleOn.broker) needed.add(`platform keda -> store ${broker}:8222`);
    if (scaleOn.readDatabase) needed.add(`platform keda -> store ${scaleOn.readDatabase.database}:5432`);
  }
  for (const one of members) {
    const { name, port = 8080, ports = {}, publicPorts = [], paths, hosts, kind, health } = one;
    if (kind === "services") {
      needed.add(`platform smoke-test -> workload ${name}:${port}`);
      if (paths ?? hosts) needed.add(`platform gateway -> workload ${name}:${port}`);
      for (const further of publicPorts.map((named) => (named === "tcp" ? port : ports[named]))) {
        needed.add(`platform smoke-test -> workload ${name}:${further}`);
        if (existing) for (const { whose } of ADDRESSES) needed.add(`${whose} -> workload ${name}:${further}`);
      }
    } else if (typeof health === "object") needed.add(`platform smoke-test -> workload ${name}:${health.port}`);
  }
  return needed;
}

/** Ways between a system on a shared cluster and one like it beside it, whose namespaces begin with another name. */
function neighbourFaults(made: MadeSystem): readonly string[] {
  const { environment, objects } = made;
  const { name, cluster } = environment;
  if (!cluster || !("context" in cluster && cluster.shared)) return [];
  const own = podsOf(made).filter(({ namespace }) => namespace.startsWith(`${name}-`));
  const theirs = own.map((pod) => ({ ...pod, whose: `a neighbour's ${pod.whose}`, namespace: `beside-${pod.namespace}` }));
  const between = (ways: readonly Way[], near: "from" | "to", far: "from" | "to") =>
    ways
      .filter((way) => way[far].cidr === undefined)
      .flatMap((way) =>
        own
          .filter((pod) => isAt(way[near], pod))
          .flatMap((pod) => theirs.filter((other) => isAt(way[far], other)).map((other) => [pod, other, way.port] as const)),
      );
  return [
    ...between(waysIn(objects, "egress"), "from", "to").map(([pod, other, port]) => `${line(pod, other, Number(port))} is open`),
    ...between(waysIn(objects, "ingress"), "to", "from").map(([pod, other, port]) => `${line(other, pod, Number(port))} is open`),
  ];
}

/** Where network policies and what is written disagree. */
export function trafficFaults(made: MadeSystem): readonly string[] {
  const found = open(made);
  const needed = said(made);
  const exists = (end: string) => podsOf(made).some(({ whose }) => whose === end) || end.startsWith("outside");
  const denied = (namespace: string) =>
    made.objects.some(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "deny" && metadata.namespace === namespace);
  const namespaces = [...new Set(membersIn(made.environment).map(({ namespace }) => namespace))];
  return [
    ...neighbourFaults(made),
    ...namespaces.filter((namespace) => !denied(namespace)).map((namespace) => `${namespace} is open`),
    ...[...found].filter((one) => !needed.has(one)).map((one) => `${one} is open, and nobody said so`),
    ...[...needed]
      .filter((one) => !found.has(one) && one.split(" -> ").every((end) => exists(end.replace(/:\d+$/, ""))))
      .map((one) => `${one} is closed`),
  ];
}

/** Secrets of a namespace, each with its keys; without them where an operator or a generator decides. */
type Secrets = ReadonlyMap<string, ReadonlySet<string> | undefined>;

function secretsIn({ environment, objects }: MadeSystem, namespace: string, depth = 0): Secrets {
  const found = new Map<string, ReadonlySet<string> | undefined>();
  const here = objects.filter(({ metadata }) => metadata.namespace === namespace);
  for (const { kind, metadata, spec } of here) {
    const { secretName, target, data, dataFrom = [], secretStoreRef } = (spec ?? {}) as Body;
    if (kind === "Secret") found.set(metadata.name, undefined);
    if (kind === "Certificate") found.set(secretName, new Set(["ca.crt", "tls.crt", "tls.key"]));
    if (kind !== "ExternalSecret") continue;
    const name = target?.name ?? metadata.name;
    const store = here.find((one) => one.kind === "SecretStore" && one.metadata.name === secretStoreRef?.name);
    const from = (store?.spec as Body | undefined)?.provider.kubernetes?.remoteNamespace as string | undefined;
    if (!from) {
      found.set(name, undefined);
      continue;
    }
    const role = objects.find(
      (one) => one.kind === "Role" && one.metadata.namespace === from && one.metadata.name === `secrets-for-${namespace}`,
    );
    const readable: readonly string[] = (role?.rules as Body[] | undefined)?.flatMap(({ resourceNames }) => resourceNames) ?? [];
    const origin = depth > 3 ? new Map() : secretsIn({ environment, objects } as MadeSystem, from, depth + 1);
    const keys = (data as Body[] | undefined)?.map(({ secretKey, remoteRef }) => [secretKey, remoteRef] as const);
    const wanted: readonly string[] = keys?.map(([, { key }]) => key) ?? dataFrom.map((one: Body) => one.extract.key);
    if (!wanted.every((key) => readable.includes(key) && origin.has(key))) continue;
    found.set(name, keys ? new Set(keys.map(([key]) => key as string)) : origin.get(wanted[0] ?? ""));
  }
  // What an operator creates is there before, in an existing cluster.
  for (const { namespace: of, secrets = {}, secretFiles = {} } of membersIn(environment)) {
    if (of !== namespace) continue;
    for (const use of [...Object.values(secrets), ...Object.values(secretFiles)]) {
      const { secret } = use as { readonly secret?: string };
      if (secret && !found.has(secret)) found.set(secret, undefined);
    }
  }
  return found;
}

/** What pods of a system name and is not there, and what is put where nothing is before it. */
export function referenceFaults(made: MadeSystem): readonly string[] {
  const { objects, stacks } = made;
  const has = (kind: string, namespace: string | undefined, name: string) =>
    objects.some((one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace);
  const secrets = new Map<string, Secrets>();
  const secretsOf = (namespace: string) => {
    const known = secrets.get(namespace) ?? secretsIn(made, namespace);
    secrets.set(namespace, known);
    return known;
  };
  const domains = new Set(membersIn(made.environment).map(({ namespace }) => namespace));
  const lacking = podsOf(made).flatMap(({ name, namespace, spec }) => {
    // Whoever runs a store makes some of its secrets.
    if (!domains.has(namespace) || !spec.containers) return [];
    const found: string[] = [];
    const missing = (what: string) => found.push(`${namespace}/${name} lacks ${what}`);
    const secret = (of: string, keys: readonly string[]) => {
      const there = secretsOf(namespace);
      if (!there.has(of)) missing(`secret ${of}`);
      else for (const key of keys) if (there.get(of) && !there.get(of)?.has(key)) missing(`key ${key} of secret ${of}`);
    };
    const configMap = (of: string) => {
      if (of !== "kube-root-ca.crt" && !has("ConfigMap", namespace, of)) missing(`ConfigMap ${of}`);
    };
    const containers: readonly Body[] = [...(spec.initContainers ?? []), ...spec.containers];
    for (const { env = [], envFrom = [], volumeMounts = [] } of containers) {
      const known = new Set<string>();
      for (const { name: variable, value, valueFrom } of env as Body[]) {
        if (known.has(variable)) missing(`a second ${variable}`);
        for (const [, used = ""] of String(value ?? "")
          .replaceAll("$$", "")
          .matchAll(/\$\(([A-Za-z_][\w.-]*)\)/g))
          if (!known.has(used)) missing(`variable ${used} of ${variable}`);
        known.add(variable);
        if (valueFrom?.secretKeyRef) secret(valueFrom.secretKeyRef.name, [valueFrom.secretKeyRef.key]);
        if (valueFrom?.configMapKeyRef) configMap(valueFrom.configMapKeyRef.name);
      }
      for (const { secretRef, configMapRef } of envFrom as Body[]) {
        if (secretRef) secret(secretRef.name, []);
        if (configMapRef) configMap(configMapRef.name);
      }
      const paths = (volumeMounts as Body[]).map(({ mountPath }) => mountPath);
      for (const path of new Set(paths)) if (paths.filter((one) => one === path).length > 1) missing(`a path of its own for ${path}`);
      const templates = (
        objects.find((one) => one.kind === "StatefulSet" && one.metadata.namespace === namespace && one.metadata.name === name)?.spec as
          | Body
          | undefined
      )?.volumeClaimTemplates as Body[] | undefined;
      for (const { name: volume } of volumeMounts as Body[]) {
        const isThere = (spec.volumes as Body[] | undefined)?.some((one) => one.name === volume);
        if (!isThere && !templates?.some(({ metadata }) => metadata.name === volume)) missing(`volume ${volume}`);
      }
    }
    for (const volume of (spec.volumes ?? []) as Body[]) {
      for (const { secret: of, configMap: map } of [volume, ...((volume.projected?.sources ?? []) as Body[])]) {
        if (of)
          secret(
            of.secretName ?? of.name,
            ((of.items ?? []) as Body[]).map(({ key }) => key),
          );
        if (map) configMap(map.name);
      }
      const claim = volume.persistentVolumeClaim?.claimName;
      if (claim && !has("PersistentVolumeClaim", namespace, claim)) missing(`claim ${claim}`);
    }
    const { serviceAccountName, priorityClassName } = spec;
    if (serviceAccountName && !has("ServiceAccount", namespace, serviceAccountName)) missing(`account ${serviceAccountName}`);
    if (priorityClassName && !has("PriorityClass", undefined, priorityClassName)) missing(`priority ${priorityClassName}`);
    return found;
  });
  const unread = objects
    .filter(({ kind, metadata: { namespace = "" } }) => kind === "TriggerAuthentication" && domains.has(namespace))
    .flatMap(({ metadata: { namespace = "", name }, spec }) =>
      ((spec as Body).secretTargetRef as Body[])
        .filter(({ name: secret, key }) => !secretsOf(namespace).has(secret) || secretsOf(namespace).get(secret)?.has(key) === false)
        .map(({ name: secret, key }) => `${namespace}/${name} lacks key ${key} of secret ${secret}`),
    );
  const homes = new Map(
    [...stacks].flatMap(([id, one]) =>
      one.objects.flatMap(({ kind, metadata }) => (kind === "Namespace" ? [[metadata.name, id] as const] : [])),
    ),
  );
  const early = [...stacks].flatMap(([id, { objects: own, before }]) =>
    own.flatMap(({ kind, metadata: { name, namespace = "" } }) => {
      const home = homes.get(namespace);
      return home && home !== id && !before.has(home) ? [`${kind} ${namespace}/${name} of ${id} comes before ${home}`] : [];
    }),
  );
  return [...new Set([...lacking, ...unread, ...early])];
}
