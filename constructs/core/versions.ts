/**
 * Every version that the platform chooses, once.
 * Provider ranges are what the library accepts; an application's exact choice is its committed lock file.
 */
export const VERSIONS = {
  /** S3 state locking without a table came with Terraform 1.11, with OpenTofu 1.10. */
  terraform: ">= 1.11",
  providers: {
    /** No attribute that is new in 6 is used, so that both majors resolve. */
    aws: ">= 5.100, < 7",
  },
} as const;

/** A minor version of Kubernetes that EKS runs and the platform knows the parts of. */
export type KubernetesVersion = keyof typeof KUBERNETES;

/**
 * What belongs to each minor version. Ends of support: endoflife.date, 2026-08-22. Node images and add-ons: the
 * newest seen in use in August and September 2026; `aws eks describe-addon-versions` lists what a region has.
 */
export const KUBERNETES = {
  "1.34": {
    standardSupportEnds: "2026-12-02",
    extendedSupportEnds: "2027-12-02",
    nodeImage: "1.34.10-20260903",
    kubeProxy: "v1.34.6-eksbuild.21",
    coredns: "v1.12.4-eksbuild.29",
  },
  "1.35": {
    standardSupportEnds: "2027-03-27",
    extendedSupportEnds: "2028-03-27",
    nodeImage: "1.35.6-20260818",
    kubeProxy: "v1.35.3-eksbuild.21",
    coredns: "v1.13.2-eksbuild.21",
  },
  "1.36": {
    standardSupportEnds: "2027-08-02",
    extendedSupportEnds: "2028-08-02",
    nodeImage: "1.36.2-20260818",
    kubeProxy: "v1.36.0-eksbuild.25",
    coredns: "v1.14.3-eksbuild.16",
  },
} as const;

/** The version of clusters that name none: the newest that has been in use for half a year. */
export const DEFAULT_KUBERNETES: KubernetesVersion = "1.35";

/** Add-ons whose versions suit every minor version above. */
export const ADDONS = {
  "vpc-cni": "v1.23.0-eksbuild.1",
  "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
  "aws-ebs-csi-driver": "v1.65.0-eksbuild.1",
  "snapshot-controller": "v8.6.0-eksbuild.8",
  "metrics-server": "v0.9.0-eksbuild.5",
  "eks-node-monitoring-agent": "v1.6.6-eksbuild.1",
} as const;
