import type { NodePool, PodGroup, Spread } from "../../constructs/capacity";
import { ApiError, type Kind, type KubernetesApi, type KubernetesObject, until } from "./api";

/** One course of events on a real cluster. In the end each of the zones is lost, and comes back. */
export interface PlacementOrder {
  /** Its pods in the order in which they come, without those that are one on every node. */
  readonly arrivals: readonly PodGroup[];

  /** Whether the scheduler spreads by its defaults what names no even spread. */
  readonly spreadByDefault: boolean;
}

/** A pod of a trial. */
interface Pod {
  readonly name: string;
  readonly group: PodGroup;
  readonly object: KubernetesObject;

  /** Where it is, as last seen. */
  node?: string;

  /** How often it was looked for since it was last seen. */
  unseen: number;
}

const POD: Kind = { apiVersion: "v1", kind: "Pod" };
const VOLUME: Kind = { apiVersion: "v1", kind: "PersistentVolume" };

/** What trials make outside of their namespace. */
const KINDS: readonly Kind[] = [
  { apiVersion: "v1", kind: "Node" },
  VOLUME,
  { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" },
  { apiVersion: "storage.k8s.io/v1", kind: "CSINode" },
];

const NAMESPACE = "capacity";
const MARK = "capacity-trial";
const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const DRIVER = "volumes.example.com";

/** How many looks what was just made may be missing from the server's cache. */
const LAG = 2;

/** What the scheduler adds to pods of a workload that name no even spread. A pod of nobody has to say it itself. */
const DEFAULT_SPREAD: readonly Spread[] = [
  { over: "node", how: "even", maxSkew: 3, required: false },
  { over: "zone", how: "even", maxSkew: 5, required: false },
];

/** How long nothing may have changed until what has no place is believed to find none: the scheduler's back-off is less. */
const CALM_MS = 2500;

/** How long the next pod waits at most for the scheduler to see the one before. */
const JUDGED_MS = 2000;

/** What all trials on a cluster share: the namespace, the priorities, and one look at all the pods in a while. */
export class SimulationInput {
  private pods: Promise<ReadonlyMap<string, readonly KubernetesObject[]>> | undefined;

  /** Volumes that were given to claims. */
  private readonly bound = new Set<string>();

  constructor(readonly api: KubernetesApi) {}

  /** Begins anew, whatever an interrupted run has left. */
  async prepare(): Promise<void> {
    await this.leave();
    await this.api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
    for (const value of [10, 100, 1000])
      await this.api.apply({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: `capacity-${value}` }, value });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: NAMESPACE } };
    await until("the namespace's service account", 60, () =>
      this.api.get(account).then(
        () => true,
        () => false,
      ),
    );
  }

  async leave(): Promise<void> {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } };
    for (const kind of KINDS) await this.api.deleteAll(kind, { labels: MARK });
    await this.api.delete(namespace);
    await until("the namespace to be gone", 600, () =>
      this.api.get(namespace).then(
        () => false,
        () => true,
      ),
    );
    for (const value of [10, 100, 1000])
      await this.api.delete({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: `capacity-${value}` } });
  }

  /** The pods of a trial. All trials look at once, so that the server lists the pods twice a second at most. */
  async podsOf(trial: string): Promise<readonly KubernetesObject[]> {
    this.pods ??= pause(500).then(async () => {
      this.pods = undefined;
      await this.bindVolumes();
      return grouped(await this.api.list(POD, { namespace: NAMESPACE }), ({ metadata }) => metadata.labels?.[MARK] ?? "");
    });
    return (await this.pods).get(trial) ?? [];
  }

  /**
   * Carries out what the scheduler decided about volumes. The cluster's controller would do so as well, one claim after
   * the other, and at the pace of all trials together the scheduler would wait for it longer than for anything else.
   */
  private async bindVolumes(): Promise<void> {
    const chosen = (await this.api.list(VOLUME, { labels: MARK })).filter(({ spec }) => spec.claimRef);
    const due = chosen.filter(({ metadata }) => !this.bound.has(metadata.name));
    await Promise.all(
      due.map(async ({ metadata: { name: volumeName }, spec: { claimRef } }) => {
        this.bound.add(volumeName);
        const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: claimRef.name, namespace: NAMESPACE } };
        const metadata = { annotations: { "pv.kubernetes.io/bind-completed": "yes" } };
        await this.api.patch(claim, { metadata, spec: { volumeName } }).catch((error) => {
          // Its trial is over.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        });
      }),
    );
  }
}

/** The scheduler neither placed a pod nor said that it can't: its volume is not bound yet, say. */
export class Undecided extends Error {}

/** A pool of nodes with pods on it, apart from all others on the same cluster. */
export class Trial {
  private readonly live = new Map<string, Pod>();
  private readonly api: KubernetesApi;
  private count = 0;
  private spreadByDefault = false;
  private lost: ReadonlySet<string> = new Set();

  constructor(
    private readonly ground: SimulationInput,
    private readonly name: string,
    private readonly pool: NodePool,
    private readonly groups: readonly PodGroup[],
  ) {
    this.api = ground.api;
  }

  /** What found no place, in words; nothing if everything did. */
  async run(course: PlacementOrder): Promise<string | undefined> {
    try {
      await this.makeNodes();
      this.spreadByDefault = course.spreadByDefault;
      return (await this.arrive(course)) ?? (await this.rollOut()) ?? (await this.loseEach());
    } finally {
      await this.clear();
    }
  }

  private async arrive({ arrivals }: PlacementOrder): Promise<string | undefined> {
    for (const group of this.groups.filter(({ pods }) => pods === "each-node"))
      await Promise.all(this.nodes().map(({ node }) => this.come(group, node)));
    const early = await this.settled("one on every node");
    if (early) return early;
    for (const group of arrivals) await this.judged(await this.come(group));
    return (await this.settled("with all nodes")) ?? (await this.pass("with all nodes"));
  }

  private async rollOut(): Promise<string | undefined> {
    for (const group of this.groups.filter(({ surge, passing }) => surge && !passing)) {
      const missing = await this.tryBeside(group, group.surge ?? 0, "coming up anew");
      if (missing) return missing;
    }
    return undefined;
  }

  private async pass(when: string): Promise<string | undefined> {
    for (const group of this.groups.filter(({ passing }) => passing)) {
      const missing = await this.tryBeside(group, 1, `passing ${when}`);
      if (missing) return missing;
    }
    return undefined;
  }

  /** Each zone is lost from the same state. */
  private async loseEach(): Promise<string | undefined> {
    const zones = Object.keys(this.pool.zones);
    if (zones.length < 2) return undefined;
    const before = new Map([...this.live.values()].map((pod) => [pod, pod.node]));
    for (const zone of zones) {
      const missing = (await this.lose(zone)) ?? (await this.pass(`without ${zone}`));
      if (missing) return missing;
      if (zone !== zones.at(-1)) await this.restore(zone, before);
    }
    return undefined;
  }

  private async lose(zone: string): Promise<string | undefined> {
    const lost = new Set(this.nodes().flatMap((place) => (place.zone === zone ? [place.node] : [])));
    this.lost = lost;
    await this.api.deleteAll({ apiVersion: "v1", kind: "Node" }, { labels: `${MARK}=${this.name},${ZONE}=${zone}` });
    const gone = [...this.live.values()].filter(({ node }) => node !== undefined && lost.has(node));
    await Promise.all(gone.map((pod) => this.go(pod)));
    const waiting = gone.filter(({ group }) => group.request.volumes);
    const zones = Object.keys(this.pool.zones).length;
    for (const [group, pods] of grouped(waiting, (pod) => pod.group))
      if (pods.length > Math.ceil((group.pods as number) / zones)) return `${pods.length} of ${group.name} wait for volumes in ${zone}`;
    for (const { group } of gone) if (group.pods !== "each-node" && !group.request.volumes) await this.come(group);
    return this.settled(`without ${zone}`);
  }

  /** The zone with its nodes, and every pod where it was before. */
  private async restore(zone: string, before: ReadonlyMap<Pod, string | undefined>): Promise<void> {
    this.lost = new Set();
    const moved = (pod: Pod) => !this.live.has(pod.name) || pod.node !== before.get(pod);
    await Promise.all([...this.live.values()].filter((pod) => !before.has(pod) || moved(pod)).map((pod) => this.go(pod)));
    await Promise.all(this.nodes().map((place) => (place.zone === zone ? this.makeNode(place) : undefined)));
    const back = [...before].filter(([{ name }]) => !this.live.has(name));
    await Promise.all(
      back.map(async ([pod, node]) => {
        await this.api.create({ ...pod.object, spec: { ...pod.object.spec, nodeName: node } });
        if (node !== undefined) pod.node = node;
        this.live.set(pod.name, pod);
      }),
    );
  }

  /** Waits until the scheduler has seen a pod, for it takes from a queue by priority and not by arrival; or goes on. */
  private async judged(pod: Pod): Promise<void> {
    for (const end = Date.now() + JUDGED_MS; Date.now() < end; await pause(JUDGED_MS / 20)) {
      const found = await this.api.get(pod.object).catch((error) => {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      });
      if (!found) return; // pushed away already
      const { spec, status } = found;
      if (spec.nodeName || status.nominatedNodeName || status.conditions?.some(isUnschedulable)) return;
    }
  }

  /** So many more pods of a group, which go again. */
  private async tryBeside(group: PodGroup, pods: number, how: string): Promise<string | undefined> {
    const more: Pod[] = [];
    for (let each = 0; each < pods; each++) more.push(await this.come(group));
    const missing = await this.settled(how);
    await Promise.all(more.map((pod) => this.go(pod)));
    return missing;
  }

  /** Waits until all pods have a place, or nothing changes any more. Whoever was pushed away comes again. */
  private async settled(when: string): Promise<string | undefined> {
    let state = "";
    let since = Date.now();
    for (;;) {
      const seen = new Map((await this.ground.podsOf(this.name)).map((pod) => [pod.metadata.name, pod]));
      let undecided = 0;
      for (const pod of this.live.values()) {
        const found = seen.get(pod.name);
        const placed = found?.spec.nodeName;
        if (this.lost.has(placed)) {
          // The scheduler had not heard of the loss yet.
          await this.api.delete(pod.object, 0);
          await this.comeAgain(pod);
          undecided++;
          continue;
        }
        pod.unseen = found ? 0 : pod.unseen + 1;
        if (pod.unseen > LAG) await this.comeAgain(pod);
        if (placed) pod.node = placed;
        if (!placed) undecided++;
      }
      if (undecided === 0) return undefined;
      const now = [...this.live.values()].map(({ name, node }) => `${name}=${node}`).join();
      const judged = [...seen.values()].filter(({ spec, status }) => !spec.nodeName && status.conditions?.some(isUnschedulable)).length;
      if (now !== state || judged < undecided) [state, since] = [now, now !== state ? Date.now() : since];
      else if (Date.now() - since > CALM_MS) {
        const missing = [...this.live.values()].filter(({ node }) => node === undefined).map(({ group }) => group.name);
        return `${when}: no place for ${[...new Set(missing)].join(" and ")}`;
      }
      if (Date.now() - since > 60_000) throw new Undecided(`${this.name}: the scheduler says nothing of ${undecided} pods`);
    }
  }

  private async come(group: PodGroup, node?: string): Promise<Pod> {
    const name = `${this.name}-${this.count++}`;
    const volumes = Array.from({ length: node ? 0 : (group.request.volumes ?? 0) }, (_, index) => `${name}-${index}`);
    await Promise.all(volumes.map((volume) => this.makeVolume(volume)));
    const pod: Pod = { name, group, unseen: 0, object: this.podOf(name, group, volumes, node) };
    await this.api.create(pod.object);
    this.live.set(name, pod);
    return pod;
  }

  /** A pod that was pushed away, as its controller would make it again. */
  private async comeAgain(pod: Pod): Promise<void> {
    delete pod.node;
    pod.unseen = 0;
    await this.api.create(pod.object).catch((error) => {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    });
  }

  private async go(pod: Pod): Promise<void> {
    this.live.delete(pod.name);
    await this.api.delete(pod.object, 0);
  }

  private podOf(name: string, group: PodGroup, volumes: readonly string[], node?: string): KubernetesObject {
    const labels = { [MARK]: this.name, group: group.name.replace("/", "-") };
    const { millicores, memoryBytes } = group.request;
    const mine = { matchExpressions: [{ key: HOST, operator: "In", values: [node] }] };
    const key = ({ over }: Spread) => (over === "node" ? HOST : ZONE);
    const terms = (required: boolean) =>
      (group.spread ?? [])
        .filter((spread) => spread.how === "apart" && spread.required === required)
        .map((spread) => ({ topologyKey: key(spread), labelSelector: { matchLabels: labels } }));
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: NAMESPACE, labels },
      spec: {
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        nodeSelector: { [MARK]: this.name },
        tolerations: [{ operator: "Exists" }],
        ...(group.priority ? { priorityClassName: `capacity-${group.priority}` } : {}),
        containers: [
          {
            name: "pause",
            image: "registry.k8s.io/pause:3.10",
            resources: { requests: { cpu: `${millicores}m`, memory: String(memoryBytes) } },
            volumeMounts: volumes.map((volume) => ({ name: volume, mountPath: `/${volume}` })),
          },
        ],
        volumes: volumes.map((volume) => ({ name: volume, persistentVolumeClaim: { claimName: volume } })),
        topologySpreadConstraints: this.evenSpread(group).map((spread) => ({
          topologyKey: key(spread),
          maxSkew: spread.maxSkew ?? 1,
          whenUnsatisfiable: spread.required ? "DoNotSchedule" : "ScheduleAnyway",
          labelSelector: { matchLabels: labels },
        })),
        affinity: {
          ...(node ? { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [mine] } } } : {}),
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: terms(true),
            preferredDuringSchedulingIgnoredDuringExecution: terms(false).map((podAffinityTerm) => ({ weight: 100, podAffinityTerm })),
          },
        },
      },
    };
  }

  private evenSpread({ spread = [] }: PodGroup): readonly Spread[] {
    const even = spread.filter(({ how }) => how === "even");
    return even.length > 0 || !this.spreadByDefault ? even : DEFAULT_SPREAD;
  }

  private nodes(): readonly { readonly node: string; readonly zone: string }[] {
    return Object.entries(this.pool.zones).flatMap(([zone, count]) =>
      Array.from({ length: count }, (_, index) => ({ node: `${this.name}-${zone}-${index}`, zone })),
    );
  }

  private async makeNodes(): Promise<void> {
    await Promise.all(this.nodes().map((place) => this.makeNode(place)));
    if (!this.hasVolumes) return;
    for (const { node } of this.nodes())
      await this.api.create({
        apiVersion: "storage.k8s.io/v1",
        kind: "CSINode",
        metadata: { name: node, labels: { [MARK]: this.name } },
        spec: { drivers: [{ name: DRIVER, nodeID: node, topologyKeys: [ZONE], allocatable: { count: this.pool.node.volumes } }] },
      });
    await this.api.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: this.name, labels: { [MARK]: this.name } },
      provisioner: DRIVER,
      volumeBindingMode: "WaitForFirstConsumer",
    });
  }

  private async makeNode({ node, zone }: { readonly node: string; readonly zone: string }): Promise<void> {
    const { millicores, memoryBytes, pods } = this.pool.node;
    const size = { cpu: `${millicores}m`, memory: String(memoryBytes), pods: String(pods) };
    await this.api.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: node,
        annotations: { "kwok.x-k8s.io/node": "fake" },
        labels: { [MARK]: this.name, [HOST]: node, [ZONE]: zone },
      },
      status: { capacity: size, allocatable: size },
    });
  }

  private get hasVolumes(): boolean {
    return this.groups.some(({ request }) => request.volumes);
  }

  /** A claim, and for each zone a volume that would do. The scheduler takes the one of the zone that it chooses. */
  private async makeVolume(name: string): Promise<void> {
    const labels = { [MARK]: this.name };
    const shape = { storageClassName: this.name, accessModes: ["ReadWriteOnce"] };
    const volumes = Object.keys(this.pool.zones).map((zone) => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: `${name}-${zone}`, labels },
      spec: {
        ...shape,
        capacity: { storage: "1Gi" },
        persistentVolumeReclaimPolicy: "Retain",
        csi: { driver: DRIVER, volumeHandle: `${name}-${zone}` },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: "In", values: [zone] }] }] } },
      },
    }));
    await Promise.all(
      volumes.map(async (volume) => {
        await this.api.create(volume);
        // The scheduler looks at no volume that nobody has called available yet.
        await this.api.patch(volume, { status: { phase: "Available" } }, "/status");
      }),
    );
    await this.api.create({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { ...shape, resources: { requests: { storage: "1Gi" } } },
    });
    // The scheduler plans with the volumes it has heard of.
    await pause(50);
  }

  private async clear(): Promise<void> {
    const labels = `${MARK}=${this.name}`;
    const inNamespace = { namespace: NAMESPACE, labels };
    await this.api.deleteAll(POD, inNamespace, 0);
    await this.api.deleteAll({ apiVersion: "v1", kind: "Node" }, { labels });
    if (!this.hasVolumes) return;
    await this.api.deleteAll({ apiVersion: "v1", kind: "PersistentVolumeClaim" }, inNamespace);
    for (const kind of ["StorageClass", "CSINode"]) await this.api.deleteAll({ apiVersion: "storage.k8s.io/v1", kind }, { labels });
    await this.api.deleteAll({ apiVersion: "v1", kind: "PersistentVolume" }, { labels });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isUnschedulable({ type, status, reason }: { readonly type: string; readonly status: string; readonly reason?: string }): boolean {
  return type === "PodScheduled" && status === "False" && reason === "Unschedulable";
}

function grouped<T, K>(items: readonly T[], key: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
