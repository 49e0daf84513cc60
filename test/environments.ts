import { InvalidInput } from "../constructs/core/errors";
import type { Environment, Program } from "../stacks";
import { storeBackups, validate } from "../stacks";

/**
 * A sound environment on AWS, with what a test changes. Someone may enter the clusters that it makes. Stores without backups
 * are excepted: `noBackup: undefined` takes that back.
 */
export function anEnvironment(changes: object = {}): Environment {
  const environment = {
    system: "orders",
    name: "test",
    aws: { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "orders.example.com" },
    ...(makesClusters(changes) ? { access: { administrators: ["arn:aws:iam::111122223333:role/platform"] } } : {}),
    ...changes,
  } as Environment;
  const { disposable, ...exceptions } = environment.exceptions ?? {};
  const lacking = disposable === undefined && storeBackups(environment).some(({ by }) => by === undefined);
  return lacking ? { ...environment, exceptions: { noBackup: "filled again by a test", ...exceptions } } : environment;
}

function makesClusters(changes: object): boolean {
  return ["cluster", "writeCluster", "readCluster"].some((key) => {
    const cluster = (changes as Record<string, unknown>)[key];
    return typeof cluster === "object" && cluster !== null && !("context" in cluster);
  });
}

/** A program of some environments, and the account they live in. */
export function aProgram(...environments: readonly object[]): Program {
  return {
    accounts: [{ system: "orders", id: "111122223333", region: "eu-west-1" }],
    environments: environments as readonly Environment[],
  };
}

/** What validation says about a program, a line for each problem. */
export function errorsOf(program: Program): readonly string[] {
  try {
    validate(program);
    return [];
  } catch (error) {
    if (error instanceof InvalidInput) return error.message.split("\n");
    throw error;
  }
}
