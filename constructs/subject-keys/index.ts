export { CONTEXT, SUBJECT } from "./contract";
export { type Erasure, SubjectKeyClient, type SubjectKeyClientProps, subjectKeysFromEnvironment } from "./subject-keys";
