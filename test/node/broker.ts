import { Wrong } from "../aws/results";
import { type KubernetesObject, until } from "../cluster/api";
import { command } from "./kubectl";
import { kill } from "./loss";
import type { Trial } from "./trial";

const SERVERS = "app.kubernetes.io/name=nats";

/** What a worker has printed so far: the ids of messages, in order. */
async function printed(worker: "publisher" | "subscriber"): Promise<readonly string[]> {
  const { status, stdout, stderr } = await command("kubectl", ["--namespace", "notices", "logs", `deployment/${worker}`]);
  if (status !== 0) throw new Wrong(stderr);
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("["))
    .flatMap((line) => JSON.parse(line));
}

/** Messages of two seconds: so many may have been acknowledged, or be under way, and not be printed yet. */
const UNDER_WAY = 20;

const numberOf = (id = "-0") => Number(id.replace(/^.*-/, ""));

/** Waits until a message that is published from now on has been read. Returns how long it took. */
export async function passed(): Promise<string> {
  const begin = Date.now();
  const last = numberOf((await printed("publisher")).at(-1)) + UNDER_WAY;
  await until("messages go through the broker", 120, async () => numberOf((await printed("subscriber")).at(-1)) > last);
  return `a message went through ${Math.round((Date.now() - begin) / 1000)} s after it`;
}

const containerOf = ({ status }: KubernetesObject) => JSON.stringify(status.containerStatuses.map(({ containerID }: any) => containerID));

/** Whatever servers of the broker are lost, no message that was acknowledged is, and none comes twice. */
export async function broker(trial: Trial): Promise<void> {
  const servers = async () => {
    await trial.settled("broker", SERVERS, 3);
    return [...(await trial.pods("broker", SERVERS))].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
  };
  const survives = (what: string, isLost: (index: number) => boolean, lose: (pod: KubernetesObject) => Promise<void>) =>
    trial.check(`${what}: messages go through`, async () => {
      const lost = (await servers()).filter((_, index) => isLost(index));
      await Promise.all(lost.map(lose));
      const after = await passed();
      // What the API says of a pod is from before for a while.
      await until("servers have begun again", 120, async () => {
        const now = await Promise.all(lost.map((pod) => trial.deployment.find(pod)));
        return now.every((pod, index) => pod?.status.containerStatuses && containerOf(pod) !== containerOf(lost[index] ?? pod));
      });
      return after;
    });
  for (const one of [0, 1, 2]) await survives(`kill -9 of broker-${one}`, (index) => index === one, kill);
  await survives("kill -9 of all servers of the broker at once", () => true, kill);
  await survives(
    "deletion of a server of the broker",
    (index) => index === 0,
    (pod) => trial.api.delete(pod, 0),
  );
  await servers();
}

/** At the end each message that was acknowledged is in the stream and was read, each once. */
export async function messages(trial: Trial): Promise<void> {
  await trial.check("no message is lost, and none is there twice", async () => {
    const acknowledged = await printed("publisher");
    let read: readonly string[] = [];
    const missing = () => {
      const seen = new Set(read);
      return acknowledged.filter((id) => !seen.has(id));
    };
    await until("all messages have been read", 60, async () => {
      read = await printed("subscriber");
      return missing().length === 0;
    }).catch(() => {
      throw new Wrong(`${missing().length} of ${acknowledged.length} acknowledged messages are lost: ${missing().slice(0, 3).join(", ")}`);
    });
    const twice = read.length - new Set(read).size;
    if (acknowledged.length === 0 || twice > 0) throw new Wrong(`${acknowledged.length} acknowledged, ${twice} read twice`);
    return `${acknowledged.length} acknowledged, ${read.length} read`;
  });
}
