import { object, optional, text } from "./check/shape";

/** Settings weaker than the default; each value is the reason, and is printed. */
export type Exceptions = { readonly [Name in keyof typeof EXCEPTIONS]?: string };

/** All exceptions that an environment may claim, with the consequence of each. */
export const EXCEPTIONS = {
  disposable: "nothing is protected from deletion",
  singleNatGateway: "one NAT gateway for all zones: losing its zone cuts the others off from the internet",
  twoZones: "two zones: losing one leaves no majority",
  noBackup: "stores without backups, whose data is lost with their volumes",
  noRecoveryCopy: "backups lie in one region only",
  awsApisOverInternet: "calls to AWS leave the network through NAT",
  insufficientCapacity: "its nodes may not hold everything that must run",
  localState: "Terraform state in files on one machine: lost with it, and locked for nobody else",
  asynchronousEvents: "events that were acknowledged may be lost with the server that has them",
  volatileEvents: "events are in the memory of one process: every restart of it loses all of them",
  unauthenticatedApis: "its APIs ask nobody who they are, or what they may",
  overlappingNetwork: "its addresses overlap another environment's: the two can never be joined",
} as const;

export const exceptionsShape = object(
  Object.fromEntries(
    Object.keys(EXCEPTIONS).map((key) => [key, optional(text(/\S+\s+\S+/, "is not a reason", "say in a sentence why that is right here"))]),
  ),
);

/** Checks if data is protected against deletion. */
export function isProtected({ exceptions }: { readonly exceptions?: Exceptions }): boolean {
  return exceptions?.disposable === undefined;
}
