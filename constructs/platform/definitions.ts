import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import type { PartProps } from "./part";

/** Props of `CustomResourceDefinitions`. */
export interface DefinitionsProps extends PartProps {
  /**
   * Installs the CRDs of the Prometheus operator, such as monitors. They are deleted with the release, and every monitor and rule with
   * them.
   * @default true
   */
  readonly prometheus?: boolean;

  /**
   * Installs the CRDs of the Gateway API, standard channel. They are kept when the release is deleted, and every route with them.
   * @default true
   */
  readonly gateway?: boolean;
}

/** Every kind of the Gateway API whose CRD the chart can omit: `""` does. */
const GATEWAY_KINDS = [
  "backendtlspolicies",
  "gatewayclasses",
  "gateways",
  "grpcroutes",
  "httproutes",
  "listenersets",
  "referencegrants",
  "tlsroutes",
] as const;

/**
 * The CRDs of the Gateway API by release. The CRD of routes is as large as the others together, and each release also stores the whole
 * chart, in 76% of the limit (`test/platform/release-sizes.test.ts`).
 */
const GATEWAY_RELEASES: Readonly<Record<string, (kind: string) => boolean>> = {
  "gateway-api-crds": (kind) => kind !== "httproutes",
  "gateway-api-crds-httproutes": (kind) => kind === "httproutes",
};

/**
 * Custom resource definitions (CRDs) that don't belong to one controller, installed before everything that uses them. Helm stores a release
 * in a ConfigMap of at most 1 MiB, and these are close to it: nothing else fits into their releases.
 */
export class CustomResourceDefinitions extends Construct {
  readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: DefinitionsProps) {
    super(scope, id);
    const { cluster, namespace, prometheus = true, gateway = true, after = [] } = props;
    const common = { cluster, namespace, after, pods: [] };
    this.ready = [];
    if (prometheus)
      this.ready.push(new Release(this, "prometheus-operator-crds", { ...common, chart: "prometheus-operator-crds", values: {} }).release);
    if (gateway) {
      for (const [name, has] of Object.entries(GATEWAY_RELEASES)) {
        const left = Object.fromEntries(GATEWAY_KINDS.filter((kind) => !has(kind)).map((kind) => [kind, ""]));
        // The chart contains the binding of the downgrade policy, but not the policy.
        const values = { install: { admissionPolicies: false, ...left } };
        this.ready.push(new Release(this, name, { ...common, chart: "gateway-api-crds", values }).release);
      }
    }
  }
}
