import type { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable, TerraformResource } from "cdktf";
import { Construct } from "constructs";
import { known, seconds } from "../core/quantities";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget } from "../kubernetes";
import { BY_THE_CLOCK, DISRUPTIONS_IGNORED, SECRETS_ARRIVE, VerifiedJob } from "../workload";
import {
  CONTAINER_SECURITY,
  certificateVolume,
  fromSecret,
  NODE_CERTIFICATE,
  type NodeProps,
  nodeLabels,
  nodeNames,
  PORTS,
  podSecurity,
  SCRIPTS,
  scriptsVolume,
  TRUSTED,
  trustedVolume,
} from "./kurrentdb-node";
import { LINES } from "./kurrentdb-versions";

export interface KurrentDbOperationsProps {
  readonly cluster: KubernetesTarget;
  readonly node: NodeProps;

  /** Schedule of scavenges, which free disk space of deleted events, in cron syntax (UTC). */
  readonly scavenge: string;

  /** ConfigMaps of permissions and of persistent subscriptions, the second only if there are any. */
  readonly declared: readonly ConfigMapV1[];

  /** The StatefulSet whose changes start the rollout. */
  readonly set: TerraformResource;
  readonly after: readonly ITerraformDependable[];
}

/** Usual time to replace a node: stop in order (300 seconds of grace), start, catch up and be known to clients, in seconds. */
const REPLACEMENT = 720;

/** Time before a job's deadline at which its script reports its progress, in seconds. */
const REPORT = 60;

/** Resources of a script's job: a shell and curl. */
const ASKED = { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } };

/** Time that clients may cache names before a node may be stopped, in seconds: external-dns polls every minute. */
const SETTLE = 120;

const API = { account: "/var/run/secrets/kubernetes.io/serviceaccount", address: "https://kubernetes.default.svc" };

/** Labels of the pods of all jobs. */
export function jobsLabels(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "job" };
}

/** Labels of the pods of one job. */
export function jobLabels(name: string, job: string): Record<string, string> {
  return { ...jobsLabels(name), "app.kubernetes.io/instance": `${name}-${job}` };
}

type Variable = { readonly name: string; readonly value: string } | ReturnType<typeof fromSecret>;

/** A run of a script. */
interface Run {
  readonly script: string;

  /** @default - the server's own, which has a shell and curl: no further image to trust */
  readonly image?: string;
  readonly variables?: readonly Variable[];
  readonly longest: number;
}

/** A run that the apply waits for. */
interface Once {
  readonly name: string;

  /** @default - the nodes' account, which has no token */
  readonly account?: string;

  /** Resources whose changes rerun it. */
  readonly follows?: readonly TerraformResource[];

  /** Waits for the nodes. */
  readonly waits?: boolean;
  readonly after: readonly ITerraformDependable[];
}

/** Retries if a pod is lost: a failed script would fail again. */
const RETRIES = 1;

/**
 * Operations on a running cluster, as Kubernetes objects instead of manual steps: changes are rolled out node by node, users are created
 * and their passwords updated, disks scavenged, certificates reloaded.
 */
export class KurrentDbOperations extends Construct {
  /** Resources that workloads depend on: all nodes serve, and its users can sign in. */
  readonly ready: readonly ITerraformDependable[];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: KurrentDbOperationsProps,
  ) {
    super(scope, id);
    const { node, after } = props;
    const { name, secrets, insecure } = node;
    const { passed: rollout } = this.rollout(after);
    if (insecure) {
      this.ready = [rollout];
      return;
    }
    const ops = [fromSecret("OPS_PASSWORD", secrets.users.name, "ops")];
    const users: Run = {
      script: "users",
      variables: [
        fromSecret("ADMIN_PASSWORD", secrets.users.name, "admin"),
        { name: "GRANTS", value: "/grants" },
        ...(this.subscribed ? [{ name: "SUBSCRIPTIONS", value: `/${DECLARED}` }] : []),
        { name: "USERS", value: "/users" },
      ],
      longest: 900,
    };
    // Only an apply changes settings of subscriptions, not the schedule: their consumers have to reconnect.
    const updates = this.subscribed ? [{ name: "UPDATES", value: "yes" }] : [];
    const first: Run = { ...users, variables: [...(users.variables ?? []), ...updates] };
    const { declared } = props;
    this.ready = [rollout, this.once("users", first, { name: `${name}-users-first`, follows: declared, after: [rollout] }).passed];
    this.regularly(users, SECRETS_ARRIVE);
    const certificate = { name: "CERTIFICATE", value: `${NODE_CERTIFICATE}/tls.crt` };
    // Needs a newer curl than that of older server lines (7.88) to print a node's certificate.
    const image = imageFrom(props.cluster, TOOLS.curl);
    this.regularly({ script: "reload", variables: [...ops, certificate], image, longest: node.nodes * ARRIVAL + 300 }, "17 3 * * *");
    this.regularly({ script: "scavenge", variables: ops, longest: node.nodes * DAY }, props.scavenge);
  }

  private get subscribed(): boolean {
    return this.props.declared.length > 1;
  }

  /** Rollout job that runs when the StatefulSet has been created or changed. */
  private rollout(after: readonly ITerraformDependable[]): VerifiedJob {
    const { set, node } = this.props;
    const { name, namespace, nodes, recovery, secrets, insecure, domain } = node;
    const metadata = { namespace, name: `${name}-rollout` };
    const dependsOn = [...after];
    const pods = Array.from({ length: nodes }, (_, index) => `${name}-${index}`);
    const account = new ServiceAccountV1(this, "rollout-account", { metadata, automountServiceAccountToken: false, dependsOn });
    const role = new RoleV1(this, "rollout-role", {
      metadata,
      rule: [
        { apiGroups: ["apps"], resources: ["statefulsets"], resourceNames: [name], verbs: ["get"] },
        {
          apiGroups: [""],
          resources: ["pods"],
          resourceNames: pods,
          verbs: ["get", "delete"],
        },
        { apiGroups: [""], resources: ["pods/eviction"], resourceNames: pods, verbs: ["create"] },
      ],
      dependsOn,
    });
    const binding = new RoleBindingV1(this, "rollout-binding", {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
      subject: [{ kind: "ServiceAccount", name: metadata.name, namespace }],
      dependsOn: [account, role],
    });
    // One node may have to rebuild its indexes. If all five did, the job would outlive a pipeline's session: the script
    // ends before its job does, and the next apply continues where it stopped.
    const longest = known(seconds(recovery)) + nodes * REPLACEMENT;
    const run: Run = {
      script: "upgrade",
      variables: [
        { name: "API", value: API.address },
        { name: "API_CA", value: `${API.account}/ca.crt` },
        { name: "NAMESPACE", value: namespace },
        ...(insecure ? [] : [fromSecret("OPS_PASSWORD", secrets.users.name, "ops")]),
        { name: "RECOVERY", value: String(known(seconds(recovery))) },
        { name: "SET", value: name },
        { name: "SETTLE", value: String(domain ? SETTLE : 0) },
        { name: "TIME", value: String(longest - REPORT) },
        { name: "TOKEN", value: `${API.account}/token` },
      ],
      longest,
    };
    return this.once("rollout", run, {
      name: metadata.name,
      account: metadata.name,
      follows: [set],
      waits: true,
      after: [...after, binding],
    });
  }

  private once(label: string, run: Run, { name, account, follows = [], waits = false, after }: Once): VerifiedJob {
    const { cluster, node } = this.props;
    const waitsFor = { name: node.name, labels: nodeLabels(node.name) };
    const spec = { backoffLimit: RETRIES, activeDeadlineSeconds: run.longest, template: this.template(run, label, account) };
    return new VerifiedJob(this, label, { cluster, namespace: node.namespace, name, spec, follows, ...(waits ? { waitsFor } : {}), after });
  }

  private regularly(run: Run, schedule: string): void {
    const { name, namespace } = this.props.node;
    new CronJobV1(this, `${run.script}-regularly`, {
      metadata: { namespace, name: `${name}-${run.script}` },
      spec: {
        ...BY_THE_CLOCK,
        schedule,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: {},
          spec: {
            ...DISRUPTIONS_IGNORED,
            backoffLimit: RETRIES,
            activeDeadlineSeconds: run.longest,
            template: this.template(run, run.script),
          },
        },
      },
      dependsOn: [...this.props.after],
    });
  }

  private template({ script, image, variables = [] }: Run, label: string, account?: string) {
    const { node } = this.props;
    const { name, line, insecure, secrets } = node;
    const scheme = insecure ? "http" : "https";
    const addresses = nodeNames(node).map((host) => `${scheme}://${host}:${PORTS.http}`);
    const env = [
      { name: "NODES", value: addresses.join(" ") },
      ...(insecure ? [] : [{ name: "CA", value: `${TRUSTED}/ca.crt` }]),
      ...variables,
    ].sort((one, other) => (one.name < other.name ? -1 : 1));
    const [users, reload] = [script === "users", script === "reload"];
    const folders = users ? ["grants", ...(this.subscribed ? [DECLARED] : [])] : [];
    return {
      metadata: { labels: jobLabels(name, label) },
      spec: {
        restartPolicy: "Never",
        serviceAccountName: account ?? name,
        automountServiceAccountToken: account !== undefined,
        enableServiceLinks: false,
        securityContext: podSecurity(LINES[line].uid),
        container: [
          {
            name: script,
            image: image ?? node.image,
            imagePullPolicy: "IfNotPresent",
            command: ["sh", `${SCRIPTS}/${script}.sh`],
            env,
            resources: ASKED,
            securityContext: CONTAINER_SECURITY,
            terminationMessagePolicy: "FallbackToLogsOnError",
            volumeMount: [
              { name: "scripts", mountPath: SCRIPTS, readOnly: true },
              { name: "tmp", mountPath: "/tmp" },
              ...(insecure ? [] : [{ name: "trusted", mountPath: TRUSTED, readOnly: true }]),
              ...(reload ? [{ name: "certificate", mountPath: NODE_CERTIFICATE, readOnly: true }] : []),
              ...folders.map((folder) => ({ name: folder, mountPath: `/${folder}`, readOnly: true })),
              ...(users ? ROLES.map((role) => ({ name: role, mountPath: `/users/${role}`, readOnly: true })) : []),
            ],
          },
        ],
        volume: [
          scriptsVolume(name),
          { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
          ...(insecure ? [] : [trustedVolume(name)]),
          ...(reload ? [certificateVolume(name, "tls.crt")] : []),
          ...folders.map((folder) => ({ name: folder, configMap: { name: `${name}-${folder}`, defaultMode: "0444" } })),
          ...(users ? ROLES.map((role) => ({ name: role, secret: { secretName: secrets[role].name, defaultMode: "0440" } })) : []),
        ],
      },
    };
  }
}

/** Roles for which users are created. */
const ROLES = ["commands", "metrics", "subscriptions"] as const;

/** Directory of persistent subscriptions. */
const DECLARED = "persistent-subscriptions";

const DAY = 86_400;

/** Time until a changed secret has reached the nodes' volumes and a node has read it, in seconds. */
const ARRIVAL = 300;
