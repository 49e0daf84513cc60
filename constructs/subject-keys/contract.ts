/** Partition key of the table: SHA-256 of a subject's id. */
export const SUBJECT = "subject";

/** Names in the encryption context of data keys. IAM policies name them too. */
export const CONTEXT = { subject: "subject", table: "table" } as const;
