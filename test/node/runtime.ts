import { Wrong } from "../aws/results";
import type { KubernetesObject } from "../cluster/api";
import { inside } from "./kubectl";
import type { Trial } from "./trial";

/** What a process in a container sees of its own rights. */
const LOOK = `id -u
(: >/written) 2>/dev/null && echo written || echo read-only
sed -n 's/^\\(CapEff\\|NoNewPrivs\\|Seccomp\\):[[:space:]]*//p' /proc/self/status
[ -e /var/run/secrets/kubernetes.io/serviceaccount/token ] && echo token || echo no token`;

/** Every container that runs is without rights, and the sample's use about what they ask for. */
export async function runtime(trial: Trial): Promise<void> {
  await trial.check("containers run restricted, on roots that they can't write", async () => {
    const pods = (await Promise.all(trial.deployment.namespaces.map((namespace) => trial.pods(namespace)))).flat();
    const seen = await Promise.all(pods.flatMap((pod) => pod.spec.containers.map(({ name }: { name: string }) => looked(pod, name))));
    const wrong = seen.filter(Boolean);
    if (wrong.length > 0) throw new Wrong(wrong.join("\n"));
    return `${seen.length} containers of ${pods.length} pods`;
  });
  await trial.check("containers stay within what they ask for", () => usage(trial));
}

async function looked({ metadata: { namespace = "", name } }: KubernetesObject, container: string): Promise<string> {
  const { stdout, stderr } = await inside({ namespace, of: name, container }, LOOK);
  const [uid = "", root = "", ...rest] = stdout.trim().split("\n");
  const [capabilities, privileges, seccomp, token] = rest;
  const wrong = [
    ...(/^[1-9]\d*$/.test(uid) ? [] : [`runs as ${uid || stderr}`]),
    ...(root === "read-only" ? [] : ["writes its root"]),
    ...(capabilities === "0000000000000000" ? [] : [`has capabilities ${capabilities}`]),
    ...(privileges === "1" ? [] : ["may gain privileges"]),
    ...(seccomp === "2" ? [] : ["runs without a seccomp profile"]),
    ...(token === "no token" ? [] : ["has a token of the API"]),
  ];
  return wrong.length > 0 ? `${namespace}/${name} ${container}: ${wrong.join(", ")}` : "";
}

/** A line of the kubelet's metrics. */
const SAMPLE =
  /^container_(cpu_usage_seconds_total|memory_working_set_bytes|start_time_seconds)\{container="(.*)",namespace="(.*)",pod="(.*)"\} (\S+)/gm;

/** Beside what each container of the sample asks for, what it has used since it began, as the kubelet says. */
async function usage(trial: Trial): Promise<string> {
  const nodes = await trial.api.list({ apiVersion: "v1", kind: "Node" });
  const used = new Map<string, number>();
  for (const { metadata } of nodes) {
    const text: string = await trial.api.call("GET", `/api/v1/nodes/${metadata.name}/proxy/metrics/resource`);
    for (const [, what, container, namespace, pod, value] of text.matchAll(SAMPLE))
      used.set(`${what} ${namespace}/${pod} ${container}`, Number(value));
  }
  const running = (
    await Promise.all(["write-side", "read-side", "projections", "notices"].map((namespace) => trial.pods(namespace)))
  ).flat();
  const over: string[] = [];
  const lines = running.flatMap(({ metadata: { namespace, name }, spec }) =>
    spec.containers.map(({ name: container, resources: { requests } }: any) => {
      const of = (what: string) => used.get(`${what} ${namespace}/${name} ${container}`) ?? Number.NaN;
      const mebibytes = Math.ceil(of("memory_working_set_bytes") / 2 ** 20);
      const millicores = Math.ceil((of("cpu_usage_seconds_total") / (Date.now() / 1000 - of("start_time_seconds"))) * 1000);
      const line = `${namespace}/${name} ${container}: ${millicores}m of ${requests.cpu}, ${mebibytes}Mi of ${requests.memory}`;
      // Also where the kubelet says nothing of it.
      if (!(mebibytes <= Number.parseInt(requests.memory, 10))) over.push(line);
      return line;
    }),
  );
  if (over.length > 0) throw new Wrong(`more memory than asked for:\n${over.join("\n")}`);
  return lines.join("\n");
}
