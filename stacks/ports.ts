import type { Problem } from "../constructs/core/errors";
import type { KubernetesObject } from "../constructs/kubernetes";
import type { AllowedFlow } from "../constructs/network";
import type { Site } from "./base/site";
import { isExistingCluster } from "./model/cluster";
import { lets, nodeParties, type Port, traffic } from "./model/derive/traffic";

/** One end of a network policy rule: pods, or a CIDR block. */
interface Peer {
  readonly ipBlock?: { readonly cidr: string };
}

interface Rule {
  readonly ports?: readonly Port[];
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
}

interface Container {
  readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[];
}

/**
 * Ports that network policies open or pods listen on, but that the security groups of the cluster's nodes block. A
 * connection between two pods must pass both, so it would only fail if the pods are on different nodes. Security groups
 * see the pod's port, which may differ from its Service's. The owner of an existing cluster manages its security groups.
 */
export function unreachablePorts(
  { environment, key, cluster }: Pick<Site, "environment" | "key" | "cluster">,
  objects: readonly KubernetesObject[],
): readonly Problem[] {
  const nodes = nodeParties(environment)[key];
  if (isExistingCluster(cluster) || nodes === undefined) return [];
  const { flows } = traffic(environment);
  const ways = {
    among: flows.filter(({ from, to }) => from === nodes && to === nodes),
    in: flows.filter(({ to }) => to === nodes),
    out: flows.filter(({ from }) => from === nodes),
  };
  const problem = (object: KubernetesObject, { port, endPort, protocol = "TCP" }: Port): Problem => ({
    path: `${environment.name}.${key}`,
    value: `${object.metadata.namespace}/${object.metadata.name}`,
    rule: `uses port ${port}${endPort ? `-${endPort}` : ""}/${protocol}, which the security groups of the nodes don't allow`,
    remedy: "use a port from 1025 to 65535, or add a flow in stacks/model/derive/traffic.ts",
  });
  const closed = (open: readonly AllowedFlow[], ports: readonly Port[] = []) =>
    ports.filter((port) => !open.some((way) => lets(way, port)));

  return objects.flatMap((object) => {
    const { ingress = [], egress = [] } = (object.kind === "NetworkPolicy" ? object.spec : {}) as {
      readonly ingress?: readonly Rule[];
      readonly egress?: readonly Rule[];
    };
    const found = [
      ...ingress.flatMap(({ from, ports }) => closed(isPods(from) ? ways.among : ways.in, ports)),
      ...egress
        .filter(({ to }) => !to?.some(isOnNode))
        .flatMap(({ to, ports = [] }) => {
          const none = closed(isPods(to) ? ways.among : ways.out, ports);
          // An API server uses one of several ports, on any cluster: one open port is enough.
          return to === undefined && none.length < ports.length ? [] : none;
        }),
      ...closed(ways.among, containersOf(object).flatMap(listened)),
    ];
    return [...new Map(found.map((port) => [JSON.stringify(port), problem(object, port)])).values()];
  });
}

function isPods(peers: readonly Peer[] | undefined): boolean {
  return peers?.some(({ ipBlock }) => ipBlock === undefined) ?? false;
}

/** Link-local addresses stay on the node, where security groups don't apply. */
function isOnNode({ ipBlock }: Peer): boolean {
  return ipBlock?.cidr.startsWith("169.254.") ?? false;
}

function listened({ ports = [] }: Container): readonly Port[] {
  return ports.map(({ containerPort, ...port }) => ({ ...port, port: containerPort }));
}

function containersOf({ spec }: KubernetesObject): readonly Container[] {
  const { template, jobTemplate } = (spec ?? {}) as { template?: Template; jobTemplate?: { spec?: { template?: Template } } };
  return (template ?? jobTemplate?.spec?.template)?.spec?.containers ?? [];
}

interface Template {
  readonly spec?: { readonly containers?: readonly Container[] };
}
