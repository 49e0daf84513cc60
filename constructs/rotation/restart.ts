import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { TOOLS } from "../core/versions";
import { API_SERVER, imageFrom, type KubernetesTarget } from "../kubernetes";
import { BY_THE_CLOCK } from "../workload";
import { rotationJobs, rotationScript } from "./jobs";

export interface RestartOnRotationProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The StatefulSet, which rolls its pods itself. Its name begins those of the jobs: `<set>-passwords`, `<set>-revoke`. */
  readonly set: string;

  /** The Secret that its pods read at their start. */
  readonly secretName: string;

  /**
   * A script that does more: it reads `restart.sh`.
   * @default - none: it restarts, and no more
   */
  readonly script?: { readonly files: readonly string[]; readonly settings: Readonly<Record<string, string>> };

  /**
   * What the ConfigMap has at first, in which the script keeps what it knows. Terraform changes nothing of it later.
   * @default - nothing
   */
  readonly state?: Readonly<Record<string, string>>;

  /** What has to be there before: the namespace, the Secret. */
  readonly after?: readonly ITerraformDependable[];
}

const API = { account: "/var/run/secrets/kubernetes.io/serviceaccount", address: "https://kubernetes.default.svc" } as const;

/** Seconds until all pods have restarted, and that a job has for all that it does. */
const LONGEST = { restart: 1500, job: 1800 } as const;

const SCRIPT = join(__dirname, "restart.sh");

/**
 * Restarts servers that know the values of their Secret only from their start, after the Secret has changed: the former values
 * are accepted until then. A job compares every five minutes; `<set>-revoke` does it at once, for a person to start. The first
 * run takes for granted that pods have started with the values that the Secret has then.
 */
export class RestartOnRotation extends Construct {
  /** The ConfigMap of what the script knows. */
  readonly state: string;

  /** What pods that mount it come after. */
  readonly ready: readonly ITerraformDependable[];

  private readonly jobSpecOf: ReturnType<typeof rotationScript>["jobSpecOf"];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RestartOnRotationProps,
  ) {
    super(scope, id);
    const { cluster, namespace, set, secretName, script, state = {}, after = [] } = props;
    const { keep } = namesOf(set);
    const metadata = { namespace, name: keep };
    this.state = `${set}-rotation`;
    const dependsOn = [...after];
    const kept = new ConfigMapV1(this, "state", {
      metadata: { namespace, name: this.state },
      data: { ...state },
      dependsOn,
      lifecycle: { ignoreChanges: ["data"] },
    });
    const account = new ServiceAccountV1(this, "account", { metadata, automountServiceAccountToken: false, dependsOn });
    const role = new RoleV1(this, "role", {
      metadata,
      rule: [
        { apiGroups: ["apps"], resources: ["statefulsets"], resourceNames: [set], verbs: ["get", "patch"] },
        { apiGroups: [""], resources: ["configmaps"], resourceNames: [this.state], verbs: ["get", "patch"] },
      ],
      dependsOn,
    });
    const binding = new RoleBindingV1(this, "binding", {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: keep },
      subject: [{ kind: "ServiceAccount", name: keep, namespace }],
      dependsOn: [account, role],
    });
    const { jobSpecOf, ready } = rotationScript(this, {
      cluster,
      namespace,
      name: keep,
      image: imageFrom(cluster, TOOLS.curl),
      tool: "curl",
      files: [...(script?.files ?? []), SCRIPT],
      settings: {
        API: API.address,
        API_CA: `${API.account}/ca.crt`,
        NAMESPACE: namespace,
        SET: set,
        STATE: this.state,
        TOKEN: `${API.account}/token`,
        WAIT: String(LONGEST.restart),
        ...script?.settings,
      },
      secretName,
      egress: [API_SERVER],
      account: { name: keep, token: true },
      longestSeconds: LONGEST.job,
      after,
    });
    this.jobSpecOf = jobSpecOf;
    this.ready = [kept, binding, ...ready];
  }

  /** Its jobs, once there are servers to restart. */
  jobs(...servers: readonly ITerraformDependable[]): void {
    const { namespace, set } = this.props;
    rotationJobs(this, {
      namespace,
      names: namesOf(set),
      clock: { ...BY_THE_CLOCK, schedule: "*/5 * * * *", failedJobsHistoryLimit: 1 },
      jobSpecOf: this.jobSpecOf,
      after: [...this.ready, ...servers],
    });
  }
}

function namesOf(set: string) {
  return { keep: `${set}-passwords`, revoke: `${set}-revoke` };
}
