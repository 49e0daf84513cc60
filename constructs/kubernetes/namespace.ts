import { DefaultServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/default-service-account-v1";
import { LimitRangeV1 } from "@cdktf/provider-kubernetes/lib/limit-range-v1";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import { ResourceQuotaV1 } from "@cdktf/provider-kubernetes/lib/resource-quota-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { type Bytes, bytes, type Cores, millicores } from "../core/quantities";
import type { KubernetesTarget } from "./target";
import { egressTo, ingressFrom, NAMES, type TrafficRule } from "./traffic";

export interface NamespaceProps {
  readonly cluster: KubernetesTarget;

  readonly name: string;

  /** The most that its pods may ask for together, old and new ones during a release included. */
  readonly quota: Quota;

  /**
   * Connections to its pods that are let in.
   * @default - none
   */
  readonly ingress?: readonly TrafficRule[];

  /**
   * Connections from its pods that are let out, beside questions for names.
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * The Pod Security Standard that its pods are held to. Only what looks at a node itself needs another than this.
   * @default "restricted"
   */
  readonly podSecurity?: "restricted" | "baseline" | "privileged";

  /**
   * Labels beside those of its standard.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Whether it holds volumes, which go with it, and so is guarded against deletion.
   * @default false
   */
  readonly protect?: boolean;
}

export interface Quota {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly pods: number;

  /** @default 0 */
  readonly volumes?: number;
}

/**
 * What pods with an end of their own may ask for beside the quota: a test of a release that has filled it would never run. Kubernetes
 * tells them by `activeDeadlineSeconds` of the pod.
 */
const ENDING = { millicores: 1000, mebibytes: 1024, pods: 10 } as const;

/** What a container asks for that says nothing: those of charts which have no key for it. */
const UNSAID = { cpu: "20m", memory: "64Mi" } as const;

/** A terminating pod, a volume that is let go: what a namespace's deletion may wait for. */
const DELETION = "10m";

/**
 * A namespace in which a pod has only what it was given: the restricted standard, no traffic but what is opened, a
 * quota, and no token of the API server unless its own service account mounts one.
 */
export class Namespace extends Construct {
  readonly name: string;

  /** What pods wait for: a quota that comes after them would refuse them, or let them by. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NamespaceProps) {
    super(scope, id);
    const { name, podSecurity = "restricted" } = props;
    refuse(this, nameProblems(name), "name");
    this.name = name;
    const namespace = new NamespaceV1(this, "namespace", {
      metadata: { name, labels: { ...podSecurityLabels(podSecurity), ...props.labels } },
      timeouts: { delete: DELETION },
      lifecycle: { preventDestroy: props.protect ?? false },
    });
    const within = { namespace: name };
    const dependsOn = [namespace];
    const account = new DefaultServiceAccountV1(this, "default-account", {
      metadata: within,
      automountServiceAccountToken: false,
      dependsOn,
    });
    const quotas = [
      new ResourceQuotaV1(this, "quota", { metadata: { ...within, name: "quota" }, spec: { hard: hard(props.quota) }, dependsOn }),
      new ResourceQuotaV1(this, "quota-running", {
        metadata: { ...within, name: "quota-running" },
        spec: { hard: requests(props.quota), scopes: ["NotTerminating"] },
        dependsOn,
      }),
    ];
    const defaults = new LimitRangeV1(this, "defaults", {
      metadata: { ...within, name: "defaults" },
      spec: { limit: [{ type: "Container", defaultRequest: { ...UNSAID } }] },
      dependsOn,
    });
    const policy = (policyName: string, spec: object) =>
      new NetworkPolicyV1(this, `policy-${policyName}`, {
        metadata: { ...within, name: policyName },
        spec: { podSelector: {}, policyTypes: [], ...spec },
        dependsOn,
      });
    const policies = [
      policy("deny", { policyTypes: ["Ingress", "Egress"] }),
      ...[NAMES, ...(props.egress ?? [])].map((opening) =>
        policy(`to-${opening.name}`, { policyTypes: ["Egress"], egress: [egressTo(opening)] }),
      ),
      ...(props.ingress ?? []).map((opening) =>
        policy(`from-${opening.name}`, { policyTypes: ["Ingress"], ingress: [ingressFrom(opening)] }),
      ),
    ];
    this.ready = [account, ...quotas, defaults, ...policies];
  }
}

function podSecurityLabels(standard: string): Record<string, string> {
  // A warning tells at once what enforcement shows only as a pod that never comes.
  return Object.fromEntries(["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, standard]));
}

function requests({ cpu, memory, pods }: Pick<Quota, "cpu" | "memory" | "pods">): Record<string, string> {
  return { "requests.cpu": String(cpu), "requests.memory": memory, pods: String(pods) };
}

/** Load balancers are Terraform's own, so that none is left behind; ports of nodes are nobody's. */
function hard({ cpu, memory, pods, volumes = 0 }: Quota): Record<string, string> {
  const [cores, size] = [millicores(cpu), bytes(memory)];
  const all = {
    cpu: typeof cores === "number" ? (`${cores + ENDING.millicores}m` as const) : cpu,
    memory: typeof size === "number" ? (`${Math.ceil(size / 2 ** 20) + ENDING.mebibytes}Mi` as const) : memory,
    pods: pods + ENDING.pods,
  };
  return {
    ...requests(all),
    persistentvolumeclaims: String(volumes),
    "services.loadbalancers": "0",
    "services.nodeports": "0",
  };
}

function nameProblems(name: string) {
  return /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name) && !/^(kube-|default$)/.test(name)
    ? []
    : [
        {
          value: name,
          rule: "is no name for a namespace of one's own",
          remedy: "use up to 63 lower-case letters, digits and hyphens, not beginning with kube-",
        },
      ];
}
