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

  /** Maximum of its pods' total requests, including old and new pods during a release. */
  readonly quota: Quota;

  /**
   * Allowed connections to its pods.
   * @default - none
   */
  readonly ingress?: readonly TrafficRule[];

  /**
   * Allowed connections from its pods, in addition to DNS.
   * @default - none
   */
  readonly egress?: readonly TrafficRule[];

  /**
   * The Pod Security Standard that its pods must meet. Only pods that inspect a node need a weaker one.
   * @default "restricted"
   */
  readonly podSecurity?: "restricted" | "baseline" | "privileged";

  /**
   * Labels in addition to those of its standard.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /**
   * Protects it from deletion, because it contains volumes, which would be deleted with it.
   * @default false
   */
  readonly protect?: boolean;
}

/** Quota of a namespace, for the sum of its pods. */
export interface Quota {
  readonly cpu: Cores;
  readonly memory: Bytes;
  readonly pods: number;

  /** @default 0 */
  readonly volumes?: number;
}

/**
 * Quota of pods with a deadline, in addition to the quota of others: a release that uses up the quota must not block its own test.
 * Kubernetes distinguishes them by the pod's `activeDeadlineSeconds`.
 */
const ENDING = { millicores: 1000, mebibytes: 1024, pods: 10 } as const;

/** Default requests of containers without any: those of charts that don't allow to set them. */
const UNSAID = { cpu: "20m", memory: "64Mi" } as const;

/** Timeout of a namespace's deletion, which may wait for terminating pods and released volumes. */
const DELETION = "10m";

/**
 * A namespace in which a pod gets nothing by default: the restricted standard, no traffic except what is allowed, a quota, and no token of
 * the API server unless its own service account mounts one.
 */
export class Namespace extends Construct {
  readonly name: string;

  /** Resources that pods depend on: pods created before the quota or the policies would be rejected or bypass them. */
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
  // A warning shows the reason at once; enforcement only shows that pods are missing.
  return Object.fromEntries(["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, standard]));
}

function requests({ cpu, memory, pods }: Pick<Quota, "cpu" | "memory" | "pods">): Record<string, string> {
  return { "requests.cpu": String(cpu), "requests.memory": memory, pods: String(pods) };
}

/** Excludes load balancers, which Terraform must own so that none is left behind, and node ports. */
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
          rule: "can't be the name of a new namespace",
          remedy: "use up to 63 lower-case letters, digits and hyphens, not beginning with kube-",
        },
      ];
}
