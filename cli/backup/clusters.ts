import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterNames } from "../../constructs/cluster";
import type { System } from "../../stacks";
import { type ClusterKey, isExistingCluster } from "../../stacks/model/cluster";
import { eksContext, inHome } from "../kubeconfig";
import { type Command, type Machine, outputOf, written } from "./machine";

/** Request to a cluster: arguments of kubectl. */
export interface Request {
  readonly cluster: ClusterKey;
  readonly args: readonly string[];
}

/** Request in a namespace. */
export function inNamespace(
  { cluster, namespace }: { readonly cluster: ClusterKey; readonly namespace: string },
  ...args: readonly string[]
): Request {
  return { cluster, args: ["-n", namespace, ...args] };
}

/** Index of a cluster in `clusterNames`, and the end of its context's name in docs/runbooks. */
const SIDES: Readonly<Record<ClusterKey, readonly [index: number, suffix: string]>> = {
  writeCluster: [0, "-write"],
  readCluster: [1, "-read"],
  cluster: [2, ""],
};

/**
 * Access to the clusters of an environment with kubectl. For clusters that the environment creates, it writes a kubeconfig of its own: the
 * user's may have the same context for another cluster.
 */
export class Clusters {
  private readonly scratch = mkdtempSync(join(tmpdir(), "cdktf-cqrs-kubeconfig-"));
  private readonly opened = new Map<ClusterKey, Promise<void>>();

  constructor(
    private readonly system: System,
    private readonly machine: Pick<Machine, "execute">,
  ) {}

  /** Removes its files. */
  close(): void {
    rmSync(this.scratch, { recursive: true, force: true });
  }

  /** Command line of a request, for the user. */
  shown({ cluster, args }: Request): string {
    return written(["kubectl", ...this.place(cluster).shown, ...args]);
  }

  /** Output of a request. @throws ProgramFailure */
  async ask({ cluster, args }: Request, input?: string): Promise<string> {
    await this.open(cluster);
    return await outputOf(this.machine, ["kubectl", ...this.place(cluster).used, ...args], input);
  }

  /** Output of a request as JSON. @throws ProgramFailure */
  async json<T>({ cluster, args }: Request): Promise<T> {
    return JSON.parse(await this.ask({ cluster, args: [...args, "-o", "json"] })) as T;
  }

  /** Command line that writes the context of a cluster into the user's kubeconfig, if the environment creates the cluster. */
  setup(key: ClusterKey, kubeconfig?: string): Command | undefined {
    const { system, name, aws } = this.system;
    const cluster = this.system[key];
    if (!aws || !cluster || isExistingCluster(cluster)) return undefined;
    const [index, suffix] = SIDES[key];
    return eksContext({ name: clusterNames([system, name])[index] ?? "", region: aws.region, alias: `${name}${suffix}`, kubeconfig });
  }

  private place(key: ClusterKey): { readonly shown: readonly string[]; readonly used: readonly string[] } {
    const cluster = this.system[key];
    if (cluster && isExistingCluster(cluster)) {
      const { context, kubeconfig } = cluster;
      const args = ["--context", context, ...(kubeconfig ? ["--kubeconfig", inHome(kubeconfig)] : [])];
      return { shown: args, used: args };
    }
    const context = ["--context", `${this.system.name}${SIDES[key][1]}`];
    return { shown: context, used: [...context, "--kubeconfig", this.file(key)] };
  }

  private file(key: ClusterKey): string {
    return join(this.scratch, key);
  }

  private open(key: ClusterKey): Promise<void> {
    const found = this.opened.get(key) ?? this.write(key);
    this.opened.set(key, found);
    return found;
  }

  private async write(key: ClusterKey): Promise<void> {
    const setup = this.setup(key, this.file(key));
    if (setup) await outputOf(this.machine, setup);
  }
}
