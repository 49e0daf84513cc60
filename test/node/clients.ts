import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RESTRICTED } from "../../constructs/kubernetes";
import { Wrong } from "../aws/results";
import { type KubernetesApi, until } from "../cluster/api";
import { VERSIONS } from "./environment";
import { command, inside } from "./kubectl";

/** What a load has counted so far. */
interface Counts {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;

  /** The number up to which all requests have ended. */
  readonly ended: number;
  readonly failures: Readonly<Record<string, number>>;
}

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** A pod that sends a steady load, and asks what it is told to. Network policies let it in as they let in a smoke test. */
export class Client {
  constructor(
    private readonly api: KubernetesApi,
    private readonly namespace: string,
    private readonly targets: { readonly COMMANDS?: string; readonly QUERIES?: string },
  ) {}

  async begin(): Promise<void> {
    const metadata = {
      namespace: this.namespace,
      name: "client",
      labels: { "app.kubernetes.io/name": "smoke-test", "app.kubernetes.io/component": "smoke-test" },
    };
    const script = readFileSync(join(__dirname, "load.js"), "utf8");
    await this.api.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "load.js": script } });
    await this.api.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        automountServiceAccountToken: false,
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 1,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "client",
            image: VERSIONS.first,
            command: ["bun", "/load/load.js"],
            env: Object.entries(this.targets).map(([name, value]) => ({ name, value })),
            resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
            securityContext: RESTRICTED,
            volumeMounts: [
              { name: "load", mountPath: "/load" },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volumes: [
          { name: "load", configMap: { name: "client" } },
          { name: "tmp", emptyDir: {} },
        ],
      },
    });
    await until(`the client in ${this.namespace} sends requests`, 90, async () => (await this.counts()).answered > 0);
  }

  /** One request of a person. */
  async ask(url: string, init: RequestInit = {}): Promise<Answer> {
    const program = `const r = await fetch(${JSON.stringify(url)}, {...${JSON.stringify(init)}, signal: AbortSignal.timeout(5000)});
console.log(JSON.stringify({ status: r.status, body: await r.text() }));`;
    const { status, stdout, stderr } = await inside({ namespace: this.namespace, of: "client" }, 'bun -e "$(cat)"', program);
    if (status !== 0) throw new Wrong(`${url}: ${stderr.trim()}`);
    const answer = JSON.parse(stdout);
    return { ...answer, body: answer.body.startsWith("{") || answer.body.startsWith("[") ? JSON.parse(answer.body) : answer.body };
  }

  async counts(): Promise<Counts> {
    const { stdout } = await command("kubectl", ["--namespace", this.namespace, "logs", "client", "--tail=1"]);
    return stdout ? JSON.parse(stdout) : { sent: 0, answered: 0, failed: 0, ended: 0, failures: {} };
  }

  /** The ids of all orders that were acknowledged. */
  async placed(): Promise<readonly string[]> {
    const { stdout } = await command("kubectl", ["--namespace", this.namespace, "logs", "client"]);
    return stdout
      .split("\n")
      .filter(Boolean)
      .flatMap((line) => JSON.parse(line).placed);
  }

  async end(): Promise<void> {
    await this.api.delete({ apiVersion: "v1", kind: "Pod", metadata: { namespace: this.namespace, name: "client" } }, 1);
  }
}

/** Requests that were lost while something was done, of how many. */
export async function losses(clients: readonly Client[], work: () => Promise<void>): Promise<string> {
  const before = await Promise.all(clients.map((client) => client.counts()));
  await work();
  // What is under way now is counted as well.
  const sent = (await Promise.all(clients.map((client) => client.counts()))).map((counts) => counts.sent);
  let after = before;
  await until("requests under way have ended", 90, async () => {
    after = await Promise.all(clients.map((client) => client.counts()));
    return after.every(({ ended }, index) => ended >= (sent[index] ?? 0));
  });
  const sum = (field: "answered" | "failed") =>
    after.reduce((total, counts, index) => total + counts[field] - (before[index]?.[field] ?? 0), 0);
  const why = after.flatMap(({ failures }, index) =>
    Object.entries(failures)
      .map(([reason, count]) => [reason, count - (before[index]?.failures[reason] ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${count}: ${reason}`),
  );
  const [answered, failed] = [sum("answered"), sum("failed")];
  const text = `${failed} of ${answered + failed} requests lost`;
  if (failed > 0) throw new Wrong([text, ...why].join("\n"));
  if (answered === 0) throw new Wrong("no request was sent");
  return text;
}
