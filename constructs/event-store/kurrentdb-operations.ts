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

  /** When disks are freed of what streams no longer need, as cron has it (UTC). */
  readonly scavenge: string;

  /** What users may do, and the subscriptions that are made for them: ConfigMaps, the second only where there are any. */
  readonly declared: readonly ConfigMapV1[];

  /** What is replaced, and by whose change. */
  readonly set: TerraformResource;
  readonly after: readonly ITerraformDependable[];
}

/** What a node usually takes to end in order (300 seconds of grace), to start, to catch up and to be known to clients, in seconds. */
const REPLACEMENT = 720;

/** Before the end of a job's time its script says how far it has come, in seconds. */
const REPORT = 60;

/** What a job of a script asks for: a shell and curl. */
const ASKED = { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } };

/** Names that others have kept for so long that a node is not to be taken away sooner, in seconds: external-dns looks every minute. */
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

/** One run of a script. */
interface Run {
  readonly script: string;

  /** @default - the server's own, which has a shell and curl: nothing further is to be trusted */
  readonly image?: string;
  readonly variables?: readonly Variable[];
  readonly longest: number;
}

/** A run that whoever applies waits for. */
interface Once {
  readonly name: string;

  /** @default - the nodes', which has no token */
  readonly account?: string;

  /** What it runs anew for when that has changed. */
  readonly follows?: readonly TerraformResource[];

  /** Whether it waits for the nodes. */
  readonly waits?: boolean;
  readonly after: readonly ITerraformDependable[];
}

/** Another pod where one is lost: what a script refuses it refuses again. */
const RETRIES = 1;

/**
 * What is done to a running cluster, by objects and not by hand: a change is rolled out node by node, users are made and
 * their passwords kept, disks are scavenged, certificates read again.
 */
export class KurrentDbOperations extends Construct {
  /** What a workload comes after: all nodes serve, and its users can sign in. */
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
    // Settings of subscriptions are changed when an apply does, and not by the clock: their consumers have to connect again.
    const updates = this.subscribed ? [{ name: "UPDATES", value: "yes" }] : [];
    const first: Run = { ...users, variables: [...(users.variables ?? []), ...updates] };
    const { declared } = props;
    this.ready = [rollout, this.once("users", first, { name: `${name}-users-first`, follows: declared, after: [rollout] }).passed];
    this.regularly(users, SECRETS_ARRIVE);
    const certificate = { name: "CERTIFICATE", value: `${NODE_CERTIFICATE}/tls.crt` };
    // What a node shows is printed by a newer curl than the older lines of the server have (7.88).
    const image = imageFrom(props.cluster, TOOLS.curl);
    this.regularly({ script: "reload", variables: [...ops, certificate], image, longest: node.nodes * ARRIVAL + 300 }, "17 3 * * *");
    this.regularly({ script: "scavenge", variables: ops, longest: node.nodes * DAY }, props.scavenge);
  }

  private get subscribed(): boolean {
    return this.props.declared.length > 1;
  }

  /** Runs when the StatefulSet has been made or changed. */
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
    // One of them may have to make its indexes anew. All five of them so would outlive the session of a pipeline: the script
    // ends before its job does, and the next apply goes on where it stopped.
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

/** Whom users are made for. */
const ROLES = ["commands", "metrics", "subscriptions"] as const;

/** The folder of persistent subscriptions. */
const DECLARED = "persistent-subscriptions";

const DAY = 86_400;

/** Until a changed secret has reached the volumes of nodes and a node has read it, in seconds. */
const ARRIVAL = 300;
