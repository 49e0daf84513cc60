import type { Problem } from "../core/errors";
import { type Duration, known, seconds } from "../core/quantities";
import { field, frame, message, scalar } from "./protobuf";

/** A persistent subscription: a position that the server keeps for a group of consumers, which share the events after it. */
export interface PersistentSubscription {
  /** The stream, or `$all`. A system stream, such as `$ce-order`, is granted to the role `subscriptions` with it. */
  readonly stream: string;

  /** The group. Stream and group together identify the subscription. */
  readonly group: string;

  /**
   * Events of `$all` that are delivered. Fixed when the group is created: another filter takes another group.
   * @default - all
   */
  readonly filter?: SubscriptionFilter;

  /**
   * Start position of a new group. Fixed when the group is created.
   * @default "start"
   */
  readonly from?: "start" | "end";

  /**
   * Delivers links as the events that they point to.
   * @default true for system streams, which consist of links; false otherwise
   */
  readonly resolveLinks?: boolean;

  /**
   * Distribution of events: in turn; to one consumer until its buffer is full; by stream, to the same consumer if possible.
   * @default "RoundRobin"
   */
  readonly strategy?: "RoundRobin" | "DispatchToSingle" | "Pinned";

  /** Time for a consumer to acknowledge an event before it is delivered again. @default "30s" */
  readonly messageTimeout?: Duration;

  /** Deliveries after the first before an event is parked. @default 10 */
  readonly maxRetries?: number;

  /** Maximum of consumers; 0 is unlimited. @default 0 */
  readonly maxConsumers?: number;

  /** Events in one read. Must be less than `buffer`. @default 20 */
  readonly readBatch?: number;

  /** Events in memory, for history and live events each. @default 500 */
  readonly buffer?: number;

  /** Events after which the position is stored at the latest. After a restart at most that many are delivered twice. @default 1000 */
  readonly maxCheckpoint?: number;
}

/** Filter for events of `$all`: exactly one of these. */
export interface SubscriptionFilter {
  /** Prefixes of stream names, any of them: `["order-"]`. */
  readonly streamPrefix?: readonly string[];

  /** A .NET regular expression for stream names. */
  readonly streamRegex?: string;

  /** Prefixes of event types, any of them. */
  readonly eventTypePrefix?: readonly string[];

  /** A .NET regular expression for event types. */
  readonly eventTypeRegex?: string;
}

/** Minimum of events and time between stored positions (the clients' defaults). */
const CHECKPOINT = { least: 10, milliseconds: 2000 } as const;

/** Names of system streams that can be granted. */
const SYSTEM_STREAM = /^\$[\w.-]+$/;

/** Returns the problems of declared subscriptions, by their index. */
export function subscriptionProblems(
  subscriptions: readonly PersistentSubscription[],
): readonly (Omit<Problem, "path"> & { index: number })[] {
  const keys = subscriptions.map(({ stream, group }) => `${stream}::${group}`);
  return subscriptions.flatMap((subscription, index) => {
    const { stream, group, filter, readBatch, buffer, maxCheckpoint } = settingsOf(subscription);
    const found: Omit<Problem, "path">[] = [];
    const add = (value: unknown, rule: string, remedy: string) => found.push({ value, rule, remedy });
    if (!/^[\w.-]{1,100}$/.test(group)) add(group, "can't be a group", "use up to 100 letters, digits, ., - and _");
    if (!stream || /\p{Cc}|::/u.test(stream)) add(stream, "can't be a stream", "use a name without control characters and ::");
    if (stream.startsWith("$") && stream !== "$all") found.push(...systemStreamProblems([stream]));
    if (filter && stream !== "$all")
      add(stream, "can't have a filter, which the server applies to $all only", "leave the filter out, or use $all");
    if (filter && Object.values(filter).filter((one) => one !== undefined).length !== 1) {
      add(
        Object.keys(filter).join(", "),
        "must be exactly one filter",
        "keep one of streamPrefix, streamRegex, eventTypePrefix, eventTypeRegex",
      );
    }
    if (readBatch >= buffer) add(readBatch, `must be less than buffer (${buffer})`, "use a smaller readBatch or a larger buffer");
    if (maxCheckpoint < CHECKPOINT.least) add(maxCheckpoint, `must be ${CHECKPOINT.least} or more`, "use a larger maxCheckpoint");
    if (keys.indexOf(`${stream}::${group}`) !== index) add(`${group} on ${stream}`, "is declared twice", "keep one, or use another group");
    return found.map((problem) => ({ ...problem, index }));
  });
}

/** Returns the problems of system streams to read. */
export function systemStreamProblems(streams: readonly string[]): readonly Omit<Problem, "path">[] {
  return streams
    .filter((stream) => stream === "$all" || !SYSTEM_STREAM.test(stream))
    .map((value) => ({ value, rule: "can't be granted as a system stream", remedy: 'write one like "$ce-order" or "$et-OrderPlaced"' }));
}

/** Checks if a stream belongs to the server's standard projections: it stays empty unless they run. */
export function isOfStandardProjection(stream: string): boolean {
  return /^\$(ce|et|category|bc)-/.test(stream);
}

/** Returns the system streams that subscriptions read, and the named ones. */
export function systemStreamsOf(subscriptions: readonly PersistentSubscription[], named: readonly string[]): readonly string[] {
  const read = subscriptions.map(({ stream }) => stream).filter((stream) => stream.startsWith("$") && stream !== "$all");
  return [...new Set([...named, ...read])].sort();
}

export interface SubscriptionFiles {
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
}

/**
 * Returns subscriptions as files for the job: name, URL path of the state (HTTP), expected settings, and the requests to create and update
 * each (persistent.proto of 24.10 and 26.0). HTTP doesn't support subscriptions to `$all`.
 */
export function subscriptionFiles(subscriptions: readonly PersistentSubscription[]): SubscriptionFiles {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const [index, subscription] of subscriptions.entries()) {
    const { stream, group } = subscription;
    data[`${index}.name`] = `${group} on ${stream}\n`;
    data[`${index}.path`] = `/subscriptions/${encodeURIComponent(stream)}/${encodeURIComponent(group)}/info\n`;
    data[`${index}.settings`] = told(subscription)
      .map(([name, value]) => `${name}=${value}\n`)
      .join("");
    binaryData[`${index}.create`] = request(subscription, true).toString("base64");
    binaryData[`${index}.update`] = request(subscription, false).toString("base64");
  }
  return { data, binaryData };
}

function settingsOf(subscription: PersistentSubscription) {
  const { stream } = subscription;
  return {
    from: "start" as const,
    resolveLinks: stream.startsWith("$") && stream !== "$all",
    strategy: "RoundRobin" as const,
    messageTimeout: "30s" as Duration,
    maxRetries: 10,
    maxConsumers: 0,
    readBatch: 20,
    buffer: 500,
    maxCheckpoint: 1000,
    ...subscription,
  };
}

/** Settings as the server reports them (SubscriptionConfigData). */
function told(subscription: PersistentSubscription): readonly (readonly [string, string | number | boolean])[] {
  const { resolveLinks, strategy, messageTimeout, maxRetries, maxConsumers, readBatch, buffer, maxCheckpoint } = settingsOf(subscription);
  return [
    ["resolveLinktos", resolveLinks],
    ["messageTimeoutMilliseconds", known(seconds(messageTimeout)) * 1000],
    ["maxRetryCount", maxRetries],
    ["liveBufferSize", buffer],
    ["bufferSize", buffer],
    ["readBatchSize", readBatch],
    ["checkPointAfterMilliseconds", CHECKPOINT.milliseconds],
    ["minCheckPointCount", CHECKPOINT.least],
    ["maxCheckPointCount", maxCheckpoint],
    ["maxSubscriberCount", maxConsumers],
    ["namedConsumerStrategy", strategy],
  ];
}

const EMPTY = message();

/** Strategies by their number, the only form that an update accepts. */
const STRATEGIES = ["DispatchToSingle", "RoundRobin", "Pinned"];

function request(subscription: PersistentSubscription, creates: boolean): Buffer {
  const { stream, group, filter, from, ...settings } = settingsOf(subscription);
  const all = () => [field(from === "start" ? 2 : 3, EMPTY), ...(creates ? [filter ? field(4, filterOf(filter)) : field(5, EMPTY)] : [])];
  const one = () => [field(1, field(3, stream)), field(from === "start" ? 3 : 4, EMPTY)];
  const source = stream === "$all" ? field(5, message(...all())) : field(4, message(...one()));
  const options = message(
    source,
    field(2, group),
    field(
      3,
      message(
        scalar(1, settings.resolveLinks),
        scalar(5, settings.maxRetries),
        scalar(7, CHECKPOINT.least),
        scalar(8, settings.maxCheckpoint),
        scalar(9, settings.maxConsumers),
        scalar(10, settings.buffer),
        scalar(11, settings.readBatch),
        scalar(12, settings.buffer),
        scalar(13, STRATEGIES.indexOf(settings.strategy)),
        scalar(14, known(seconds(settings.messageTimeout)) * 1000),
        scalar(15, CHECKPOINT.milliseconds),
        ...(creates ? [field(16, settings.strategy)] : []),
      ),
    ),
  );
  return frame(field(1, options));
}

function filterOf(filter: SubscriptionFilter): Buffer {
  const { streamPrefix, streamRegex, eventTypePrefix, eventTypeRegex = "" } = filter;
  const prefixes = streamPrefix ?? eventTypePrefix;
  const expression = prefixes ? message(...prefixes.map((prefix) => field(2, prefix))) : field(1, streamRegex ?? eventTypeRegex);
  const ofStreams = streamPrefix !== undefined || streamRegex !== undefined;
  // No window: the server accepts none for a group (PersistentSubscriptions.Create).
  return message(field(ofStreams ? 1 : 2, expression), field(4, EMPTY), scalar(5, 1));
}
