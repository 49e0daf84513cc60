import type { Draft } from "./check/finding";
import { step } from "./check/paths";
import { nameOr, object, optional, records, text } from "./check/shape";

/** Settings weaker than the default; each value is the reason, and is printed. */
export type Exceptions = { readonly [Name in Exclude<keyof typeof EXCEPTIONS, OfParts>]?: string } & {
  /**
   * Reason for everything without backups, or a reason for each part by its path: `{ "stores.redis": "…", "domains.sales.services.reports":
   * "…" }`. A part that is added later then needs a reason of its own.
   */
  readonly noBackup?: string | Readonly<Record<string, string>>;

  /**
   * Reason for having no `aws.recoveryRegion`. With `aws.recoveryRegion`: reason for all stores whose backups are not copied there, or a
   * reason for each store by its path, as in `noBackup`: `{ eventStore: "…" }`.
   */
  readonly noRecoveryCopy?: string | Readonly<Record<string, string>>;
};

/** Exceptions that can name the parts that they are for. */
const OF_PARTS = ["noBackup", "noRecoveryCopy"] as const;

type OfParts = (typeof OF_PARTS)[number];

/** All exceptions that an environment may claim, with the consequence of each. */
export const EXCEPTIONS = {
  disposable: "nothing is protected from deletion",
  singleNatGateway: "one NAT gateway for all zones: losing its zone cuts the others off from the internet",
  twoZones: "two zones: losing one leaves no majority",
  noBackup: "stores without backups, whose data is lost with their volumes",
  noRecoveryCopy: "backups are in one region only",
  awsApisOverInternet: "calls to AWS leave the network through NAT",
  insufficientCapacity: "its nodes may not hold everything that must run",
  localState: "Terraform state in files on one machine: lost with it, and without a lock for others",
  asynchronousEvents: "events that were acknowledged may be lost with the server that has them",
  volatileEvents: "events are in the memory of one process: every restart of it loses all of them",
  unauthenticatedApis: "its APIs accept requests without authentication and authorization",
  overlappingNetwork: "its addresses overlap another environment's: the two can never be joined",
} as const;

const reason = text(/\S+\s+\S+/, "is not a reason", "say in a sentence why that is right here");

export const exceptionsShape = object(
  Object.fromEntries(
    Object.keys(EXCEPTIONS).map((key) => [key, optional(OF_PARTS.some((one) => one === key) ? nameOr(reason, records(reason)) : reason)]),
  ),
);

/** Checks if a part is excepted, as all parts are, or by its path below the environment. */
export function isExcepted(given: string | Draft<Readonly<Record<string, string>>> | undefined, keys: readonly string[]): boolean {
  return typeof given === "string" || Object.keys(given ?? {}).some((part) => isOf(part, keys));
}

/** Checks if an exception for one part is one for this part. Keys are paths below the environment. */
export function isOf(excepted: string, keys: readonly string[]): boolean {
  const path = keys.reduce(step, "").slice(1);
  return path === excepted || [".", "["].some((next) => path.startsWith(`${excepted}${next}`));
}

/** Checks if data is protected against deletion. */
export function isProtected({ exceptions }: { readonly exceptions?: Exceptions }): boolean {
  return exceptions?.disposable === undefined;
}
