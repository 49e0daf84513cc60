import { known, seconds } from "../../../constructs/core/quantities";
import type { PersistentSubscription, SubscriptionFilter } from "../../../constructs/event-store";
import type { BackupSchedule, Drilled } from "../backup";
import type { Draft } from "../check/finding";
import { choice, flag, list, moment, object, optional, whole } from "../check/shape";
import { anyText, someTexts } from "../common";
import { type BackupMethod, type BackupTarget, bucketFor, STREAM_BACKUP } from "./engine";

/** Schedule of a stream backup without recovery objectives: those of the store are in its `backup`. */
export type StreamBackupSchedule = Pick<BackupSchedule, "every" | "keep"> & Drilled;

/** Settings of the KurrentDB engines for readers of events. */
export const declared = {
  persistentSubscriptions: optional(
    list(
      object<PersistentSubscription>({
        stream: anyText,
        group: anyText,
        filter: optional(
          object<SubscriptionFilter>({
            streamPrefix: optional(someTexts),
            streamRegex: optional(anyText),
            eventTypePrefix: optional(someTexts),
            eventTypeRegex: optional(anyText),
          }),
        ),
        from: optional(choice(["start", "end"], "place to start from")),
        resolveLinks: optional(flag),
        strategy: optional(choice(["RoundRobin", "DispatchToSingle", "Pinned"], "strategy")),
        messageTimeout: optional(moment),
        maxRetries: optional(whole(0, 1000)),
        maxConsumers: optional(whole(0, 1000)),
        readBatch: optional(whole(1, 10_000)),
        buffer: optional(whole(2, 100_000)),
        maxCheckpoint: optional(whole(10, 100_000)),
      }),
      'write [{ stream: "$ce-order", group: "billing" }], or leave it out',
    ),
  ),
  systemStreams: optional(list(anyText, 'write ["$ce-order"], or leave it out')),
};

/** Backup of new events. It ends, or continues with a full backup for half of the interval, before the next one starts. */
export function streamed({ every, keep }: Draft<StreamBackupSchedule>, target: BackupTarget, schedule?: string): readonly BackupMethod[] {
  const bucket = bucketFor(target);
  if (!every || !keep || !bucket) return [];
  return [
    {
      by: STREAM_BACKUP,
      every,
      keep,
      followsKeep: true,
      loses: 2 * known(seconds(every)),
      because: `a backup every ${every} ends before the next one starts`,
      ...bucket,
      alert: "StreamBackupLate",
      onDemand: "stream",
      ...(schedule === undefined ? {} : { drill: schedule }),
    },
  ];
}
