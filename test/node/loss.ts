import { Missing } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { command } from "./kubectl";
import { isReady, type Trial } from "./trial";

/** The pods that are lost, one after the other: where they are, and by which labels. */
const VICTIMS: readonly (readonly [string, string])[] = [
  ["write-side", "app.kubernetes.io/instance=command-api-blue"],
  ["write-side", "app.kubernetes.io/name=command-processors"],
  ["write-side", "gateway.networking.k8s.io/gateway-name=gateway"],
  ["read-side", "app.kubernetes.io/name=query-api"],
  ["read-side", "gateway.networking.k8s.io/gateway-name=gateway"],
  ["projections", "app.kubernetes.io/name=orders-a"],
  ["read-store", "app.kubernetes.io/name=valkey"],
  ["read-store", "cnpg.io/cluster=read-database"],
  ["event-store", "app.kubernetes.io/name=event-store,app.kubernetes.io/component=node"],
];

/** Whatever is lost, the order is still there, and new ones go through. */
export async function loss(trial: Trial): Promise<void> {
  const kept = await trial.order("kept");
  const survives = async (how: string, lose: (pod: KubernetesObject) => Promise<void>) => {
    for (const [namespace, labels] of VICTIMS) {
      const name = labels.replace(/,.*/, "").replace(/^.*=/, "");
      const ready = () => until(`a pod of ${labels} is ready`, 180, async () => (await trial.pods(namespace, labels)).some(isReady));
      await trial.check(`${how} of ${namespace}/${name}: orders are kept, and new ones go through`, async () => {
        await ready();
        const [pod] = (await trial.pods(namespace, labels)).filter(isReady);
        if (!pod) throw new Error(`no pod of ${labels} is ready`);
        await lose(pod);
        const begin = Date.now();
        await trial.order(`${how} of ${name}`);
        // A new one may go through before what was lost is missed.
        await until("an order from before is listed", 90, async () => (await trial.statusOf(kept)) === "confirmed");
        const after = `an order went through ${Math.round((Date.now() - begin) / 1000)} s after it`;
        await ready();
        return after;
      });
    }
  };
  await survives("kill -9", kill);
  await survives("deletion", (pod) => trial.api.delete(pod, 0));
}

/** Ends a container's first process, which nothing inside the container can. */
export async function kill(pod: KubernetesObject): Promise<void> {
  const words = process.env.KILL_CONTAINER?.split(" ") ?? [];
  const [program, ...args] = words;
  if (!program) throw new Missing("KILL_CONTAINER names no command that kills a container by its id: ctr -n k8s.io tasks kill -s KILL");
  const [{ name }] = pod.spec.containers;
  const status = pod.status.containerStatuses.find((each: { readonly name: string }) => each.name === name);
  const { status: code, stderr } = await command(program, [...args, status.containerID.replace(/^.*:\/\//, "")]);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}
