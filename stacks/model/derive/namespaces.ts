/** Namespaces other than those of stores and domains. */
export const NAMESPACES = {
  /** Monitoring components, which read the metrics of all other namespaces. */
  observability: "observability",

  /** Digester of the audit trail. */
  auditDigests: "audit-digests",
} as const;
