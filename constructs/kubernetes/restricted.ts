/** What the restricted Pod Security Standard asks of every container, and a root that is not written. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  // Said of each container: the provider would send false.
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};
