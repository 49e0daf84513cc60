import { type Bytes, bytes } from "../../../constructs/core/quantities";
import { EVENT_SOURCING_DB } from "../../../constructs/core/versions";
import {
  EVENT_SOURCING_DB_SIZES,
  eventSourcingDbPing,
  eventSourcingDbSecrets,
  eventSourcingDbToken,
} from "../../../constructs/event-store";
import { type Size, shrinkProblems } from "../../../constructs/sizing";
import type { Draft, Finding } from "../check/finding";
import { object, optional, quantity, text, told } from "../check/shape";
import { nameOf, secretKey, size } from "../common";
import { bySetting, type StoreContext, type StoreEngine } from "./engine";

/** EventSourcingDB on the write cluster: one node; while it is down, nothing can be written. */
export interface EventSourcingDbSettings {
  readonly engine: "eventsourcingdb";

  /** @default - the size of the environment */
  readonly size?: Size;

  /** Disk size. It can grow in place. */
  readonly storage?: Bytes;

  /**
   * Vendor's licence, as a reference to a secret. Without a licence, the store accepts only 25,000 events, so a protected
   * environment and the size `large` require one. Changing it restarts the store.
   * @default - none: for evaluation
   */
  readonly licence?: EventSourcingDbLicence;
}

/** Licence in a secret that you create. Its value is in no file, plan or state (docs/secrets.md#licences). */
export interface EventSourcingDbLicence {
  /**
   * Name of the secret. On EKS it is in Secrets Manager, with the prefix `<system>-<environment>-`; on an existing
   * cluster it is a Secret in the namespace `event-store`.
   */
  readonly secret: string;

  /**
   * Key in the secret.
   * @default "licence"
   */
  readonly key?: string;

  /** Flag of `eventsourcingdb run` for the licence text, without hyphens. `run --help` of your version lists it. */
  readonly flag: string;
}

/** Resolved size of an EventSourcingDB. */
export function eventSourcingDbSize(settings: EventSourcingDbSettings, size: Size) {
  const of = EVENT_SOURCING_DB_SIZES[settings.size ?? size];
  return { ...of, storage: settings.storage ?? of.storage };
}

/** Number of events that EventSourcingDB accepts without a licence (the vendor's evaluation limit). */
const EVALUATION_EVENTS = (25_000).toLocaleString("en");

export const eventSourcingDb: StoreEngine<EventSourcingDbSettings> = {
  secrets: (name) => [eventSourcingDbToken(name)],
  ping: eventSourcingDbPing,
  kind: "event-store",
  runs: "cluster",
  shape: object<EventSourcingDbSettings>({
    engine: told,
    size: optional(size),
    storage: optional(quantity(bytes)),
    licence: optional(
      object<EventSourcingDbLicence>({
        // Its Helm release is named secret-<name>.
        secret: nameOf(40),
        key: optional(secretKey),
        flag: text(/^[a-z][a-z0-9-]{0,62}$/, "must be the name of a flag", "write it without its hyphens, like license-key"),
      }),
    ),
  }),
  withinCluster: true,
  withoutRoles: "EventSourcingDB has one token, which reads and writes",
  resolved: (own, { size: of }) => {
    const resolved = eventSourcingDbSize(own, of);
    return {
      settings: { image: EVENT_SOURCING_DB, ...resolved },
      pods: { count: 1, cpu: resolved.cpu, memory: resolved.memory, volumes: 1 },
      ...(own.licence ? {} : { limit: `without a licence, which it needs to accept more than ${EVALUATION_EVENTS} events` }),
    };
  },
  backup: () => ({ methods: [], alternative: "use kurrent-cloud or postgres, or " }),
  problems: licenceProblems,
  dataLoss: (before, after, sizes) =>
    bySetting(shrinkProblems(eventSourcingDbSize(before, sizes.before), eventSourcingDbSize(after, sizes.after), ["storage"])),
};

function licenceProblems(settings: Draft<EventSourcingDbSettings>, { size: of, exceptions, isSecret }: StoreContext): readonly Finding[] {
  const { licence } = settings;
  if (licence) {
    const { secret } = licence;
    return secret !== undefined && (eventSourcingDbSecrets().includes(secret) || isSecret(secret))
      ? [{ keys: ["licence", "secret"], value: secret, rule: "is a secret that the platform makes", remedy: "choose another name" }]
      : [];
  }
  const large = (settings.size ?? of) === "large";
  if ("licence" in settings || ("disposable" in exceptions && !large)) return [];
  return [
    {
      keys: ["licence"],
      rule: `is required ${large ? "for the size large" : "in a protected environment"}: without one EventSourcingDB stops accepting events after ${EVALUATION_EVENTS}`,
      remedy: "write licence: { secret, flag }, as docs/secrets.md has it, or choose another engine",
    },
  ];
}
