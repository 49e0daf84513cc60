export { AuditBucket, type AuditBucketProps, auditBuckets } from "./audit-bucket";
export { type AuditPlace, auditDigesterStatements, auditReaderStatements, auditWriterStatements } from "./audit-rights";
export { AUDIT_KINDS, type AuditKind, type AuditRetention } from "./trail/kinds";
