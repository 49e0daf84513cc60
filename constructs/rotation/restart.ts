import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { TOOLS } from "../core/versions";
import { API_SERVER, admissionPolicy, CustomResources, imageFrom, type KubernetesTarget } from "../kubernetes";
import { BY_THE_CLOCK, RESTARTED_AT } from "../workload";
import { rotationJobs, rotationScript } from "./jobs";

export interface RestartOnRotationProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The StatefulSet, which performs the rolling restart. Its name is the prefix of the jobs: `<set>-passwords`, `<set>-revoke`. */
  readonly set: string;

  /** The Secret that its pods read at startup. */
  readonly secretName: string;

  /**
   * A script with additional steps, which sources `restart.sh`.
   * @default - none: only restarts
   */
  readonly script?: { readonly files: readonly string[]; readonly settings: Readonly<Record<string, string>> };

  /**
   * Initial data of the ConfigMap in which the script stores its state. Terraform doesn't change it later.
   * @default - empty
   */
  readonly state?: Readonly<Record<string, string>>;

  /** Resources created before it: the namespace, the Secret. */
  readonly after?: readonly ITerraformDependable[];
}

const API = { account: "/var/run/secrets/kubernetes.io/serviceaccount", address: "https://kubernetes.default.svc" } as const;

/** Timeouts in seconds of the restart of all pods, and of a whole job. */
const LONGEST = { restart: 1500, job: 1800 } as const;

const SCRIPT = join(__dirname, "restart.sh");

/**
 * Restarts servers that read their Secret only at startup, after the Secret has changed: until then the former values are accepted. A job
 * compares every five minutes; `<set>-revoke`, started by a person, restarts them immediately. The first run assumes that pods have started
 * with the present values of the Secret.
 *
 * The service account of the jobs may patch the StatefulSet. The API server refuses every patch of it except a restart, so that the account
 * can't run other images or commands, or read other Secrets.
 */
export class RestartOnRotation extends Construct {
  /** Name of the ConfigMap with the script's state. */
  readonly state: string;

  /** Dependencies for pods that mount it. */
  readonly ready: readonly ITerraformDependable[];

  private readonly jobSpecOf: ReturnType<typeof rotationScript>["jobSpecOf"];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RestartOnRotationProps,
  ) {
    super(scope, id);
    const { cluster, namespace, set, secretName, script, state = {}, after = [] } = props;
    const { keep, policy: only } = namesOf(set);
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
    const { release: policy } = new CustomResources(this, "policy", {
      cluster,
      namespace,
      name: only,
      objects: admissionPolicy({ name: `${namespace}.${only}`, namespaces: [namespace], spec: restartsOnly(namespace, keep) }),
      after,
    });
    const binding = new RoleBindingV1(this, "binding", {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: keep },
      subject: [{ kind: "ServiceAccount", name: keep, namespace }],
      // Without the policy, the role would grant more than restarts.
      dependsOn: [account, role, policy],
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

  /** Creates the jobs, after the servers that they restart. */
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
  return { keep: `${set}-passwords`, revoke: `${set}-revoke`, policy: `${set}-restarts` };
}

/** Fields that a restart leaves unchanged: an object, and the keys in it that may change, or that other rows compare. */
const UNCHANGED = [
  // The API server itself changes these with every patch.
  { of: "metadata", except: ["generation", "managedFields", "resourceVersion"] },
  { of: "spec", except: ["template"] },
  { of: "spec.template", except: ["metadata"] },
  { of: "spec.template.metadata", except: ["annotations"] },
  { of: "spec.template.metadata.?annotations.orValue({})", except: [RESTARTED_AT] },
] as const;

/** Policy that refuses a service account every change of StatefulSets except a restart. */
function restartsOnly(namespace: string, account: string): object {
  return {
    matchConstraints: {
      resourceRules: [{ apiGroups: ["apps"], apiVersions: ["*"], operations: ["UPDATE"], resources: ["statefulsets"] }],
    },
    matchConditions: [
      { name: "account", expression: `request.userInfo.username == ${JSON.stringify(`system:serviceaccount:${namespace}:${account}`)}` },
    ],
    validations: UNCHANGED.map(({ of: path, except }) => ({
      expression: [
        onlyFieldsOf(`oldObject.${path}`, `object.${path}`, except),
        onlyFieldsOf(`object.${path}`, `oldObject.${path}`, except),
      ].join(" && "),
      reason: "Forbidden",
      message: `${account} may change only the annotation ${RESTARTED_AT} of the pod template`,
    })),
  };
}

/** Expression: an object has only fields of another one, with the same values, and any values of some further keys. */
function onlyFieldsOf(other: string, object: string, except: readonly string[]): string {
  return `${object}.all(key, key in ${JSON.stringify(except)} || (key in ${other} && ${object}[key] == ${other}[key]))`;
}
