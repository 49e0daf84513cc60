import { type Environment, InvalidInput, PolicyViolation, type Program, type Synthesis } from "../stacks";
import { environmentNamed } from "./command";
import { commandLine } from "./command-line";
import { accountFindings, identity } from "./doctor/account";
import { clusterFindings } from "./doctor/clusters";
import { type Finding, PREVENTING, type State } from "./doctor/finding";
import { contexts, HERE, type Machine, programs, vendors } from "./doctor/machine";
import { hanging } from "./lines";
import { Refused } from "./refused";
import { synthesizeAside } from "./scratch";
import { parsed, subcommand } from "./subcommand";

const usage = () => `Usage: ${commandLine("doctor", ["[environment]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Checks what is needed to deploy the environments, or one of them:
  this machine  programs, credentials, contexts of existing clusters
  AWS account   identity and end of the session, state bucket, quotas
  clusters      version, the user's rights, storage classes, objects and CRDs that exist already,
                and on nodes of unknown size, CPU and memory that the pods request
Prints what was found and how to repair it. Exit code 1 if something prevents a deployment. Nothing
is changed.`;

/** Checks the machine, accounts and clusters for a program, prints the results, and returns the exit code. */
export async function doctor(
  program: Program,
  args: readonly string[],
  machine: Machine = HERE,
  made: (program: Program) => Synthesis = synthesizeAside,
): Promise<number> {
  return subcommand(program, args, parse, async (name) => {
    const environments = name === undefined ? program.environments : [environmentNamed(program, name)];
    const { account, findings: credentials } = await identity(environments, machine);
    const here = [
      ...programs(environments, machine),
      ...credentials,
      ...vendors(environments, machine),
      ...contexts(environments, machine),
    ];
    const findings = [...here, ...(environments.length > 0 ? await outside(program, environments, account, machine, made) : [])];
    print(findings);
    return findings.some(({ state = "ok" }) => PREVENTING.includes(state)) ? 1 : 0;
  });
}

/** Checks accounts and clusters, which need to know what the stacks contain. */
async function outside(
  program: Program,
  environments: readonly Environment[],
  account: string | undefined,
  machine: Machine,
  made: (program: Program) => Synthesis,
): Promise<readonly Finding[]> {
  try {
    const synthesis = made(program);
    return [
      ...(account ? await accountFindings(account, environments, program, synthesis, machine) : []),
      ...(await clusterFindings(environments, synthesis, account, machine)),
    ];
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof PolicyViolation)) throw error;
    const found = "its environments are refused, so accounts and clusters were not checked";
    return [{ subject: "program", state: "wrong", found, remedy: commandLine("start") }];
  }
}

/** Titles of the lists below the table. */
const TITLES: readonly (readonly [State, string])[] = [
  ["missing", "Missing"],
  ["wrong", "Wrong"],
  ["warning", "To look at"],
];

function print(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  for (const { subject, state = "ok", found, remedy } of findings)
    console.log(hanging(`${state.padEnd(8)}  ${subject.padEnd(width)}  `, [found, remedy].filter(Boolean).join("; ")).join("\n"));
  const lists = TITLES.flatMap(([state, title]) => {
    const subjects = findings.filter((finding) => finding.state === state).map(({ subject }) => subject);
    return subjects.length > 0 ? [`${title}: ${subjects.join(", ")}`] : [];
  });
  const prevents = findings.some(({ state = "ok" }) => PREVENTING.includes(state));
  console.log(["", ...(prevents ? [] : ["Nothing required is missing."]), ...lists].join("\n"));
}

function parse(words: readonly string[]): string | undefined {
  const [name, ...rest] = parsed(words, {}, usage()).names;
  if (rest.length > 0) throw new Refused(`${rest.join(" ")}: at most one environment is expected\n\n${usage()}`);
  return name;
}
