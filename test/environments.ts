import { InvalidInput } from "../constructs/core/errors";
import type { Environment, Program } from "../stacks";
import { asDomains, inOneRegion, isLost, storeBackups, validate } from "../stacks";

/**
 * A sound environment on AWS, with what a test changes. Someone may enter the clusters that it makes. Stores without backups,
 * or without copies of them, and state on one machine are excepted: `noBackup`, `noRecoveryCopy` and `localState` as `undefined` take that back.
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
  if (disposable !== undefined) return environment;
  const lacking = storeBackups(asDomains(environment)).some(isLost);
  const inRegion = inOneRegion(asDomains(environment)).length > 0;
  const local = environment.aws === undefined && environment.state === undefined && hasClusters(environment);
  if (!lacking && !inRegion && !local) return environment;
  const excepted = {
    ...(lacking ? { noBackup: "filled again by a test" } : {}),
    ...(inRegion ? { noRecoveryCopy: "filled again by a test" } : {}),
    ...(local ? { localState: "ends with a test" } : {}),
  };
  return { ...environment, exceptions: { ...excepted, ...exceptions } };
}

function hasClusters({ cluster, writeCluster, readCluster }: Environment): boolean {
  return [cluster, writeCluster, readCluster].some((one) => one !== undefined);
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
