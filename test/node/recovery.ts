import { kurrentDbEventStore, StreamBackup, StreamDrill, streamBackupPods, streamDrillPods } from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects, PodTraffic } from "../../constructs/kubernetes";
import type { SecretSpec } from "../../constructs/secrets";
import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { synth } from "../synth";
import { RELEASE, type Stack } from "./environment";
import { caughtUp, rows } from "./events";
import { mentioned, printed, run } from "./printed";
import { BUCKET, CREDENTIALS, STORAGE_EGRESS, Storage } from "./storage";
import type { Trial } from "./trial";

const NAMESPACE = "event-store";

/** Declared objectives in seconds: of a drill, and of the whole system. */
const [RPO, RTO] = [900, 600] as const;

const RESULTS = `drills/${NAMESPACE}/event-store`;

/** The stream backup and its drills, made as a library, because the environment has no `backup.bucket`. */
export function backups(): Stack {
  const secret: SecretSpec = {
    name: CREDENTIALS.keys,
    purpose: "Keys of the S3 API",
    keys: {},
    rotation: { method: "engine-first", clients: "restart", engine: "the S3 API" },
  };
  const of = (name: string, key: string) => ({ secret: { ...secret, name }, home: NAMESPACE, key });
  const bucket = {
    ...BUCKET,
    prefix: `${NAMESPACE}/event-store-backup`,
    service: {
      url: BUCKET.url,
      egress: STORAGE_EGRESS,
      accessKeyId: of(CREDENTIALS.keys, "access-key-id"),
      secretAccessKey: of(CREDENTIALS.keys, "secret-access-key"),
      authority: of(CREDENTIALS.authority, "ca.crt"),
    },
  };
  const json = synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const eventStore = kurrentDbEventStore({ namespace: NAMESPACE, nodes: 1 });
    const shared = { cluster, namespace: NAMESPACE, eventStore, bucket };
    new StreamBackup(stack, "backup", { ...shared, every: "15m", fullEvery: "7d" });
    const scratch = { storage: RELEASE.eventStore.storage };
    new StreamDrill(stack, "drill", { ...shared, results: RESULTS, schedule: "30 5 * * 0", rpo: RPO, rto: RTO, scratch });
    new PodTraffic(stack, "traffic", {
      namespace: NAMESPACE,
      name: "event-store-backups",
      labels: { "app.kubernetes.io/name": "event-store", "app.kubernetes.io/component": "node" },
      ingress: [{ name: "backups", peer: [streamBackupPods(NAMESPACE), streamDrillPods(NAMESPACE)], ports: [2113] }],
      egress: [],
    });
  });
  return { name: "backups", objects: kubernetesObjects(json).objects as unknown as KubernetesObject[], releases: [] };
}

/** What a drill publishes. */
interface Drilled {
  readonly passed: boolean;
  readonly problems: readonly string[];
  readonly lossSeconds: number;
  readonly restoreSeconds: number;
  readonly restored: { readonly events: number };
}

/** The event store is backed up and drilled; then all data is lost, and the system comes back from the backup. */
export async function recovery(trial: Trial): Promise<void> {
  const storage = new Storage(trial);
  const succeeded = (job: string) =>
    [
      `kubectl --namespace ${NAMESPACE} wait --for=condition=complete --timeout=60s job/${job} ||`,
      `{ kubectl --namespace ${NAMESPACE} describe pods --selector job-name=${job}; kubectl --namespace ${NAMESPACE} logs job/${job}; exit 1; }`,
    ].join(" ");
  const isBackedUp = await trial.check("docs/data.md, docs/drills.md: the event store is backed up, verified and drilled", async () => {
    // Of the environment, which counts no volume of a drill.
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { namespace: NAMESPACE, name: "quota" } };
    await trial.api.patch(quota, { spec: { hard: { persistentvolumeclaims: "2", "requests.memory": "16Gi" } } });
    await storage.begin(NAMESPACE);
    for (const report of (await trial.deployment.add(backups())).values()) throw new Wrong(report);
    await run(`${printed("docs/data.md", /create job .* backup-now/)}\n${succeeded("backup-now")}`, []);
    await run(`${printed("docs/data.md", /verify-now/)}\n${succeeded("verify-now")}`, []);
    await run(`${printed("docs/drills.md", /[ /]drill-now/)}\n${succeeded("drill-now")}`, []);
    const { passed, problems, lossSeconds, restoreSeconds, restored }: Drilled = JSON.parse(await storage.read(RESULTS));
    if (!passed) throw new Wrong(problems.join("\n"));
    // Its volume is deleted with its pod.
    await trial.api.delete({ apiVersion: "batch/v1", kind: "Job", metadata: { namespace: NAMESPACE, name: "drill-now" } });
    const claims = { apiVersion: "v1", kind: "PersistentVolumeClaim" };
    await until("the volume of the drill is gone", 60, async () => (await trial.api.list(claims, { namespace: NAMESPACE })).length === 1);
    return `${restored.events} events restored in ${restoreSeconds} s of ${RTO} s, ${lossSeconds} s lost of ${RPO} s`;
  });
  if (!isBackedUp) return;
  await trial.check("docs/data.md: the whole system comes back from its backup when all its volumes are lost", async () => {
    const listed = () => rows("select id, item, quantity, confirmed_at is not null from orders.orders order by id");
    const before = await listed();
    await run(mentioned("docs/data.md", /patch cronjob event-store-backup/), [/patched/]);
    const began = Date.now();
    await lose(trial);
    const stores = ["event-store", "read-store"];
    const others = ["migrations", "write-side", "read-side", "projections"];
    trial.deployment.startOver();
    const brought = async (stacks: readonly string[]) => {
      for (const [name, report] of await trial.deployment.bring(RELEASE, { stacks })) throw new Wrong(`${name}: ${report}`);
    };
    await brought(stores);
    await trial.settled("read-store", "cnpg.io/cluster=read-database");
    if ((await rows("select 1 from pg_namespace where nspname = 'orders'")).length > 0) throw new Wrong("the read database is not empty");
    await run(`${printed("docs/data.md", /event-store-users|job\/restore/)}\n${succeeded("restore")}`, []);
    const stored = Math.round((Date.now() - began) / 1000);
    await brought(others);
    await until("projections have built the read models again", 180, async () => (await listed()).length >= before.length);
    await caughtUp();
    const seconds = Math.round((Date.now() - began) / 1000);
    const after = await listed();
    const known = new Set(before);
    const wrong = after.filter((row) => !known.has(row)).length + before.length - after.length;
    if (after.length !== before.length || wrong > 0)
      throw new Wrong(`${before.length} orders before, ${after.length} after, ${wrong} differ`);
    if (seconds > RTO) throw new Wrong(`it took ${seconds} s, and the RTO is ${RTO} s`);
    await trial.buyer.begin();
    await trial.order("after the restore");
    await trial.buyer.end();
    return `${after.length} orders are back after ${seconds} s of ${RTO} s, their events after ${stored} s`;
  });
}

/** Ends whatever appends, and deletes the volumes of the event store and of the read database with their pods. */
async function lose({ api, deployment }: Trial): Promise<void> {
  const scaled = [
    ...deployment.objects("Deployment").filter(({ metadata }) => metadata.namespace === "write-side"),
    ...deployment.objects("StatefulSet").filter(({ metadata }) => metadata.namespace === "projections"),
  ];
  for (const object of scaled) await api.patch(object, { spec: { replicas: 0 } });
  const set = (namespace: string, name: string) => ({ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { namespace, name } });
  const lost = [set("event-store", "event-store"), set("read-store", "read-database")];
  for (const each of lost) await api.delete(each);
  for (const { metadata } of lost) {
    const kind = { apiVersion: "v1", kind: "PersistentVolumeClaim" };
    const { namespace = "", name } = metadata;
    const claims = (await api.list(kind, { namespace })).filter((claim) => claim.metadata.name.includes(name));
    for (const claim of claims) await api.delete({ ...kind, metadata: claim.metadata });
    await until(`the volumes of ${name} are gone`, 120, async () => {
      const left = await Promise.all(claims.map((claim) => deployment.find({ ...kind, metadata: claim.metadata })));
      return left.every((claim) => claim === undefined);
    });
  }
}
