/** The namespaces of the parts of a system, by part. */
export const NAMESPACES = {
  eventStore: "event-store",
  readStore: "read-store",
  writeSide: "write-side",
  readSide: "read-side",
  projections: "projections",

  /** Where what watches the system lives, and reads the metrics of the others from. */
  observability: "observability",
} as const;
