import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { Connection, RequestedConnection } from "../connection";
import { type Problem, refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { type Duration, seconds } from "../core/quantities";
import { Gateway, type GatewayProps, Routes } from "../gateway";
import { ingressFrom, type KubernetesTarget, Namespace, namespacesIn, type Peer, type Quota } from "../kubernetes";
import {
  type Check,
  HttpService,
  healthCheck,
  Job,
  MigrationJob,
  type PodProps,
  podLabels,
  podsOf,
  ScheduledTask,
  type ServiceVersion,
  type Slot,
  SmokeTest,
  type SmokeTestProps,
  smokeTestsOf,
  WORKLOAD_DEFAULTS,
  Worker,
} from "../workload";
import { admissionOf, arrivalOf } from "./arrival";
import { type CalledService, callEgress, callVariables } from "./calls";
import { isReadable, maxReplicas, quotaOf, requestsOf } from "./quota";
import type { Call, CallAs, DomainDefaults, DomainJob, DomainService, DomainTraffic, DomainWorker } from "./settings";
import { connectionsOf } from "./uses";

export interface ServiceDomainProps {
  readonly cluster: KubernetesTarget;

  /**
   * Name of the domain and of its namespace.
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * An existing namespace. Names of the smoke test and of the Gateway are then prefixed with the domain's, to avoid conflicts.
   * @default - a namespace with the domain's name is created
   */
  readonly namespace?: string;

  /**
   * Maximum of the total requests in the namespace.
   * @default - all of the domain's pods twice at maximum replicas, its jobs once, plus a reserve
   */
  readonly quota?: Quota;

  /**
   * Labels of the namespace.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Default settings of all services, workers and jobs.
   * @default - those of each construct
   */
  readonly defaults?: DomainDefaults;

  /** @default - none */
  readonly services?: Readonly<Record<string, DomainService>>;

  /** @default - none */
  readonly workers?: Readonly<Record<string, DomainWorker>>;

  /** @default - none */
  readonly jobs?: Readonly<Record<string, DomainJob>>;

  /**
   * Settings of the Gateway in front of services with `paths` or `hosts`: its certificate, its load balancer.
   * @default - it serves plain HTTP to the domain's smoke test, and to forwarded ports
   */
  readonly gateway?: Omit<GatewayProps, "cluster" | "namespace" | "name" | "servicePorts" | "longestRequest" | "after">;

  /**
   * Checks of the smoke test in addition to rollouts, health and routes.
   * @default - none, within 30 minutes
   */
  readonly test?: Pick<SmokeTestProps, "checks" | "endpoints" | "database" | "egress" | "timeout">;

  /** Resources to create first: the stores that it uses, the platform. */
  readonly after?: readonly ITerraformDependable[];
}

/** Default timeout of a service. */
const TIMEOUT: Duration = "30s";

/** Time to replace all pods of a domain one after the other. */
const WITHIN: Duration = "30m";

const SLOTS: readonly Slot[] = ["blue", "green"];

/** Settings that are merged from the domain's and the workload's. */
const MERGED = ["env", "secrets", "files", "secretFiles", "labels", "nodeSelector", "scratch"] as const;

/**
 * A domain: the unit that one team deploys. A namespace with a quota, services, workers and jobs, network policies for all that they call
 * and use, a Gateway if a service is public, and a final smoke test.
 *
 * Jobs `before` run first; everything else waits for them. The smoke test fails the apply if a rollout, a health check or a route fails;
 * jobs `after` follow it.
 */
export class ServiceDomain extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly services: Readonly<Record<string, HttpService>>;
  readonly workers: Readonly<Record<string, Worker>>;
  readonly jobs: Readonly<Record<string, MigrationJob | Job | ScheduledTask>>;

  /** @default - no service has `paths` or `hosts` */
  readonly gateway?: Gateway;

  /** Resources for other domains or an edge to depend on, reached only if the smoke test passes. */
  readonly ready: readonly ITerraformDependable[];

  private readonly props: ServiceDomainProps;

  constructor(scope: Construct, id: string, props: ServiceDomainProps) {
    super(scope, id);
    const { cluster, name = id, services = {}, workers = {}, jobs = {} } = props;
    this.props = props;
    this.name = name;
    this.namespace = props.namespace ?? name;
    for (const { property, ...problem } of problemsOf(props)) refuse(this, [problem], property);

    const made =
      props.namespace === undefined
        ? new Namespace(this, "namespace", {
            cluster,
            name,
            quota: props.quota ?? quotaFor(props),
            ...(props.labels ? { labels: props.labels } : {}),
          }).ready
        : [];
    const place = [...(props.after ?? []), ...made];
    const before = entries(jobs).filter(([, { when = "before" }]) => when === "before");
    const prepared = before.map(([job, settings]) => [job, this.prepared(job, settings, place)] as const);
    const after = [...place, ...prepared.flatMap(([, { ready }]) => ready)];

    const exposed = entries(services).filter(([, { paths, hosts }]) => paths !== undefined || hosts !== undefined);
    const gateway =
      exposed.length > 0
        ? this.entrance(
            exposed.map(([, service]) => service),
            place,
          )
        : undefined;
    if (gateway) this.gateway = gateway;
    this.services = mapped(services, (service, settings) => this.served(service, settings, gateway, after));
    this.workers = mapped(workers, (worker, settings) => this.worked(worker, settings, after));
    const routes = gateway ? exposed.map(([service, settings]) => this.routed(service, settings, gateway, place)) : [];
    const kept = entries(jobs).flatMap(([job, settings]) => {
      const found = this.kept(job, settings, after);
      return found ? [[job, found] as const] : [];
    });

    const verifies = [...(gateway ? [gateway] : []), ...Object.values(this.services), ...routes, ...Object.values(this.workers)];
    const passed = verifies.length > 0 ? [this.tested(verifies, exposed, place)] : [];
    const following = entries(jobs)
      .filter(([, { when }]) => when === "after")
      .map(([job, settings]) => [job, this.followed(job, settings, verifies, [...after, ...passed])] as const);
    this.jobs = Object.fromEntries([...prepared, ...kept, ...following]);
    const last = [...passed, ...following.flatMap(([, { ready }]) => ready)];
    this.ready = last.length > 0 ? last : after;
  }

  /** Returns a service for calls from other domains: `calls: [shop.called("orders")]`. */
  called(name: string): CalledService {
    const settings = this.props.services?.[name];
    if (!settings)
      throw new Error(`${this.node.path}: "${name}" is not a service of the domain; use one of ${namesOf(this.props.services)}`);
    return calledOf(this.namespace, name, settings);
  }

  /** Returns the scope of workloads of one kind, created with the first of them. */
  private of(kind: "services" | "workers" | "jobs" | "routes" | "calls"): Construct {
    return (this.node.tryFindChild(kind) as Construct | undefined) ?? new Construct(this, kind);
  }

  /** Returns the name of an object that a namespace has once. */
  private once(what: string): string {
    return this.props.namespace === undefined ? what : cloudName("workload", this.name, what);
  }

  private served(name: string, own: DomainService, gateway: Gateway | undefined, after: readonly ITerraformDependable[]): HttpService {
    const { paths, hosts, weights: _, retries: __, timeout = TIMEOUT, maxBodySize: ___, rateLimit: ____, ...settings } = this.merged(own);
    const callers = callersOf(this.props, this.namespace, name);
    const isExposed = gateway !== undefined && (paths !== undefined || hosts !== undefined);
    const { clients = [], slots, image, ...rest } = settings;
    const { port = WORKLOAD_DEFAULTS.port, morePorts } = settings;
    const admitted = admissionOf({
      namespace: this.namespace,
      gateway: isExposed ? [gateway.peer] : [],
      callers: [...callers, ...clients],
      port,
      publicPorts: [],
      further: morePorts !== undefined,
    });
    return new HttpService(this.of("services"), name, {
      ...rest,
      ...this.pod(name, own, after),
      ...(slots ? { slots } : image === undefined ? {} : { image }),
      terminationGracePeriod: settings.terminationGracePeriod ?? timeout,
      ...admitted,
      ...(admitted.ingress || settings.ingress ? { ingress: [...(admitted.ingress ?? []), ...(settings.ingress ?? [])] } : {}),
    });
  }

  private worked(name: string, own: DomainWorker, after: readonly ITerraformDependable[]): Worker {
    const { image = "", ...settings } = this.merged(own);
    const probed = settings.health ? [{ name: "smoke-test", peer: smokeTestsOf(this.namespace), ports: [settings.health.port] }] : [];
    const ingress = [...(settings.ingress ?? []), ...probed];
    return new Worker(this.of("workers"), name, {
      ...settings,
      ...this.pod(name, own, after),
      image,
      ...(ingress.length > 0 ? { ingress } : {}),
    });
  }

  private prepared(name: string, own: DomainJob, after: readonly ITerraformDependable[]): MigrationJob {
    const { when: _, ...settings } = this.ending(own);
    return new MigrationJob(this.of("jobs"), name, { ...settings, ...this.pod(name, own, after) });
  }

  private kept(name: string, own: DomainJob, after: readonly ITerraformDependable[]): Job | ScheduledTask | undefined {
    const { when, down: _, ...settings } = this.ending(own);
    if (when !== "by-hand" && typeof when !== "object") return undefined;
    const props = { ...settings, ...this.pod(name, own, after) };
    return when === "by-hand"
      ? new Job(this.of("jobs"), name, { ...props, start: "by-hand" })
      : new ScheduledTask(this.of("jobs"), name, { ...props, schedule: when.schedule });
  }

  private followed(name: string, own: DomainJob, follows: readonly IConstruct[], after: readonly ITerraformDependable[]): Job {
    const { when: _, down: __, ...settings } = this.ending(own);
    return new Job(this.of("jobs"), name, { ...settings, ...this.pod(name, own, after), follows });
  }

  /** Returns the settings of a job, without the domain's settings for long-running pods. */
  private ending(own: DomainJob) {
    const { image = "", metrics: _, volumes: __, probes: ___, ...settings } = this.merged(own) as DomainJob & DomainDefaults;
    return { ...settings, image };
  }

  /** Returns a workload's settings merged with the domain's; its own take precedence. */
  private merged<Settings extends DomainTraffic & Partial<Pick<PodProps, (typeof MERGED)[number]>>>(
    own: Settings,
  ): Omit<Settings, keyof DomainTraffic> & { image?: string } {
    const defaults: Record<string, unknown> = { ...this.props.defaults };
    const both: Record<string, unknown> = { ...defaults, ...own };
    for (const key of MERGED) if (defaults[key] && own[key]) both[key] = { ...(defaults[key] as object), ...own[key] };
    const { uses: _, calls: __, ...rest } = both;
    return rest as Omit<Settings, keyof DomainTraffic> & { image?: string };
  }

  /** Returns the target of a workload, and the settings that follow from its connections and calls. */
  private pod(name: string, own: DomainTraffic & Pick<PodProps, "env" | "egress">, after: readonly ITerraformDependable[]) {
    const { defaults = {}, cluster } = this.props;
    const { uses = [], calls = [] } = { ...defaults, ...own };
    const { env, egress: further = [] } = this.merged(own);
    const called = calls.map(callAs).flatMap((call) => {
      const service = calledIn(this.props, this.namespace, call.service);
      return service ? [{ ...call, service }] : [];
    });
    const told = called.map(({ service, variables }) => callVariables(service, variables));
    const variables: Record<string, string> = Object.assign({}, ...told, env);
    const opened = called.flatMap(({ service }) => (service.namespace === this.namespace ? [] : [this.opened(name, service)]));
    const egress = [...called.map(({ service }) => callEgress(service)), ...further];
    return {
      cluster,
      namespace: this.namespace,
      connections: connectionsOf(uses.map(wantedOf)),
      ...(Object.keys(variables).length > 0 ? { env: variables } : {}),
      ...(egress.length > 0 ? { egress } : {}),
      // The smoke test waits, and reports the cause of a failure.
      waitForRollout: false,
      after: [...after, ...opened],
    };
  }

  /** Allows the caller at a service of another domain, whose own stack doesn't know its callers. */
  private opened(caller: string, { name, namespace, ports }: CalledService): ITerraformDependable {
    const peer = podsOf(this.namespace, caller);
    return new NetworkPolicyV1(this.of("calls"), `${caller}-${namespace}-${name}`, {
      metadata: { namespace, name: cloudName("label", name, "from", this.namespace, caller) },
      spec: {
        podSelector: { matchLabels: podLabels(name) },
        policyTypes: ["Ingress"],
        ingress: [ingressFrom({ name: "calls", peer, ports })],
      },
      dependsOn: [...namespacesIn(this, namespace)],
    });
  }

  private entrance(services: readonly DomainService[], after: readonly ITerraformDependable[]): Gateway {
    const { cluster, gateway: { clients = [], ...settings } = {} } = this.props;
    return new Gateway(this, "gateway", {
      ...settings,
      cluster,
      namespace: this.namespace,
      name: this.once("gateway"),
      clients: [...clients, smokeTestsOf(this.namespace)],
      servicePorts: [...new Set(services.map(({ port = WORKLOAD_DEFAULTS.port }) => port))],
      longestRequest: longest(services),
      after,
    });
  }

  private routed(name: string, own: DomainService, gateway: Gateway, after: readonly ITerraformDependable[]): Routes {
    const { paths, hosts, weights, retries, timeout, maxBodySize, rateLimit } = own;
    const { versions = [] } = this.services[name] ?? {};
    const shares = versions.map((version, index) => {
      const { slot } = version.backend;
      return { version, weight: slot === undefined ? 1 : weights === undefined ? (index === 0 ? 100 : 0) : (weights[slot] ?? 0) };
    });
    const slotted = shares.filter(({ version }) => version.backend.slot !== undefined);
    // A slot with traffic has passed its own test: a switch back doesn't wait for the slot that it leaves.
    const gates = slotted.filter(({ weight }) => weight > 0).map(({ version }) => this.gate(version, own, after));
    return new Routes(this.of("routes"), name, {
      cluster: this.props.cluster,
      gateway: {
        name: gateway.name,
        namespace: gateway.namespace,
        ready: [...gateway.ready, ...versions.map(({ service }) => service), ...gates],
      },
      name,
      backends: shares.map(({ version: { backend }, weight }) => ({ service: backend.service, port: backend.port, weight })),
      ...(hosts ? { hostnames: hosts } : {}),
      ...(paths ? { paths } : {}),
      ...(retries ? { retries } : {}),
      ...(timeout ? { timeout } : {}),
      ...(maxBodySize ? { maxBodySize } : {}),
      ...(rateLimit ? { rateLimit } : {}),
    });
  }

  private gate(version: ServiceVersion, own: DomainService, after: readonly ITerraformDependable[]): ITerraformDependable {
    const { service } = version.backend;
    const { port = WORKLOAD_DEFAULTS.port } = own;
    return new SmokeTest(version.part, "test", {
      cluster: this.props.cluster,
      namespace: this.namespace,
      name: cloudName("workload", service, "test"),
      verifies: [version.part],
      checks: [this.healthOf(version, own)],
      timeout: WITHIN,
      rerunsOn: "creation",
      egress: [{ name: "workloads", peer: "namespace", ports: [port] }],
      after,
    }).passed;
  }

  private healthOf({ backend }: ServiceVersion, own: DomainService): Check {
    const { health = WORKLOAD_DEFAULTS.health } = own;
    return healthCheck(backend, this.namespace, health);
  }

  private tested(
    verifies: readonly IConstruct[],
    exposed: readonly (readonly [string, DomainService])[],
    after: readonly ITerraformDependable[],
  ): ITerraformDependable {
    const { cluster, services = {}, workers = {}, test: { checks = [], egress = [], timeout: within = WITHIN, ...test } = {} } = this.props;
    const { gateway } = this;
    const routed = exposed.map(([name, { health = WORKLOAD_DEFAULTS.health, hosts, paths }]) => ({
      name,
      health,
      ...(hosts ? { hosts } : {}),
      ...(paths ? { paths } : {}),
    }));
    const health = entries(services).flatMap(([name, own]) =>
      (this.services[name]?.versions ?? []).map((version) => this.healthOf(version, own)),
    );
    const ports = [
      ...entries(services).map(([, { port = WORKLOAD_DEFAULTS.port }]) => port),
      ...entries(workers).flatMap(([, own]) => own.health?.port ?? []),
    ];
    const through: readonly Check[] = !gateway
      ? []
      : [
          { name: `rollout of ${gateway.deployment.name}`, object: gateway.deployment },
          ...(gateway.asksClients
            ? [{ name: "the gateway", tcp: { host: gateway.through.host, port: gateway.through.port } }]
            : routed.flatMap((one) => arrivalOf(one, routed, gateway.through))),
        ];
    return new SmokeTest(this, "smoke-test", {
      ...test,
      cluster,
      namespace: this.namespace,
      name: this.once("smoke-test"),
      verifies,
      checks: [...health, ...through, ...checks],
      timeout: within,
      egress: [
        ...(ports.length > 0 ? [{ name: "workloads", peer: "namespace" as const, ports: [...new Set(ports)] }] : []),
        ...(gateway ? [{ name: "gateway", peer: gateway.peer, ports: [gateway.through.port] }] : []),
        ...egress,
      ],
      after,
    }).passed;
  }
}

function entries<T>(named: Readonly<Record<string, T>> = {}): readonly (readonly [string, T])[] {
  return Object.entries(named);
}

function mapped<From, To>(named: Readonly<Record<string, From>>, make: (name: string, one: From) => To): Readonly<Record<string, To>> {
  return Object.fromEntries(entries(named).map(([name, one]) => [name, make(name, one)]));
}

function namesOf(named: Readonly<Record<string, unknown>> = {}): string {
  return Object.keys(named).sort().join(", ") || "none: there are no services";
}

function wantedOf(use: Connection | RequestedConnection): RequestedConnection {
  return "connection" in use ? use : { connection: use };
}

function callAs(call: Call): Pick<CallAs, "service"> & Partial<CallAs> {
  return typeof call === "object" && "service" in call ? call : { service: call };
}

function calledOf(namespace: string, name: string, settings: DomainService): CalledService {
  const { port = WORKLOAD_DEFAULTS.port, servicePort, morePorts = {}, health } = settings;
  return {
    name,
    namespace,
    ports: [port, ...Object.values(morePorts)],
    ...(servicePort === undefined ? {} : { servicePort }),
    ...(health === "tcp" ? { tcp: true } : {}),
  };
}

/** Returns the called service; undefined if the domain has no such service, which is rejected. */
function calledIn({ services = {} }: ServiceDomainProps, namespace: string, service: string | CalledService): CalledService | undefined {
  if (typeof service === "object") return service;
  const settings = services[service];
  return settings ? calledOf(namespace, service, settings) : undefined;
}

/** Returns the calls of a workload: its own, or the domain's defaults. */
function callsOf({ defaults = {} }: ServiceDomainProps, own: DomainTraffic) {
  return (own.calls ?? defaults.calls ?? []).map(callAs);
}

function workloadsOf({ services, workers, jobs }: ServiceDomainProps) {
  const kinds = { services, workers, jobs } as Readonly<Record<string, Readonly<Record<string, DomainTraffic>> | undefined>>;
  return Object.entries(kinds).flatMap(([kind, named]) => entries(named).map(([name, own]) => ({ kind, name, own })));
}

/** Returns the pods of a domain's workloads that call one of its services. */
function callersOf(props: ServiceDomainProps, namespace: string, name: string): readonly Exclude<Peer, string>[] {
  return workloadsOf(props)
    .filter(({ own }) => callsOf(props, own).some(({ service }) => service === name))
    .map((caller) => podsOf(namespace, caller.name));
}

function longest(services: readonly DomainService[]): Duration {
  const times = services.map(({ timeout = TIMEOUT }) => seconds(timeout)).filter((time) => typeof time === "number");
  return `${Math.max(30, ...times)}s`;
}

/** Returns a quota for all pods twice at maximum replicas, as during a release, and each job once. */
function quotaFor({ defaults = {}, services, workers, jobs }: ServiceDomainProps): Quota {
  const settled = <T extends object>(own: T): T & DomainDefaults => ({ ...defaults, ...own });
  const readable = <T extends Pick<PodProps, "cpu" | "memory" | "sidecars">>(all: readonly T[]) => all.filter(isReadable);
  const running = [
    ...readable(entries(services).map(([, own]) => settled(own))).map((one) => ({
      one,
      count:
        SLOTS.reduce((total, slot) => total + (one.slots?.[slot] ? maxReplicas(one.slots[slot].replicas ?? one.replicas ?? 2) : 0), 0) ||
        maxReplicas(one.replicas ?? 2),
    })),
    ...readable(entries(workers).map(([, own]) => settled(own))).map((one) => ({ one, count: maxReplicas(one.replicas ?? 2) })),
  ];
  const volumes = running.reduce((total, { one }) => total + Object.keys(one.volumes ?? {}).length, 0);
  return quotaOf(
    running.map(({ one, count }) => requestsOf(one, count)),
    readable(entries(jobs).map(([, own]) => settled(own))).map((one) => requestsOf(one, 1)),
    0,
    volumes > 0 ? volumes : undefined,
  );
}

type Found = Omit<Problem, "path"> & { readonly property: string };

function problemsOf(props: ServiceDomainProps): readonly Found[] {
  const { services = {}, defaults = {}, gateway } = props;
  const all = workloadsOf(props);
  const twice = all.filter(({ name }, index) => all.findIndex((other) => other.name === name) < index);
  const found: Found[] = twice.map(({ kind, name }) => ({
    property: kind,
    value: name,
    rule: "is also the name of another workload of the domain",
    remedy: "choose another",
  }));
  for (const { kind, name, own } of all) {
    const property = `${kind}.${name}.calls`;
    for (const { service } of callsOf(props, own)) {
      if (typeof service === "object") continue;
      const called = services[service];
      if (!called)
        found.push({
          property,
          value: service,
          rule: "is not a service of the domain",
          remedy: `use one of ${namesOf(services)}, or another domain's called("…")`,
        });
      else if (called.slots)
        found.push({
          property,
          value: service,
          rule: "has slots, and so no address of its own",
          remedy: "call it through the Gateway, or leave out its slots",
        });
    }
    const { image, slots } = own as DomainService;
    if (kind !== "services" && image === undefined && defaults.image === undefined && !slots)
      found.push({ property: `${kind}.${name}.image`, rule: "is missing", remedy: "name one here or in defaults" });
  }
  for (const [name, { slots, weights }] of entries(services)) {
    if (weights && !slots)
      found.push({ property: `services.${name}.weights`, rule: "needs slots", remedy: "leave it out, or fill slots blue and green" });
  }
  const reached = entries(services).flatMap(([name, { paths, hosts }]) =>
    paths === undefined && hosts === undefined
      ? []
      : (hosts ?? ["any host"]).flatMap((host) => (paths ?? ["/"]).map((path) => ({ name, at: `${host} ${path}` }))),
  );
  for (const [index, { name, at }] of reached.entries()) {
    const first = reached.findIndex((other) => other.at === at);
    if (first < index)
      found.push({
        property: `services.${name}.paths`,
        value: at,
        rule: `is routed to ${reached[first]?.name} already`,
        remedy: "choose another path or host",
      });
  }
  if (gateway && reached.length === 0)
    found.push({ property: "gateway", rule: "has no service behind it", remedy: "give a service paths or hosts, or leave it out" });
  return found;
}
