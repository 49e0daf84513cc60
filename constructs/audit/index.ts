export { AuditBucket, type AuditBucketProps, auditBuckets, MAX_AUDIT_DAYS } from "./audit-bucket";
export { AUDIT_DIGESTER, AuditDigests, type AuditDigestsProps } from "./audit-digests";
export { type AuditPlace, auditDigesterStatements, auditReaderStatements, auditWriterStatements } from "./audit-rights";
export { AuditSigningKey, type AuditSigningKeyProps } from "./signing-key";
export {
  type SubjectKeysPlace,
  subjectKeyEraserStatements,
  subjectKeyReaderStatements,
  subjectKeyUserStatements,
} from "./subject-key-rights";
export { MAX_RECOVERY_DAYS, SubjectKeys, type SubjectKeysProps, subjectKeyAlias, subjectKeyTable } from "./subject-keys";
export { AUDIT_KINDS, type AuditKind, type AuditRetention } from "./trail/kinds";
