import type { ApiObject } from "./custom-resources";

/** A policy of the API server, and where it applies. */
export interface AdmissionPolicyProps {
  /** Name of both objects, unique on the cluster. */
  readonly name: string;

  /** Namespaces whose objects it applies to. */
  readonly namespaces: readonly string[];

  /** The specification of the policy, without `failurePolicy`. */
  readonly spec: object;
}

/**
 * Returns a ValidatingAdmissionPolicy, which the API server enforces itself (Kubernetes 1.30), and its binding. Requests that break it are
 * refused, and so are those that it fails to judge.
 */
export function admissionPolicy({ name, namespaces, spec }: AdmissionPolicyProps): readonly ApiObject[] {
  const metadata = { name };
  const namespaceSelector = { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [...namespaces].sort() }] };
  return [
    { apiVersion: VERSION, kind: "ValidatingAdmissionPolicy", metadata, spec: { failurePolicy: "Fail", ...spec } },
    {
      apiVersion: VERSION,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: name, validationActions: ["Deny"], matchResources: { namespaceSelector } },
    },
  ];
}

const VERSION = "admissionregistration.k8s.io/v1";
