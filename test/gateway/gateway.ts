import type { TerraformStack } from "cdktf";
import type { PodGroup } from "../../constructs/capacity";
import { Gateway, type GatewayProps, Routes, type RoutesProps } from "../../constructs/gateway";
import { anEksCluster } from "../platform/platform";
import { all, type Body, refusalsOf, synth } from "../synth";

export interface Changes {
  readonly gateway?: Partial<GatewayProps>;
  readonly routes?: Partial<RoutesProps>;
}

interface Made {
  readonly json: Body;
  readonly gateway: Gateway;
  readonly pods: readonly PodGroup[];
}

function make(stack: TerraformStack, changes: Changes): Pick<Made, "gateway" | "pods"> {
  const cluster = changes.gateway?.cluster ?? anEksCluster(stack);
  const gateway = new Gateway(stack, "gateway", { cluster, namespace: "write-side", servicePorts: [8080], ...changes.gateway });
  new Routes(stack, "routes", {
    cluster,
    gateway,
    name: "command-api",
    backends: [{ service: "command-api", port: 8080 }],
    ...changes.routes,
  });
  return { gateway, pods: cluster.ledger.groups };
}

/** A Gateway on EKS, and routes of a command API, with what a test changes. */
export function aGateway(changes: Changes = {}): Made {
  let made: Pick<Made, "gateway" | "pods"> | undefined;
  const json = synth((stack) => {
    made = make(stack, changes);
  });
  return { json, ...(made as Pick<Made, "gateway" | "pods">) };
}

/** Why it is refused, a line for each reason. */
export function refusals(changes: Changes): readonly string[] {
  return refusalsOf((stack) => void make(stack, changes));
}

/** The objects of all releases. */
export function objectsOf({ json }: Pick<Made, "json">): readonly Body[] {
  return all(json, "helm_release").flatMap((release) => JSON.parse(release.values[0].replaceAll("$${", "${")).objects as Body[]);
}

/** The one object of a kind. */
export function objectOf(made: Pick<Made, "json">, kind: string): Body {
  const found = objectsOf(made).filter((object) => object.kind === kind);
  if (found.length !== 1) throw new Error(`there are ${found.length} objects of kind ${kind}`);
  return found[0] as Body;
}
