import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eksContext } from "../kubeconfig";
import type { Finding } from "./finding";
import type { Machine, Output } from "./machine";

/** Queries one cluster. */
export type Kubectl = (args: readonly string[], input?: object) => Output;

/** kubectl for a context. */
export function kubectlIn({ run }: Machine, kubeconfig: string, context: string): Kubectl {
  const target = ["--kubeconfig", kubeconfig, "--context", context, "--request-timeout", "10s"];
  return (args, input) => run("kubectl", [...target, ...args], input && JSON.stringify(input));
}

/** Runs work with kubectl for an EKS cluster, with a kubeconfig that is removed afterwards. @throws Unanswered if it can't be written */
export function onEks<T>(machine: Machine, name: string, region: string, work: (kubectl: Kubectl) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-cqrs-doctor-"));
  try {
    const kubeconfig = join(directory, "kubeconfig");
    const [program, ...args] = eksContext({ name, region, alias: name, kubeconfig });
    lines(machine.run(program, args));
    return work(kubectlIn(machine, kubeconfig, name));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A query that failed: the user lacks the right to it, or the cluster doesn't answer. */
export class Unanswered extends Error {}

/** Lines of an answer. @throws Unanswered */
export function lines(output: Output): readonly string[] {
  if (output.stdout === undefined) throw new Unanswered(output.reason);
  return output.stdout.split("\n").filter((line) => line !== "");
}

/** Runs a check that queries a cluster. Without an answer, the finding is a warning. */
export function answered(subject: string, check: (subject: string) => readonly Finding[]): readonly Finding[] {
  try {
    return check(subject);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return [{ subject, state: "warning", found: `not checked: ${error.message}`, remedy: "have the cluster's administrator look at it" }];
  }
}
