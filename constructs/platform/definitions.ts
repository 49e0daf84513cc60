import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { Release } from "../kubernetes";
import type { PartProps } from "./part";

export interface DefinitionsProps extends PartProps {
  /**
   * Those of the Prometheus operator, by which everything says where its metrics are. They go with the release, and
   * every monitor and rule with them.
   * @default true
   */
  readonly prometheus?: boolean;

  /**
   * Those of the Gateway API, standard channel. They stay when the release goes, and every route with them.
   * @default true
   */
  readonly gateway?: boolean;
}

/** Every kind of the Gateway API whose definition the chart can leave out: `""` does. */
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
 * The definitions of the Gateway API by release. The one of routes is as large as the others together, and each release holds the
 * whole chart as well, in 76 % of its room (`test/platform/release-sizes.test.ts`).
 */
const GATEWAY_RELEASES: Readonly<Record<string, (kind: string) => boolean>> = {
  "gateway-api-crds": (kind) => kind !== "httproutes",
  "gateway-api-crds-httproutes": (kind) => kind === "httproutes",
};

/**
 * Custom resource definitions that belong to no single controller, before everything that uses them. Helm keeps a
 * release in a ConfigMap of 1 MiB at most, and these are near it: nothing else fits beside them.
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
        // The chart has the binding of the policy against downgrades, but not the policy.
        const values = { install: { admissionPolicies: false, ...left } };
        this.ready.push(new Release(this, name, { ...common, chart: "gateway-api-crds", values }).release);
      }
    }
  }
}
