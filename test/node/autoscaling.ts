import type { Environment } from "../../stacks";
import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { type Controllers, seriesOf } from "./controllers";
import { LOCAL } from "./environment";
import { inside } from "./kubectl";
import { isTrue } from "./operators";
import { brought } from "./releases";
import type { Trial } from "./trial";

const [NAMESPACE, NAME, REPLICAS] = ["notices", "subscriber", { min: 1, max: 3 }] as const;

/** Messages for each reader. */
const EACH = 200;

/** The reader's autoscaler: by what a consumer of the stream has not read yet, and by an answer of the read database. */
function scaled(consumer: string) {
  const { notices } = LOCAL.domains;
  const { publisher, subscriber } = notices.workers;
  return {
    ...LOCAL,
    domains: {
      notices: {
        workers: {
          publisher,
          subscriber: {
            ...subscriber,
            // What it takes at rest is little of it.
            cpu: "100m",
            replicas: REPLICAS,
            scaleOn: {
              cpu: 90,
              broker: { stream: "notices", consumer, targetPerReplica: EACH },
              readDatabase: { query: "SELECT 0", targetPerReplica: 1 },
            },
          },
        },
      },
    },
  } as const satisfies Environment;
}

/** `LOCAL` with workers that read more slowly than messages may come, and are then more. */
export const SCALED = scaled(NAME);

/** A consumer that doesn't exist: a broken trigger. */
const BROKEN = scaled("nobody");

const SCALER: KubernetesObject = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata: { namespace: NAMESPACE, name: NAME } };
const AUTOSCALER = { ...SCALER, apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };

const SUFFIXES: Readonly<Record<string, number>> = { m: 0.001, "": 1, k: 1000, M: 1_000_000 };

/** The average of a signal that the autoscaler has read last, by a part of its name. */
function signal({ status }: KubernetesObject, kind: string): number | undefined {
  const read = status?.currentMetrics?.find(({ external }: any) => external?.metric.name.includes(kind))?.external.current.averageValue;
  const [, digits, suffix = ""] = /^(\d+)([mkM]?)$/.exec(read ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits) * (SUFFIXES[suffix] ?? Number.NaN);
}

/** The reasons for changes of the number of pods, as the autoscaler tells them. */
async function changes({ api }: Trial): Promise<readonly string[]> {
  const { items } = await api.call("GET", `/api/v1/namespaces/${NAMESPACE}/events`);
  return items
    .filter(({ reason, involvedObject }: any) => reason === "SuccessfulRescale" && involvedObject.name === NAME)
    .map((each: any) => each.message);
}

/** What the alert WorkloadAutoscalerFailing asks of KEDA: errors of a scaled object. */
async function errors(controllers: Controllers): Promise<number> {
  const metrics = await controllers.metrics("keda", "app=keda-operator");
  return seriesOf(metrics, "keda_scaled_object_errors_total", { namespace: NAMESPACE, scaledObject: NAME }) ?? 0;
}

/** More readers while more is to be read, and as many as there are while that is not known. */
export async function autoscaling(trial: Trial, controllers: Controllers): Promise<void> {
  const { api } = trial;
  const autoscaler = () => api.get(AUTOSCALER);
  const replicas = async () =>
    (await api.get({ apiVersion: "apps/v1", kind: "Deployment", metadata: SCALER.metadata })).status.readyReplicas;
  await trial.check("a worker's autoscaler reads the broker, the database and the CPU", async () => {
    await until("the ScaledObject is ready", 120, async () => isTrue(await api.get(SCALER), "Ready"));
    await until("each of its metrics is read", 120, async () => {
      const now = await autoscaler();
      const cpu = now.status?.currentMetrics?.some(({ resource }: any) => resource?.current.averageUtilization !== undefined);
      return signal(now, "nats") !== undefined && signal(now, "postgresql") !== undefined && cpu;
    });
    if (!isTrue(await autoscaler(), "ScalingActive")) throw new Wrong("it is not active");
    return JSON.stringify((await autoscaler()).status.currentMetrics);
  });
  await trial.check("a backlog brings more workers", async () => {
    const { status, stderr } = await inside({ namespace: NAMESPACE, of: "deployment/publisher" }, "kill -USR2 1");
    if (status !== 0) throw new Wrong(stderr);
    const begin = Date.now();
    await until(`${REPLICAS.max} workers are ready`, 180, async () => (await replicas()) === REPLICAS.max);
    const why = (await changes(trial)).filter((message) => message.includes("nats"));
    if (why.length === 0) throw new Wrong(`something else brought them: ${(await changes(trial)).join("; ")}`);
    return `after ${Math.round((Date.now() - begin) / 1000)} s: ${why.join("; ")}`;
  });
  await trial.check(
    "a signal that can't be read is reported for as long as that is so, and leaves as many workers as there are",
    async () => {
      const before = await errors(controllers);
      await brought(trial, BROKEN, NAMESPACE);
      const begin = Date.now();
      // WorkloadAutoscalerFailing: more than three in ten minutes, for ten minutes. A fallback would end the count.
      await until("errors go on", 300, async () => (await errors(controllers)) > before + 10, 1000);
      const seconds = Math.round((Date.now() - begin) / 1000);
      const now = await autoscaler();
      if (isTrue(await api.get(SCALER), "Fallback")) throw new Wrong("KEDA answers in place of the signal");
      if (signal(now, "nats") !== undefined) throw new Wrong("the autoscaler reads the signal");
      if (now.status.desiredReplicas !== REPLICAS.max) throw new Wrong(`${now.status.desiredReplicas} workers are wanted`);
      return `ten errors in ${seconds} s: ${now.status.conditions.map(({ type, reason }: any) => `${type} ${reason}`).join(", ")}`;
    },
  );
}

/** Fewer workers again: the number falls by a quarter each minute, once the load has been low for five. */
export async function scaledIn(trial: Trial): Promise<void> {
  const { api } = trial;
  await trial.check("a signal that can be read again takes the workers back that are too many", async () => {
    await brought(trial, SCALED, NAMESPACE);
    const begin = Date.now();
    await until(
      "one worker is left",
      720,
      async () => (await trial.pods(NAMESPACE, `app.kubernetes.io/name=${NAME}`)).length === REPLICAS.min,
      2000,
    );
    const { status } = await api.get(AUTOSCALER);
    if (!isTrue({ ...AUTOSCALER, status }, "ScalingActive")) throw new Wrong("the autoscaler is not active");
    return `after ${Math.round((Date.now() - begin) / 1000)} s`;
  });
}
