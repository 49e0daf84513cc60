import { createHash } from "node:crypto";
import type { ChartRelease } from "../../constructs/kubernetes";
import type { Environment } from "../../stacks";
import { Missing, Wrong } from "../aws/results";
import { ApiError, type KubernetesApi, type KubernetesObject, until } from "../cluster/api";
import { type Stack, stacksOf } from "./environment";
import { inside } from "./kubectl";
import { broker } from "./nats";
import { Operators } from "./operators";
import { accepted, cache, database, gateway, nginxConfiguration } from "./stand-ins";

/** What stands in for charts that make pods of their own. */
const CHARTS: Readonly<Record<string, (release: ChartRelease) => readonly KubernetesObject[]>> = { nats: broker, valkey: cache };

/** Jobs of one stack of which each needs what those before it have made, as Terraform orders them. */
const JOB_ORDER = [/^read-database-(roles|projections)/, /^migrations-/, /-read-model/, /-test-/, /^progress-/, /^smoke-test/];

/** Stacks in the order of their dependencies; those of one line need nothing of each other. */
const TOGETHER = [
  ["platform"],
  ["event-store", "read-store", "broker", "observability"],
  ["migrations", "notices"],
  ["write-side"],
  ["read-side"],
  ["projections"],
];

/** Seconds that a test's pod may take to begin, and to report what it has found once its time is over. */
const REPORTING = 120;

/** What verification says of a job's subject. */
interface Report {
  readonly verdict: string;
  readonly report: string;
}

export interface BringOptions {
  /**
   * The stacks that are applied.
   * @default - all
   */
  readonly stacks?: readonly string[];

  /**
   * Seconds until the tests of a release give up, where they are to fail.
   * @default - as the environment says
   */
  readonly patience?: number;
}

/** An environment on the cluster: applied stack by stack as Terraform would, with what operators would make of it. */
export class Deployment {
  private readonly applied = new Map<string, { readonly object: KubernetesObject; readonly stack: string; readonly hash: string }>();

  constructor(
    private readonly api: KubernetesApi,
    readonly operators = new Operators(api),
  ) {}

  /** Namespaces of what was applied. */
  get namespaces(): readonly string[] {
    return [...this.applied.values()].filter(({ object }) => object.kind === "Namespace").map(({ object }) => object.metadata.name);
  }

  /** Objects that were applied, of one kind. */
  objects(kind: string): readonly KubernetesObject[] {
    return [...this.applied.values()].map(({ object }) => object).filter((object) => object.kind === kind);
  }

  /**
   * Applies an environment: what is new or changed is sent, jobs one after the other with their verdicts awaited, and what it has
   * no more is deleted in the end. Returns the reports of what failed, by the name of the ConfigMap.
   */
  async bring(environment: Environment, { stacks: only, patience }: BringOptions = {}): Promise<ReadonlyMap<string, string>> {
    const failed = new Map<string, string>();
    const stacks = stacksOf(environment).filter(({ name }) => !only || only.includes(name));
    for (const group of TOGETHER) {
      const together = stacks.filter(({ name }) => group.includes(name));
      for (const reports of await Promise.all(together.map((stack) => this.add(stack, patience))))
        for (const [name, report] of reports) failed.set(name, report);
    }
    return failed;
  }

  /** Has everything sent and every job run again by the next `bring`, as in an environment that has nothing yet. */
  startOver(): void {
    for (const [key, sent] of this.applied) this.applied.set(key, { ...sent, hash: "" });
  }

  /** Applies one stack. Returns the reports of what failed, by the name of the ConfigMap. */
  async add(stack: Stack, patience?: number): Promise<ReadonlyMap<string, string>> {
    const objects = stack.objects.map((object) => adapted(object, patience));
    const changed = objects.filter((object) => this.applied.get(keyOf(object))?.hash !== hashOf(object));
    const jobs = changed.filter(({ kind }) => kind === "Job");
    const others = changed.filter(({ kind }) => kind !== "Job");
    // What a store refuses is not there before anything asks for it.
    if (this.operators.withheld.size > 0) await this.operators.see(objects);
    for (const object of others) await this.send(object, stack.name);
    await this.operators.see(objects);
    await this.standIn(stack, objects, changed);
    const failed = new Map<string, string>();
    const rank = ({ metadata }: KubernetesObject) => JOB_ORDER.findIndex((pattern) => pattern.test(metadata.name));
    for (const order of [...new Set(jobs.map(rank))].sort((one, other) => one - other)) {
      const together = jobs.filter((job) => rank(job) === order);
      for (const job of together) await this.sendJob(job, stack.name);
      for (const job of together) {
        const report = await this.reported(job);
        if (report?.verdict === "failed") failed.set(envOf(job, "REPORT") ?? "", report.report);
      }
      // As Terraform, which begins nothing that needs what has failed.
      if (failed.size > 0) return failed;
    }
    const kept = new Set(objects.map(keyOf));
    for (const [key, { object, stack: of }] of this.applied) {
      if (of !== stack.name || kept.has(key)) continue;
      await this.api.delete(object);
      this.applied.delete(key);
    }
    return failed;
  }

  private async send(object: KubernetesObject, stack: string): Promise<void> {
    await this.api.apply(object).catch((error) => {
      throw new Error(`${keyOf(object)}: ${error.message}`);
    });
    this.applied.set(keyOf(object), { object, stack, hash: hashOf(object) });
  }

  /** A job can't be changed: another one takes its place. */
  private async sendJob(job: KubernetesObject, stack: string): Promise<void> {
    await this.api.delete(job, 0);
    await until(`${keyOf(job)} is gone`, 30, async () => (await this.find(job)) === undefined);
    // One of this name may have reported before: that isn't what is waited for.
    const report = reportOf(job);
    if (report && (await this.find(report))?.data?.of) await this.api.patch(report, { data: { of: null } });
    await this.send(job, stack);
  }

  /** What the cluster has of an object. */
  async find(object: KubernetesObject): Promise<KubernetesObject | undefined> {
    return this.api.get(object).catch((error) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
  }

  /** Takes everything away again. */
  async destroy(): Promise<void> {
    const namespaces = this.objects("Namespace");
    for (const { metadata } of namespaces) await this.api.deleteAll({ apiVersion: "v1", kind: "Pod" }, { namespace: metadata.name }, 0);
    const others = ["PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"].flatMap((kind) => this.objects(kind));
    for (const object of [...namespaces, ...others]) await this.api.delete(object);
    await until("namespaces are gone", 120, async () =>
      (await Promise.all(namespaces.map((each) => this.find(each)))).every((each) => !each),
    );
  }

  /** Waits for what a test, or the test of a job, reports; nothing of any other job. */
  private async reported(job: KubernetesObject): Promise<Report | undefined> {
    const { namespace = "", name } = job.metadata;
    const report = reportOf(job);
    if (!report) return undefined;
    let data: Record<string, string> = {};
    await until(`${namespace}/${name} reports`, Number(envOf(job, "TIME")) + REPORTING, async () => {
      const [map, run] = await Promise.all([this.find(report), this.find(job)]);
      data = map?.data ?? {};
      if (run?.status?.conditions?.some(({ type, status }: any) => type === "Failed" && status === "True"))
        throw new Wrong(`${namespace}/${name} failed without a report`);
      return data.of === name;
    });
    return { verdict: data.verdict ?? "", report: data.report ?? "" };
  }

  /** What operators and charts make of a stack's objects. */
  private async standIn(stack: Stack, objects: readonly KubernetesObject[], changed: readonly KubernetesObject[]): Promise<void> {
    for (const cluster of changed.filter(({ kind }) => kind === "Cluster")) {
      const { namespace = "", name } = cluster.metadata;
      const { password = "" } = await this.operators.make(namespace, `${name}-app`, "kubernetes.io/basic-auth", () => ({
        username: cluster.spec.bootstrap.initdb.owner,
        password: createHash("sha256").update(`${Date.now()}-${Math.random()}`).digest("hex"),
      }));
      for (const object of database(cluster, password)) await this.api.apply(object);
    }
    for (const release of stack.releases)
      for (const object of CHARTS[release.chart]?.(release) ?? []) await this.api.apply(adapted(object));
    const routes = objects.filter(({ kind }) => kind === "HTTPRoute");
    for (const object of objects.filter(({ kind }) => kind === "Gateway")) {
      const proxy = objects.find(({ kind, metadata }) => kind === "NginxProxy" && metadata.name === object.metadata.name);
      if (proxy) await this.route(object, proxy, routes, changed.includes(object));
    }
    for (const object of changed) {
      const seen = accepted({ ...object, metadata: { ...object.metadata, generation: 1 } }) && (await this.api.get(object));
      const status = seen && accepted(seen);
      if (status) await this.api.patch(object, { status }, "/status");
    }
  }

  /** Tells nginx of the routes that the cluster has, whoever changed them, as a controller does. */
  async followRoutes(namespace: string): Promise<void> {
    const routes = await this.api.list({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" }, { namespace });
    await reload(namespace, "gateway", nginxConfiguration(namespace, routes));
  }

  /** Brings nginx, or tells the one that runs of other routes, as a controller does: without a restart. */
  private async route(
    object: KubernetesObject,
    proxy: KubernetesObject,
    routes: readonly KubernetesObject[],
    isNew: boolean,
  ): Promise<void> {
    const { namespace = "", name } = object.metadata;
    const configuration = nginxConfiguration(namespace, routes);
    const [map, ...rest] = gateway(object, proxy, configuration);
    const before = map && (await this.find(map));
    if (!map || before?.data["nginx.conf"] === configuration) return;
    await this.api.apply(map);
    if (isNew) {
      for (const each of rest) await this.api.apply(each);
      return;
    }
    await reload(namespace, name, configuration);
  }
}

async function reload(namespace: string, gateway: string, configuration: string): Promise<void> {
  const script = "cat >/var/run/nginx/nginx.conf && nginx -c /var/run/nginx/nginx.conf -s reload";
  const { status, stderr } = await inside({ namespace, of: `deployment/${gateway}-nginx` }, script, configuration);
  if (status !== 0) throw new Wrong(`nginx of ${namespace} takes no routes: ${stderr}`);
}

export const keyOf = ({ kind, metadata: { namespace = "", name } }: KubernetesObject) => `${kind} ${namespace}/${name}`;

const hashOf = (object: KubernetesObject) => createHash("sha256").update(JSON.stringify(object)).digest("hex");

/** The ConfigMap to which a job reports, if it does. */
function reportOf(job: KubernetesObject): KubernetesObject | undefined {
  const name = envOf(job, "REPORT");
  return name ? { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace: job.metadata.namespace ?? "", name } } : undefined;
}

/** A variable of a job's first container. */
export function envOf(job: KubernetesObject, name: string): string | undefined {
  return job.spec.template.spec.containers[0].env?.find((variable: any) => variable.name === name)?.value;
}

/** An object as Terraform would send it, for this machine and this tier's time. */
function adapted(object: KubernetesObject, patience?: number): KubernetesObject {
  let text = JSON.stringify(object).replaceAll("known-after-apply", "applied");
  if (object.kind === "StatefulSet" && object.metadata.name === "event-store") {
    // A machine may let containers open fewer files than the server wants; the stand-in opens one.
    text = text.replace('"env":[', '"env":[{"name":"LEAST_FILES","value":"1024"},');
  }
  // Two cores have room for three servers that have next to nothing to do.
  if (object.kind === "StatefulSet" && object.metadata.name === "broker") text = text.replace('"cpu":"100m"', '"cpu":"30m"');
  if (object.kind === "Job" && patience !== undefined) {
    const less = (name: string) => new RegExp(`("name":"${name}","value":)"\\d+"`);
    text = text.replace(less("TIME"), `$1"${patience}"`).replace('"env":[', `"env":[{"name":"HOPE","value":"${patience}"},`);
  }
  return JSON.parse(text);
}

/** Seconds. */
const SERVED_WITHIN = 30;

/** What the tier needs of a cluster. @throws Missing, with what the cluster lacks */
export async function checkCluster(api: KubernetesApi): Promise<void> {
  const kinds = [
    ["cert-manager.io/v1", "Certificate"],
    ["external-secrets.io/v1", "ExternalSecret"],
    ["postgresql.cnpg.io/v1", "Cluster"],
    ["gateway.networking.k8s.io/v1", "HTTPRoute"],
    ["gateway.nginx.org/v1alpha1", "SnippetsFilter"],
  ] as const;
  for (const [apiVersion, kind] of kinds) {
    const isServed = () =>
      api.list({ apiVersion, kind }).then(
        () => true,
        () => false,
      );
    // A server needs some seconds for definitions that were applied a moment ago.
    await until(`a definition of ${kind}`, SERVED_WITHIN, isServed).catch(() => {
      throw new Missing(`the cluster has no definition of ${kind} (${apiVersion}); apply those of the charts' operators`);
    });
  }
  const nodes = await api.list({ apiVersion: "v1", kind: "Node" });
  if (nodes.every(({ metadata }) => metadata.annotations?.["kwok.x-k8s.io/node"] !== undefined))
    throw new Missing("the cluster has only simulated nodes, on which no container runs");
}
