import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { losses } from "./clients";
import { RELEASE, released, VERSIONS } from "./environment";
import type { Trial } from "./trial";

const { first, second } = VERSIONS;

const API = "app.kubernetes.io/component=service";

/** Under a steady load nothing is lost by a release or by a drain. */
export async function releases(trial: Trial): Promise<void> {
  const clients = [trial.buyer, trial.reader];
  await trial.check("a rolling release of both APIs loses no request", () =>
    losses(clients, async () => {
      const ends = [ended(trial, "write-side", API), ended(trial, "read-side", API)];
      await Promise.all(["write-side", "read-side"].map((stack) => brought(trial, released({ blue: second }, "blue"), stack)));
      console.log((await Promise.all(ends)).join("\n").replace(/^/gm, "        "));
    }),
  );
  await trial.check("a blue-green release, its switch and its rollback lose no request", () =>
    losses(clients, async () => {
      await brought(trial, RELEASE, "write-side");
      await brought(trial, released({ blue: second, green: first }, "green"), "write-side");
      await trial.order("through green");
      await brought(trial, RELEASE, "write-side");
      await trial.order("through blue again");
    }),
  );
  // A drain may take longer than a new pod to come: a second one serves meanwhile, as in production.
  for (const [namespace, name] of APIS) await scale(trial, namespace, name, 2);
  await trial.check("the eviction of a pod of both APIs loses no request", () =>
    losses(clients, async () => {
      const pods = (await Promise.all(APIS.map(async ([namespace, name]) => (await trial.pods(namespace, labelOf(name)))[0]))).filter(
        (pod) => pod !== undefined,
      );
      await Promise.all(pods.map((pod) => evict(trial, pod)));
      await until("the evicted pods are gone", 90, async () => {
        const left = await Promise.all(pods.map((pod) => trial.deployment.find(pod)));
        return left.every((pod) => pod === undefined);
      });
      for (const [namespace, name] of APIS) await trial.settled(namespace, labelOf(name), 2);
    }),
  );
  for (const [namespace, name] of APIS) await scale(trial, namespace, name, 1);
}

const APIS = [
  ["write-side", "command-api-blue"],
  ["read-side", "query-api"],
] as const;

const labelOf = (name: string) => `app.kubernetes.io/instance=${name}`;

async function scale(trial: Trial, namespace: string, name: string, replicas: number): Promise<void> {
  await trial.api.patch({ apiVersion: "apps/v1", kind: "Deployment", metadata: { namespace, name } }, { spec: { replicas } });
  await trial.settled(namespace, labelOf(name), replicas);
}

/** Applies stacks of an environment. @throws Wrong with the report of what failed */
export async function brought(trial: Trial, environment: Parameters<Trial["deployment"]["bring"]>[0], ...stacks: string[]): Promise<void> {
  for (const [name, report] of await trial.deployment.bring(environment, { stacks })) throw new Wrong(`${name}: ${report}`);
}

async function evict(trial: Trial, { metadata: { namespace, name } }: KubernetesObject): Promise<void> {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
  await trial.api.call("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
}

/** Waits until the first pod of these labels has ended, and says how long it took of what it was given. */
async function ended(trial: Trial, namespace: string, labels: string): Promise<string> {
  const [pod] = await trial.pods(namespace, labels);
  if (!pod) throw new Error(`no pod of ${labels} runs`);
  let began: number | undefined;
  await until(`${pod.metadata.name} has ended`, 300, async () => {
    const now = await trial.deployment.find(pod);
    if (now?.metadata.deletionTimestamp) began ??= Date.now();
    return now?.metadata.uid !== pod.metadata.uid;
  });
  const seconds = (Date.now() - (began ?? Date.now())) / 1000;
  const grace = pod.spec.terminationGracePeriodSeconds;
  const text = `${namespace}/${pod.metadata.name} was gone ${seconds.toFixed(1)} s after it was told to end, of ${grace} s`;
  if (seconds >= grace) throw new Wrong(text);
  return text;
}
