import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { losses } from "./clients";
import { ENVIRONMENT, VERSIONS } from "./environment";
import { isReady, type Trial } from "./trial";

const { first, second } = VERSIONS;

/** The environment with these versions of the command API in its slots. */
const commands = (slots: Readonly<Record<string, string>>, live: "blue" | "green") =>
  ({ ...ENVIRONMENT, release: { of: "local", workloads: { "command-api": { slots, live } } } }) as const;

const queries = (image: string) => ({ ...ENVIRONMENT, queryApi: { ...ENVIRONMENT.queryApi, image } });

const API = "app.kubernetes.io/component=service";

/** Under a steady load nothing is lost by a release or by a drain. */
export async function releases(trial: Trial): Promise<void> {
  const clients = [trial.buyer, trial.reader];
  await trial.check("a rolling release of both APIs loses no request", () =>
    losses(clients, async () => {
      const ends = [ended(trial, "write-side", API), ended(trial, "read-side", API)];
      await Promise.all([brought(trial, commands({ blue: second }, "blue"), "write-side"), brought(trial, queries(second), "read-side")]);
      console.log((await Promise.all(ends)).join("\n").replace(/^/gm, "        "));
    }),
  );
  await trial.check("a blue-green release, its switch and its rollback lose no request", () =>
    losses(clients, async () => {
      await brought(trial, commands({ blue: second, green: first }, "blue"), "write-side");
      await brought(trial, commands({ blue: second, green: first }, "green"), "write-side");
      await trial.order("through green");
      await brought(trial, commands({ blue: second, green: first }, "blue"), "write-side");
      await trial.order("through blue again");
    }),
  );
  await trial.check("the eviction of both APIs' pods loses no request", () =>
    losses(clients, async () => {
      const pods = [
        ...(await trial.pods("write-side", "app.kubernetes.io/name=command-api-blue")),
        ...(await trial.pods("read-side", "app.kubernetes.io/name=query-api")),
      ];
      await Promise.all(pods.map((pod) => evict(trial, pod)));
      await until("the evicted pods are gone", 90, async () => {
        const left = await Promise.all(pods.map((pod) => trial.deployment.find({ ...pod, apiVersion: "v1", kind: "Pod" })));
        return left.every((pod, index) => pod?.metadata.uid !== pods[index]?.metadata.uid);
      });
      await until("others are ready", 90, async () => {
        const now = await Promise.all([trial.pods("write-side", API), trial.pods("read-side", API)]);
        return now.every((each) => each.length > 0 && each.every(isReady));
      });
    }),
  );
}

async function brought(trial: Trial, environment: Parameters<Trial["deployment"]["bring"]>[0], stack: string): Promise<void> {
  for (const [name, report] of await trial.deployment.bring(environment, { stacks: [stack] })) throw new Wrong(`${name}: ${report}`);
}

async function evict(trial: Trial, { metadata: { namespace, name } }: KubernetesObject): Promise<void> {
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { namespace, name } };
  await trial.api.call("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, eviction);
}

/** Waits until the first pod of these labels has ended, and says how long it took of what it was given. */
async function ended(trial: Trial, namespace: string, labels: string): Promise<string> {
  const [pod] = await trial.pods(namespace, labels);
  if (!pod) throw new Error(`no pod of ${labels} runs`);
  const here = { ...pod, apiVersion: "v1", kind: "Pod" };
  let began: number | undefined;
  await until(`${pod.metadata.name} has ended`, 300, async () => {
    const now = await trial.deployment.find(here);
    if (now?.metadata.deletionTimestamp) began ??= Date.now();
    return now?.metadata.uid !== pod.metadata.uid;
  });
  const seconds = (Date.now() - (began ?? Date.now())) / 1000;
  const grace = pod.spec.terminationGracePeriodSeconds;
  const text = `${namespace}/${pod.metadata.name} was gone ${seconds.toFixed(1)} s after it was told to end, of ${grace} s`;
  if (seconds >= grace) throw new Wrong(text);
  return text;
}
