import type { Environment, Program } from "../../stacks";
import { VARIETY } from "../cluster/varieties";
import { program } from "../fixtures/environments";
import { composedOf } from "../program";

const ROLES = ["commandApi", "commandProcessors", "queryApi", "projections", "migrations"] as const;
const LONGEST: Readonly<Record<string, number>> = { projections: 38, migrations: 35 };

const system = "s".repeat(24);
const name = `${"e".repeat(11)}-${"e".repeat(12)}`;

/** With hyphens in a row, and a number at its end. */
const longest = (word: string, length: number) => `${`${word}--x`.padEnd(length - 3, "x")}-10`;

/** The same environment with names as long as they may be. */
function renamed(environment: Environment): Environment {
  const { release, readDatabase } = environment;
  const roles = ROLES.flatMap((role) => {
    const settings = environment[role];
    return settings === undefined || Array.isArray(settings)
      ? []
      : [{ role, settings, called: longest(role.toLowerCase(), LONGEST[role] ?? 40) }];
  });
  const called = new Map(roles.map((one) => [one.role.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), one.called]));
  return {
    ...environment,
    system,
    name,
    ...Object.fromEntries(roles.map((one) => [one.role, { ...one.settings, name: one.called }])),
    ...(readDatabase && !Array.isArray(readDatabase) ? { readDatabase: { ...readDatabase, name: longest("database", 32) } } : {}),
    release: {
      of: name,
      workloads: Object.fromEntries(
        Object.entries(release?.workloads ?? {}).map(([workload, one]) => [called.get(workload) ?? workload, one]),
      ),
    },
  } as Environment;
}

describe("an environment with the longest names", () => {
  it.each([...program.environments, ...VARIETY.environments].map((environment) => [environment.name, environment] as const))(
    "has names that every API accepts: %s",
    (_, environment) => {
      const accounts = program.accounts.map((account) => ({ ...account, system }));
      const { stacks } = composedOf({ accounts, environments: [renamed(environment)] } as Program);
      const identifiers = [...stacks.values()].flatMap(({ json }) =>
        [...JSON.stringify(json).matchAll(/"(?:cluster_)?identifier":"([\w-]+)"/g)].map(([, identifier]) => identifier),
      );
      // Amazon RDS, CreateDBInstance.
      for (const identifier of identifiers) expect(identifier).toMatch(/^(?=.{1,63}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    },
  );
});
