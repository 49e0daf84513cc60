import { published } from "../../drill/contract";
import { backup } from "./backup";
import { Bucket } from "./bucket";
import { drill } from "./drill";
import { numberOf, scratchUrl } from "./environment";
import { follow, promote } from "./follow";
import { log } from "./log";
import { PostgresLog } from "./postgres";
import { restoreInPostgres } from "./postgres-restore";
import { restore, type Wanted } from "./restore";
import { Store } from "./store";
import { verify } from "./verify";

const USAGE = `stream-backup: all events of KurrentDB, or of an event store in PostgreSQL, in an S3 bucket
  backup                                     adds new events
  verify [--generation NAME]                 checks every object
  restore [--generation NAME] [--until …]    into an empty store; until sequence:N or position:N, by default the end
          [--sha256 HASH]                    of the last object, as in the record of a backup
  drill                                      restores the newest backup into the store of SCRATCH_URL, an empty one on this machine
  follow                                     adds events of new objects of another store's backup; into an empty store, or one that follows
  promote [--until sequence:N]               ends following: completes the store, and compares all events
PostgreSQL: backup, verify and restore.
Variables: EVENT_STORE_URL, BUCKET, PREFIX, AWS_REGION and credentials of AWS; AWS_ENDPOINT_URL_S3 and AWS_CA_BUNDLE for another service;
for backup OBJECT_SIZE (bytes), FULL_EVERY, FULL_BUDGET and QUIET (seconds); for follow MAX_LAG (seconds); for drill
SCRATCH_URL, RPO and RTO (seconds), RESULTS, the prefix of its results, and METRICS_PORT, to expose them to
Prometheus; RESULTS_BUCKET and RESULTS_REGION, if BUCKET is a copy of the backups.`;

/** Options of each command. */
const COMMANDS: Readonly<Record<string, readonly (keyof Wanted)[]>> = {
  backup: [],
  verify: ["generation"],
  restore: ["generation", "until", "sha256"],
  follow: [],
  promote: ["until"],
  drill: [],
};

/** Runs one command. Returns the exit code: 0 without problems, 1 with problems, 2 for a wrong command line. */
async function main([command = "", ...rest]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const options = optionsOf(rest);
  const allowed = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!options || !allowed || rest.length > allowed.length * 2 || Object.keys(options).some((name) => !allowed.includes(name as "until"))) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const bucket = new Bucket(env);
  if (command === "verify") {
    const problems = await verify(bucket, options.generation);
    for (const problem of problems) log("problem", { problem });
    return problems.length > 0 ? 1 : 0;
  }
  const url = env.EVENT_STORE_URL;
  if (!url) throw new Error("EVENT_STORE_URL is not set");
  if (/^postgres(ql)?:/.test(url)) return (await runInPostgres(command, options, bucket, new PostgresLog(url), env)) ? 0 : 1;
  const store = new Store(url);
  try {
    return (await run(command, options, bucket, store, env)) ? 0 : 1;
  } finally {
    store.close();
  }
}

async function run(command: string, options: Wanted, bucket: Bucket, store: Store, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (command === "backup") return backup(store, bucket, settingsOf(env));
  if (command === "drill") return drilled(bucket, store, env);
  if (command === "follow") return follow(store, bucket, { maxLag: numberOf(env, "MAX_LAG", 2 * 3600) });
  if (command === "restore") await restore(bucket, store, options);
  else await promote(store, bucket, sequenceOf(options));
  return true;
}

async function runInPostgres(
  command: string,
  options: Wanted,
  bucket: Bucket,
  store: PostgresLog,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  try {
    if (command === "backup") return await backup(store, bucket, settingsOf(env));
    if (command !== "restore") throw new Error(`${command} is for KurrentDB, and EVENT_STORE_URL is of PostgreSQL`);
    await restoreInPostgres(bucket, store, options);
    return true;
  } finally {
    store.close();
  }
}

function sequenceOf({ until }: Wanted): number | undefined {
  if (until && "position" in until) throw new Error("a promotion ends with an object: --until sequence:N");
  return until?.sequence;
}

/** Drills, and publishes the result. Returns true if the drill passed. */
async function drilled(bucket: Bucket, source: Store, env: NodeJS.ProcessEnv): Promise<boolean> {
  const objectives = { rpo: numberOf(env, "RPO"), rto: numberOf(env, "RTO") };
  const { RESULTS_BUCKET: place = bucket.name, RESULTS_REGION: region = env.AWS_REGION } = env;
  const scratch = new Store(scratchUrl(env));
  try {
    return await published({ ...env, BUCKET: place, AWS_REGION: region }, () => drill(bucket, { source, scratch }, objectives));
  } finally {
    scratch.close();
  }
}

function settingsOf(env: NodeJS.ProcessEnv) {
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

// Ends also if a restore still runs, of a drill that took too long.
const end = (code: number) => process.stdout.write("", () => process.exit(code));

main(process.argv.slice(2), process.env).then(end, (error: unknown) => {
  log("failed", { error: error instanceof Error ? error.message : String(error) });
  end(1);
});
