export { CONTEXT, SUBJECT } from "./contract";
export { eraseSubject, type RecordedErasure } from "./erasure";
export { type Erasure, SubjectKeyClient, type SubjectKeyClientProps, subjectKeysFromEnvironment } from "./subject-keys";
