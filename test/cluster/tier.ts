import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withoutTokenTraces } from "../../cli/short-traces";
import type { PodGroup } from "../../constructs/capacity";
import { PLANNERS } from "../../constructs/cluster";
import { type ApiObject, kubernetesObjects } from "../../constructs/kubernetes";
import { program } from "../../main";
import { type MeasuredSite, type Program, type Synthesis, synthesize } from "../../stacks";
import { Missing, Results, Wrong } from "../aws/results";
import { EXAMPLES } from "../examples/programs";
import { ApiError, currentContext, type Kind, KubernetesApi, type KubernetesObject, until } from "./api";
import { afterwards, type Change, changesOf, ignoringTemplates, keyOf, losses } from "./changes";
import { occupied } from "./empty";
import { found } from "./found";
import { mayRestart, wrongPolicies } from "./narrowed";
import { nodesOf } from "./nodes";
import { priorityClass, standIn } from "./pause";
import { viewOf, wrongRights } from "./planners";
import { destructive, jobNow, offeredTo, outdated, outvoted, templatesOf, unfinished } from "./stores";
import { throughTerraform } from "./terraform";
import { MOVES, VARIETY } from "./varieties";
import { pod, violations } from "./violations";

/** Nodes of a cluster whose own are of unknown size: what a developer's machine has to spare. */
const UNKNOWN = { zones: { local: 1 }, node: { millicores: 16_000, memoryBytes: 64 * 2 ** 30, pods: 250, volumes: 39 } };

const SECONDS = 120;

/** What keeps making pods. */
const MAKERS = [
  ...["DaemonSet", "Deployment", "StatefulSet"].map((kind) => ({ apiVersion: "apps/v1", kind })),
  ...["CronJob", "Job"].map((kind) => ({ apiVersion: "batch/v1", kind })),
];

const SCALERS = ["HorizontalPodAutoscaler", "ScaledObject"];

const POD: Kind = { apiVersion: "v1", kind: "Pod" };

/** What must stay the same whatever becomes of the rest. */
const HOLDERS: readonly Kind[] = [
  { apiVersion: "v1", kind: "PersistentVolumeClaim" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
];

/** What an environment becomes. */
interface Move {
  readonly what: string;
  readonly site: MeasuredSite;

  /** Sets whose claim templates the provider does not look at. */
  readonly ignoring: ReadonlySet<string>;

  /** The one object that is changed, if it is one. */
  readonly only?: string;
}

/** Every object of every stack on one cluster of an environment, before a real API server and scheduler. */
class Trial {
  private readonly made = new Map<string, KubernetesObject>();
  private objects: readonly ApiObject[];
  private groups: readonly PodGroup[];
  private readonly nodes: readonly KubernetesObject[];
  private readonly zones: readonly string[];
  private readonly storageClass: KubernetesObject;

  constructor(
    private readonly api: KubernetesApi,
    private readonly results: Results,
    private readonly subject: string,
    { objects, declared, site }: MeasuredSite,
    private readonly simulated: boolean,
    private readonly moves: readonly Move[] = [],
  ) {
    this.objects = objects;
    this.groups = declared;
    const pool = site.ledger.pool ?? UNKNOWN;
    this.nodes = nodesOf(subject, pool);
    this.zones = Object.keys(pool.zones);
    this.storageClass = existingClass("context" in site.cluster ? site.cluster.storageClass : undefined);
  }

  async run(): Promise<void> {
    const step = (what: string, work: () => Promise<void>) => this.results.step(`${this.subject}: ${what}`, "check", work);
    try {
      if (this.simulated) for (const node of this.nodes) await this.api.create(node);
      if (!(await step(`${this.objects.length} objects are admitted without a warning`, () => this.admit()))) return;
      await step("what breaks a rule of its namespace is refused", () => this.violate());
      await step("no pod has a token that its service account does not ask for", () => this.mount());
      if (this.objects.some(({ kind }) => SCALERS.includes(kind)))
        await step("what is scaled automatically is told no number", async () => this.scale());
      const planned = this.objects.some(({ kind, metadata }) => kind === "ClusterRoleBinding" && metadata.name === PLANNERS);
      if (planned) await step("who plans reads what a plan refreshes, and no Secret", () => this.review());
      if (!this.simulated) {
        await step("pods", async () => {
          throw new Missing("the cluster has nodes of its own, so nothing is placed on them");
        });
        return;
      }
      if (!(await step(`${this.groups.length} groups of pods run`, () => this.place()))) return;
      if (mayRestart(this.objects)) {
        await step("accounts that restart servers can change nothing else", async () => {
          expectNone(await wrongPolicies(this.api, this.objects));
          await this.settled(() => false);
        });
      }
      await step("jobs end, those of schedules as well", () => this.work());
      if (this.moves.length > 0) await step("what would lose data is refused", () => this.lay());
      for (const move of this.moves) if (!(await step(`${move.what}, and nothing is lost`, () => this.change(move)))) return;
      if (this.zones.length > 1) for (const zone of this.zones) await step(`still so without ${zone}`, () => this.lose(zone));
    } finally {
      await this.clear();
    }
  }

  /** Whatever stood there would be put back by every apply. */
  private scale(): void {
    const objects = this.objects as readonly KubernetesObject[];
    const targets = objects
      .filter(({ kind }) => SCALERS.includes(kind))
      .map(({ metadata, spec: { scaleTargetRef } }) =>
        keyOf({ kind: scaleTargetRef.kind, metadata: { ...metadata, name: scaleTargetRef.name } }),
      );
    expectNone(objects.filter((object) => targets.includes(keyOf(object)) && object.spec.replicas !== undefined).map(keyOf));
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
    if (!this.objects.some(({ kind }) => kind === "StorageClass")) await this.make(this.storageClass);
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
    await this.standIn();
    await this.settled(() => false);
    expectNone(await this.unused());
  }

  /** Storage class of volumes that no object of the stacks has. */
  private get anyStorage(): string {
    return (this.objects.find(({ kind }) => kind === "StorageClass") ?? this.storageClass).metadata.name;
  }

  private async standIn(): Promise<void> {
    for (const group of this.groups.filter(({ passing }) => !passing)) {
      const [namespace = "", name = ""] = group.name.split("/");
      await this.make(standIn(group, this.anyStorage, templatesOf(name, namespace, this.objects as readonly KubernetesObject[])));
    }
  }

  /** Claims that no pod has found. */
  private async unused(): Promise<readonly string[]> {
    const claims = await this.api.list({ apiVersion: "v1", kind: "PersistentVolumeClaim" });
    return claims
      .filter(({ status }) => status.phase !== "Bound")
      .map(({ metadata, status }) => `${metadata.namespace}/${metadata.name}: the claim is ${status.phase}`);
  }

  private async work(): Promise<void> {
    const jobs = this.objects.filter(({ kind }) => kind === "CronJob").map((object) => jobNow(object as KubernetesObject));
    const claims = offeredTo(jobs, this.objects as readonly KubernetesObject[], this.anyStorage);
    for (const object of [...claims, ...jobs]) await this.make(object);
    await this.finished();
  }

  private async finished(): Promise<void> {
    let left: readonly string[] = [];
    await until("jobs", SECONDS, async () => {
      left = await unfinished(this.api);
      return left.length === 0;
    }).catch(() => expectNone(left));
  }

  /** Asks for it, and has it not kept. */
  private async lay(): Promise<void> {
    const accepted: string[] = [];
    for (const { what, object } of destructive(this.objects as readonly KubernetesObject[]))
      if (await this.accepts(object)) accepted.push(what);
    expectNone(accepted.map((what) => `accepted: ${what}`));
  }

  private async accepts(object: KubernetesObject): Promise<boolean> {
    return this.api.apply(object, { dryRun: true }).then(
      () => true,
      (error) => {
        if (error instanceof ApiError && [403, 422].includes(error.status)) return false;
        throw error;
      },
    );
  }

  /** Sends what Terraform would send, and the nodes of an event store their successors, as its job does. */
  private async change({ site: { objects, declared }, ignoring, only }: Move): Promise<void> {
    const now = this.objects as readonly KubernetesObject[];
    const then = afterwards(now, objects, ignoring);
    const changes = changesOf(now, then);
    expectNone(losses(changes));
    if (changes.length === 0) throw new Wrong("nothing changes");
    if (only) expectNone(changes.map(({ object }) => keyOf(object)).filter((key) => key !== only));
    // No pod is started anew for a larger disk.
    const kinds = changes.every(({ object }) => object.kind === "PersistentVolumeClaim") ? [...HOLDERS, POD] : HOLDERS;
    const before = await this.holding(kinds);
    for (const change of changes) await this.send(change);
    [this.objects, this.groups] = [then as readonly ApiObject[], declared];
    await this.standIn();
    for (const { object } of changes) if (object.spec?.updateStrategy?.type === "OnDelete") await this.roll(object);
    let old: readonly string[] = [];
    await until("new pods", SECONDS, async () => {
      old = await outdated(this.api);
      return old.length === 0;
    }).catch(() => expectNone(old));
    await this.settled(() => false);
    await this.finished();
    expectNone([...(await this.lost(before, kinds)), ...(await this.unused()), ...(await outvoted(this.api))]);
  }

  private async send({ how, object }: Change): Promise<void> {
    if (how === "deleted" || how === "made anew") {
      await this.api.delete(object);
      await until(`${keyOf(object)} gone`, SECONDS, () =>
        this.api.get(object).then(
          () => false,
          () => true,
        ),
      );
      this.made.delete(keyOf(object));
    }
    if (how !== "deleted") await this.make(object);
  }

  private async roll({ metadata: { namespace = "" }, spec }: KubernetesObject): Promise<void> {
    const labels = Object.entries(spec.selector.matchLabels)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    for (const pod of await this.api.list({ apiVersion: "v1", kind: "Pod" }, { namespace, labels })) {
      await this.api.delete({ ...pod, apiVersion: "v1", kind: "Pod" }, 0);
      await this.settled(() => false);
    }
  }

  /** Objects by name, each with what tells it from another of that name, and its volume if it is a claim. */
  private async holding(kinds: readonly Kind[]): Promise<ReadonlyMap<string, string>> {
    const lists = await Promise.all(
      kinds.map(async (kind) =>
        (await this.api.list(kind)).map(
          ({ metadata, spec }) => [keyOf({ ...kind, metadata }), `${metadata.uid} ${spec.volumeName ?? ""}`] as const,
        ),
      ),
    );
    return new Map(lists.flat());
  }

  /** What was there and is another one now, and claims that are not as large as was asked for. */
  private async lost(before: ReadonlyMap<string, string>, kinds: readonly Kind[]): Promise<readonly string[]> {
    const now = await this.holding(kinds);
    const others = [...before].filter(([key, value]) => now.get(key) !== value).map(([key]) => `${key} is not what it was`);
    const claims = this.objects.filter(({ kind }) => kind === "PersistentVolumeClaim") as readonly KubernetesObject[];
    const small: string[] = [];
    for (const claim of claims) {
      const { storage } = (await this.api.get(claim)).spec.resources.requests;
      if (storage !== claim.spec.resources.requests.storage) small.push(`${keyOf(claim)} asks for ${storage}`);
    }
    return [...others, ...small];
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
      expectNone(await outvoted(this.api));
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
    const sets = [...this.made.values()].filter(({ kind }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind));
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
    this.made.set(keyOf(object), object);
  }

  /** Everything that was made goes; the next cluster finds nothing. */
  private async clear(): Promise<void> {
    const order = ["ValidatingWebhookConfiguration", "Namespace"];
    const namespaced = (object: KubernetesObject) => object.metadata.namespace !== undefined && object.metadata.namespace !== "kube-system";
    const made = [...this.made.values()];
    const rest = made.filter((object) => !namespaced(object) && object.kind !== "ServiceAccount");
    const namespaces = made.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    await this.end(namespaces);
    for (const object of [...rest].sort((one, other) => order.indexOf(other.kind) - order.indexOf(one.kind)))
      await this.api.delete(object, 0);
    for (const node of this.nodes) await this.api.delete(node);
    await until("namespaces gone", SECONDS, async () => {
      const names = new Set((await this.api.list({ apiVersion: "v1", kind: "Namespace" })).map(({ metadata }) => metadata.name));
      return !namespaces.some((name) => names.has(name));
    });
    await this.api.deleteAll({ apiVersion: "v1", kind: "PersistentVolume" });
  }

  /** A namespace waits for its pods as long as they may take to end, which of a store is an hour, and longer where their nodes are gone. */
  private async end(namespaces: readonly string[]): Promise<void> {
    for (const namespace of namespaces) for (const kind of MAKERS) await this.api.deleteAll(kind, { namespace });
    await until("pods gone", SECONDS, async () => {
      for (const namespace of namespaces) await this.api.deleteAll(POD, { namespace }, 0);
      const left = await this.api.list(POD);
      return !left.some(({ metadata }) => namespaces.includes(metadata.namespace ?? ""));
    });
  }
}

/** A class that an existing cluster has: kind's, or the one that an environment names. */
function existingClass(name = "standard"): KubernetesObject {
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

/** Ids of AWS, which the API server wants in their form, in the place of those that an apply brings. */
function withIds<T extends { readonly kind: string }>(object: T): T {
  if (object.kind !== "EC2NodeClass") return object;
  const { spec } = object as unknown as { readonly spec: Readonly<Record<string, unknown>> };
  const ids = { subnetSelectorTerms: "subnet-0a1b2c3d4e5f67890", securityGroupSelectorTerms: "sg-0a1b2c3d4e5f67890" };
  const terms = Object.entries(ids).map(([key, id]) => [key, (spec[key] as readonly object[]).map((term) => ({ ...term, id }))]);
  return { ...object, spec: { ...spec, ...Object.fromEntries(terms) } };
}

/** What is sent to the clusters of a program, with addresses in the place of those that only an apply brings. */
function synthesized(what: Program, directory: string): Pick<Synthesis, "sites" | "stacks"> {
  const { compositions, sites, stacks } = withoutTokenTraces(() => synthesize(what, { outdir: join(directory, "out"), prune: true }));
  const known = (expression: string) => (expression.endsWith("_cidr") ? "10.0.0.0/16" : undefined);
  const on = compositions.flatMap((composition) => composition.sites);
  const filled = sites.map((site, index) => {
    const objects = on[index]?.stacks.flatMap((stack) => kubernetesObjects(stack.synthesized, { known }).objects);
    return { ...site, objects: (objects ?? []).map(withIds) };
  });
  return { sites: filled, stacks };
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
    // `tier.js dev.cluster` tries that one.
    const only = process.argv.slice(2);
    const moves = MOVES.map(({ what, environment, only: changed }): Move => {
      const { sites, stacks } = synthesized({ ...VARIETY, environments: [environment] }, directory);
      const [site] = sites;
      if (!site) throw new Error(`${environment.name} has no cluster`);
      const ignoring = new Set([...stacks.values()].flatMap(({ json }) => ignoringTemplates(json)));
      return { what, site, ignoring, ...(changed ? { only: changed } : {}) };
    });
    const subjects = [program, VARIETY, ...Object.values(EXAMPLES)].flatMap((each, index) => {
      const example = Object.keys(EXAMPLES)[index - 2];
      // The environments of examples are called alike.
      return synthesized(each, directory).sites.map((site) => ({ site, name: example ? `${example}.${site.path}` : site.path }));
    });
    for (const { site, name } of subjects.filter((subject) => only.length === 0 || only.includes(subject.name))) {
      const next = moves.filter((move) => move.site.path === name);
      await new Trial(api, results, name, site, nodes.length === 0, next).run();
    }
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
