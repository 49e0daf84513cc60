/** Namespaces that no store and no domain has. */
export const NAMESPACES = {
  /** Where what watches the system lives, and reads the metrics of the others from. */
  observability: "observability",
} as const;
