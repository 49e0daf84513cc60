import { measure, published } from "../../drill/contract";
import { differenceOf } from "./backup";
import type { Bucket } from "./bucket";
import { numberOf } from "./environment";
import { contentsOf, lastLink } from "./generations";
import type { Target } from "./restore";
import { ageOf, type EventLog } from "./store";

/** Stores that a drill uses, of any engine. */
export interface DrillStores {
  /** The store that is backed up. It is only read. */
  readonly source: EventLog;

  /** Restores the newest backup into an empty store: checks all objects, appends all events and compares them. */
  readonly restore: () => Promise<Target>;
}

/** Drills with the objectives of the environment, and publishes the result. Returns true if the drill passed. */
export async function drilled(bucket: Bucket, { source, restore }: DrillStores, env: NodeJS.ProcessEnv): Promise<boolean> {
  const objectives = { rpo: numberOf(env, "RPO"), rto: numberOf(env, "RTO") };
  const { RESULTS_BUCKET: place = bucket.name, RESULTS_REGION: region = env.AWS_REGION } = env;
  return await published({ ...env, BUCKET: place, AWS_REGION: region }, () => {
    const started = new Date();
    return measure({
      drill: "stream-backup",
      ...objectives,
      started,
      restore,
      loss: (restored) => lossOf(bucket, source, restored, started),
      time: () => new Date(),
    });
  });
}

/** Age of the oldest event of the store at a time that a restore of this target lacks. */
async function lossOf(bucket: Bucket, source: EventLog, { generation, sequence }: Target, at: Date): Promise<number> {
  const found = (await contentsOf(bucket)).generations.find(({ name }) => name === generation);
  if (!found) throw new Error(`${generation} was deleted during the drill`);
  const link = await lastLink(bucket, { ...found, keys: found.keys.slice(0, sequence) });
  const difference = await differenceOf(source, link);
  if (difference) throw new Error(`${generation} is a backup of another store: ${difference}`);
  const end = await source.end();
  if (!end) return 0;
  for await (const event of source.read(link.through?.position, end)) {
    if (source.isBackedUp(event)) return ageOf(event, at);
  }
  return 0;
}
