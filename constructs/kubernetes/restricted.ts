/** Requirements of the restricted Pod Security Standard for each container, and a read-only root file system. */
export const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  // Set for each container: the provider would send false.
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};
