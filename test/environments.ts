import { InvalidInput } from "../constructs/core/errors";
import type { Environment, Program } from "../stacks";
import { validate } from "../stacks";

/** A sound environment on AWS, with what a test changes. */
export function anEnvironment(changes: object = {}): Environment {
  return {
    system: "orders",
    name: "test",
    aws: { account: "111122223333", region: "eu-west-1", recoveryRegion: "eu-central-1", domain: "orders.example.com" },
    ...changes,
  } as Environment;
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
