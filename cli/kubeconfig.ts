import { homedir } from "node:os";

export interface EksContext {
  /** Name of the cluster. */
  readonly name: string;
  readonly region: string;

  /** Name of the context. */
  readonly alias: string;

  /** @default - the user's kubeconfig */
  readonly kubeconfig?: string | undefined;
}

/** Command line that writes the context of an EKS cluster into a kubeconfig. */
export function eksContext({ name, region, alias, kubeconfig }: EksContext): readonly [program: string, ...args: string[]] {
  const file = kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig];
  return ["aws", "eks", "update-kubeconfig", "--name", name, "--region", region, "--alias", alias, ...file];
}

/** Path of a file, with the home directory in place of `~`. */
export function inHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}
