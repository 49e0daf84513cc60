import { Bucket } from "./bucket";
import { numberOf } from "./environment";
import { log } from "./log";
import type { Wanted } from "./restore";
import { verify } from "./verify";

/** A program with the commands of one engine, and `verify`, which needs the bucket only. */
export interface Program {
  readonly usage: string;

  /** Options of each command. */
  readonly commands: Readonly<Record<string, readonly (keyof Wanted)[]>>;

  /** Runs a command on the store of a connection string. Returns false if it found problems. */
  run(command: string, options: Wanted, bucket: Bucket, url: string): Promise<boolean>;
}

/** Runs the command of this process, and ends it: with 0 without problems, 1 with problems, 2 for a wrong command line. */
export function runCommand(program: Program): void {
  // Ends also if a restore still runs, of a drill that took too long.
  const end = (code: number) => process.stdout.write("", () => process.exit(code));
  codeOf(program, process.argv.slice(2), process.env).then(end, (error: unknown) => {
    log("failed", { error: error instanceof Error ? error.message : String(error) });
    end(1);
  });
}

async function codeOf({ usage, commands, run }: Program, [command = "", ...rest]: readonly string[], env: NodeJS.ProcessEnv) {
  const options = optionsOf(rest);
  const all: Program["commands"] = { ...commands, verify: ["generation"] };
  const allowed = Object.hasOwn(all, command) ? all[command] : undefined;
  if (!options || !allowed || rest.length > allowed.length * 2 || Object.keys(options).some((name) => !allowed.includes(name as "until"))) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const bucket = new Bucket(env);
  if (command === "verify") {
    const problems = await verify(bucket, options.generation);
    for (const problem of problems) log("problem", { problem });
    return problems.length > 0 ? 1 : 0;
  }
  const { EVENT_STORE_URL: url } = env;
  if (!url) throw new Error("EVENT_STORE_URL is not set");
  return (await run(command, options, bucket, url)) ? 0 : 1;
}

/** Settings of a backup. */
export function settingsOf(env: NodeJS.ProcessEnv) {
  return {
    objectSize: numberOf(env, "OBJECT_SIZE", 8 * 1024 * 1024),
    fullEvery: numberOf(env, "FULL_EVERY", 7 * 86_400),
    fullBudget: numberOf(env, "FULL_BUDGET", 600),
    quiet: numberOf(env, "QUIET", 3600),
  };
}

/** Options of a command line. Undefined if it is wrong. */
function optionsOf(rest: readonly string[]): Wanted | undefined {
  let options: Wanted = {};
  for (let index = 0; index < rest.length; index += 2) {
    const [name, value = ""] = rest.slice(index);
    const [, kind, number] = /^(sequence|position):(\d{1,19})$/.exec(value) ?? [];
    if (name === "--generation" && /^\d{8}T\d{6}Z$/.test(value)) options = { ...options, generation: value };
    else if (name === "--sha256" && /^[\da-f]{64}$/.test(value)) options = { ...options, sha256: value };
    else if (name === "--until" && value === "latest") continue;
    else if (name === "--until" && kind && number) {
      options = { ...options, until: kind === "sequence" ? { sequence: Number(number) } : { position: BigInt(number) } };
    } else return undefined;
  }
  return options;
}
