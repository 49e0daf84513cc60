import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withoutTokenTraces } from "../../cli/short-traces";
import type { PodGroup } from "../../constructs/capacity";
import { PLANNERS } from "../../constructs/cluster";
import type { ApiObject } from "../../constructs/kubernetes";
import { program } from "../../environments";
import { type MeasuredSite, synthesize } from "../../stacks";
import { Missing, Results, Wrong } from "../aws/results";
import { ApiError, currentContext, KubernetesApi, type KubernetesObject, until } from "./api";
import { occupied } from "./empty";
import { found } from "./found";
import { nodesOf } from "./nodes";
import { priorityClass, standIn } from "./pause";
import { viewOf, wrongRights } from "./planners";
import { throughTerraform } from "./terraform";
import { pod, violations } from "./violations";

/** Nodes of a cluster whose own are of unknown size: what a developer's machine has to spare. */
const UNKNOWN = { zones: { local: 1 }, node: { millicores: 8000, memoryBytes: 16 * 2 ** 30, pods: 110, volumes: 39 } };

const SECONDS = 120;

/** Every object of every stack on one cluster of an environment, before a real API server and scheduler. */
class Trial {
  private readonly made: KubernetesObject[] = [];
  private readonly objects: readonly ApiObject[];
  private readonly groups: readonly PodGroup[];
  private readonly nodes: readonly KubernetesObject[];
  private readonly zones: readonly string[];

  constructor(
    private readonly api: KubernetesApi,
    private readonly results: Results,
    private readonly subject: string,
    { objects, declared, site }: MeasuredSite,
    private readonly simulated: boolean,
  ) {
    this.objects = objects;
    this.groups = declared;
    const pool = site.ledger.pool ?? UNKNOWN;
    this.nodes = nodesOf(subject, pool);
    this.zones = Object.keys(pool.zones);
  }

  async run(): Promise<void> {
    const step = (what: string, work: () => Promise<void>) => this.results.step(`${this.subject}: ${what}`, "check", work);
    try {
      if (this.simulated) for (const node of this.nodes) await this.api.create(node);
      if (!(await step(`${this.objects.length} objects are admitted without a warning`, () => this.admit()))) return;
      await step("what breaks a rule of its namespace is refused", () => this.violate());
      await step("no pod has a token that its service account does not ask for", () => this.mount());
      const planned = this.objects.some(({ kind, metadata }) => kind === "ClusterRoleBinding" && metadata.name === PLANNERS);
      if (planned) await step("who plans reads what a plan refreshes, and no Secret", () => this.review());
      if (!this.simulated) {
        await step("pods", async () => {
          throw new Missing("the cluster has nodes of its own, so nothing is placed on them");
        });
        return;
      }
      if (!(await step(`${this.groups.length} groups of pods run`, () => this.place()))) return;
      if (this.zones.length > 1) for (const zone of this.zones) await step(`still so without ${zone}`, () => this.lose(zone));
    } finally {
      await this.clear();
    }
  }

  private async admit(): Promise<void> {
    const before = this.api.warnings.length;
    const refused: string[] = [];
    for (const object of this.objects) {
      try {
        await this.make(object as KubernetesObject);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refused.push(`${object.kind} ${object.metadata.namespace ?? ""}/${object.metadata.name}: ${error.message}`);
      }
    }
    expectNone([...refused, ...this.api.warnings.slice(before)]);
  }

  /** Charts and what is yet to come are stood in for by pods that ask for the same. */
  private async place(): Promise<void> {
    const storageClass = this.objects.find(({ kind }) => kind === "StorageClass")?.metadata.name ?? "standard";
    if (!this.objects.some(({ kind }) => kind === "StorageClass")) await this.make(storageClassOf(storageClass));
    const known = new Set([
      "default",
      "kube-system",
      ...this.objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name),
    ]);
    for (const name of new Set(this.groups.map((group) => group.name.split("/")[0] ?? "")))
      if (!known.has(name)) await this.make({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const priorities = new Set(
      this.groups.flatMap(({ priority }) => (priority && !priorityClass(priority).startsWith("system-") ? [priority] : [])),
    );
    for (const value of priorities)
      await this.make({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: priorityClass(value) }, value });
    for (const group of this.groups.filter(({ passing }) => !passing)) await this.make(standIn(group, storageClass));
    await this.settled(() => false);
  }

  private async lose(zone: string): Promise<void> {
    const gone = this.nodes.filter(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"] === zone);
    try {
      for (const node of gone) {
        await this.api.delete(node);
        // The cluster would find out by itself, a minute later.
        const pods = await this.api.list({ apiVersion: "v1", kind: "Pod" }, { fields: `spec.nodeName=${node.metadata.name}` });
        for (const pod of pods) await this.api.delete({ ...pod, apiVersion: "v1", kind: "Pod" }, 0);
      }
      await this.settled((volumesZone) => volumesZone === zone);
    } finally {
      for (const node of gone) await this.api.create(node);
    }
    await this.settled(() => false);
  }

  /** Waits until every pod that was asked for runs on a node that is there, but those whose volume may be waited for. */
  private async settled(mayWait: (volumesZone: string | undefined) => boolean): Promise<void> {
    let waiting: readonly string[] = [];
    await until(`${this.subject}: pods`, SECONDS, async () => {
      waiting = await this.waiting(mayWait);
      return waiting.length === 0;
    }).catch(() => expectNone(waiting));
  }

  private async waiting(mayWait: (volumesZone: string | undefined) => boolean): Promise<readonly string[]> {
    const [pods, claims, volumes, nodes] = await Promise.all(
      ["Pod", "PersistentVolumeClaim", "PersistentVolume", "Node"].map((kind) => this.api.list({ apiVersion: "v1", kind })),
    );
    const there = new Set(nodes?.map(({ metadata }) => metadata.name));
    const zoneOf = new Map(volumes?.map((volume) => [volume.metadata.name, volume.metadata.labels?.["topology.kubernetes.io/zone"]]));
    const volumeOf = new Map(claims?.map((claim) => [`${claim.metadata.namespace}/${claim.metadata.name}`, claim.spec.volumeName]));
    const bound = (pod: KubernetesObject) =>
      (pod.spec.volumes ?? []).flatMap((volume: any) =>
        volume.persistentVolumeClaim
          ? [zoneOf.get(volumeOf.get(`${pod.metadata.namespace}/${volume.persistentVolumeClaim.claimName}`))]
          : [],
      );
    const stuck = (pods ?? [])
      .filter((pod) => !(pod.status.phase === "Running" && there.has(pod.spec.nodeName)) && pod.status.phase !== "Succeeded")
      .filter((pod) => !bound(pod).some(mayWait))
      .map((pod) => `${pod.metadata.namespace}/${pod.metadata.name}: ${reason(pod)}`);
    return [...stuck, ...(await this.missing(pods ?? []))];
  }

  /** Pods that nobody has made: refused by a quota or by pod security, they show nowhere else. */
  private async missing(pods: readonly KubernetesObject[]): Promise<readonly string[]> {
    const sets = this.made.filter(({ kind }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind));
    const nodes = this.nodes.length;
    return sets.flatMap(({ kind, metadata, spec }) => {
      const wanted = kind === "DaemonSet" ? 1 : (spec.replicas ?? 1);
      const labels = Object.entries(spec.selector.matchLabels as Record<string, string>);
      const found = pods.filter(
        (pod) => pod.metadata.namespace === metadata.namespace && labels.every(([key, value]) => pod.metadata.labels?.[key] === value),
      ).length;
      return found >= Math.min(wanted, kind === "DaemonSet" ? nodes : wanted)
        ? []
        : [`${metadata.namespace}/${metadata.name}: ${found} of ${wanted} pods were made`];
    });
  }

  private async violate(): Promise<void> {
    const accepted: string[] = [];
    // A quota that nobody has counted for yet bounds nothing.
    const quota = { apiVersion: "v1", kind: "ResourceQuota" };
    await until("quotas", SECONDS, async () => (await this.api.list(quota)).every(({ status }) => status?.hard !== undefined));
    for (const namespace of this.namespaces) await this.api.apply(pod(namespace), { dryRun: true }); // what breaks no rule is let in
    for (const { what, object } of violations(this.objects)) {
      const refused = await this.api.apply(object, { dryRun: true }).then(
        () => false,
        (error) => error instanceof ApiError && [403, 422].includes(error.status),
      );
      if (!refused) accepted.push(what);
    }
    expectNone(accepted.map((what) => `accepted: ${what}`));
  }

  /** A pod that says nothing of a token, under the service account that each namespace has. */
  private async mount(): Promise<void> {
    const hasToken = async (namespace: string) => {
      const { spec } = await this.api.apply(pod(namespace, { automountServiceAccountToken: undefined }), { dryRun: true });
      return (spec.volumes ?? []).some(({ name }: { name: string }) => name.startsWith("kube-api-access"));
    };
    if (!(await hasToken("default"))) throw new Wrong("no pod has a token here at all, so that nothing is shown");
    const found: string[] = [];
    for (const namespace of this.namespaces) if (await hasToken(namespace)) found.push(namespace);
    expectNone(found.map((namespace) => `${namespace}: a pod has a token`));
  }

  private async review(): Promise<void> {
    await this.make(viewOf(PLANNERS));
    // The server hears of roles and bindings a moment after they are made.
    const heard = [{ apiVersion: "v1", kind: "ConfigMap" } as const, { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" } as const];
    await until("rights", SECONDS, async () =>
      (await Promise.all(heard.map((kind) => this.api.may(PLANNERS, "get", kind)))).every(Boolean),
    );
    expectNone(await wrongRights(this.api, PLANNERS, this.namespaces));
  }

  private get namespaces(): readonly string[] {
    return this.objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
  }

  private async make(object: KubernetesObject): Promise<void> {
    await this.api.apply(object);
    this.made.push(object);
  }

  /** Everything that was made goes; the next cluster finds nothing. */
  private async clear(): Promise<void> {
    const order = ["ValidatingWebhookConfiguration", "Namespace"];
    const namespaced = (object: KubernetesObject) => object.metadata.namespace !== undefined && object.metadata.namespace !== "kube-system";
    const rest = this.made.filter((object) => !namespaced(object) && object.kind !== "ServiceAccount");
    for (const object of [...rest].sort((one, other) => order.indexOf(other.kind) - order.indexOf(one.kind)))
      await this.api.delete(object, 0);
    for (const node of this.nodes) await this.api.delete(node);
    await until("namespaces gone", SECONDS, async () => {
      const names = new Set((await this.api.list({ apiVersion: "v1", kind: "Namespace" })).map(({ metadata }) => metadata.name));
      return !this.made.some(({ kind, metadata }) => kind === "Namespace" && names.has(metadata.name));
    });
    await this.api.deleteAll({ apiVersion: "v1", kind: "PersistentVolume" });
  }
}

function storageClassOf(name: string): KubernetesObject {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner: "rancher.io/local-path",
    volumeBindingMode: "WaitForFirstConsumer",
  };
}

function reason(pod: KubernetesObject): string {
  const scheduled = (pod.status.conditions ?? []).find(({ type }: { type: string }) => type === "PodScheduled");
  return scheduled?.message ?? `is ${pod.status.phase} on ${pod.spec.nodeName ?? "no node"}`;
}

function expectNone(found: readonly string[]): void {
  if (found.length > 0) throw new Wrong(found.slice(0, 40).join("\n"));
}

async function main(): Promise<void> {
  const kubeconfig = process.env.KUBECONFIG;
  if (!kubeconfig) return console.log("SKIPPED the cluster tier: KUBECONFIG names no cluster\n0 passed, 0 failed, 1 skipped");
  const api = KubernetesApi.of(kubeconfig);
  const results = new Results();
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-cluster-"));
  try {
    const [nodes = [], namespaces = [], volumes = []] = await Promise.all(
      ["Node", "Namespace", "PersistentVolume"].map((kind) => api.list({ apiVersion: "v1", kind })),
    );
    const why = occupied(namespaces, volumes);
    if (why) throw new Error(why);
    const { sites } = withoutTokenTraces(() => synthesize(program, { outdir: join(directory, "out") }));
    for (const site of sites) await new Trial(api, results, site.path, site, nodes.length === 0).run();
    const simulated = nodes.every(({ metadata }) => metadata.annotations?.["kwok.x-k8s.io/node"] !== undefined);
    await throughTerraform({
      program,
      cluster: { context: currentContext(kubeconfig), kubeconfig: resolve(kubeconfig) },
      ...(simulated ? { idle: "the cluster has no nodes of its own, so that no webhook of a chart would answer" } : {}),
      found: () => found(api),
      directory: join(directory, "terraform"),
      results,
    });
  } finally {
    rmSync(directory, { recursive: true });
    api.close();
  }
  console.log(results.table());
  process.exitCode = results.failed ? 1 : 0;
}

main();
