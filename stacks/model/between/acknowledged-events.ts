import { POSTGRES_CLUSTER_SIZES } from "../../../constructs/postgres";
import type { DraftEnvironment, Finding } from "../check/finding";

/** What PostgreSQL takes for `on`, and what waits for more (PostgreSQL 17, `synchronous_commit`). */
const FLUSHED = /^(on|true?|tru|t|yes?|ye|y|1|remote_apply)$/i;

/** An event that was acknowledged is on two servers where there are two, and on the disk of its own in any case. */
export function eventsAreKept(environment: DraftEnvironment): Finding[] {
  const { asynchronousEvents, disposable } = environment.exceptions ?? {};
  return asynchronousEvents === undefined && disposable === undefined ? [...losesEvents(environment)] : [];
}

/** Settings of an event store in PostgreSQL by which it acknowledges events that it may lose. */
export function losesEvents({ eventStore, size }: DraftEnvironment): readonly Finding[] {
  if (eventStore?.engine !== "postgres" || !eventStore.server) return [];
  const { server } = eventStore;
  const keys = ["eventStore", "server"];
  const or = "or say in exceptions.asynchronousEvents why that is right here";
  const commit = server.parameters?.synchronous_commit;
  const found: Finding[] =
    commit === undefined || FLUSHED.test(String(commit))
      ? []
      : [
          {
            keys: [...keys, "parameters", "synchronous_commit"],
            value: commit,
            rule: "acknowledges events before a second server has them on its disk",
            remedy: `leave it out, ${or}`,
          },
        ];
  if (server.engine !== "cloudnative-pg" || server.synchronous === undefined) return found;
  const { instances = POSTGRES_CLUSTER_SIZES[server.size ?? size ?? "medium"].instances, synchronous } = server;
  if (instances === 1 || (synchronous !== false && synchronous.durability === "required")) return found;
  const [below, rule] =
    synchronous === false
      ? [[], "acknowledges events that no second server has"]
      : [["durability"], "acknowledges events that no second server has while standbys are away"];
  const value = synchronous === false ? false : synchronous.durability;
  return [
    ...found,
    {
      keys: [...keys, "synchronous", ...below],
      ...(value === undefined ? {} : { value }),
      rule,
      remedy: `use durability "required", ${or}`,
    },
  ];
}
