import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, PodTraffic } from "../kubernetes";
import { BY_THE_CLOCK, DISRUPTIONS_IGNORED, fingerprintOf, SECRETS_ARRIVE, VerifiedJob } from "../workload";
import { type KurrentCloudAccess, PORT } from "./kurrent-cloud-connections";
import { kurrentCloudSecrets } from "./kurrent-cloud-secrets";
import { CONTAINER_SECURITY, podSecurity, SCRIPTS } from "./kurrentdb-node";
import { grantFiles, scriptFiles } from "./kurrentdb-scripts";
import {
  type PersistentSubscription,
  subscriptionFiles,
  subscriptionProblems,
  systemStreamProblems,
  systemStreamsOf,
} from "./kurrentdb-subscriptions";
import { DEFAULT_STORE_NAME, storeNameProblems } from "./store-name";

export interface KurrentCloudUsersProps {
  /** A cluster with a route to the vendor's network. */
  readonly cluster: KubernetesTarget;

  /** Namespace of its pods and its secrets (`kurrentCloudSecrets`). */
  readonly namespace: string;

  /** The Kurrent Cloud cluster. Its name is the prefix of secrets and jobs. */
  readonly access: Omit<KurrentCloudAccess, "users">;

  /**
   * Persistent subscriptions. The job creates them, and updates them when an apply has changed their settings. One that is no longer
   * declared is not deleted.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * Additional system streams that the role `subscriptions` may read: `["$ce-order"]`.
   * @default - those that persistent subscriptions read
   */
  readonly systemStreams?: readonly string[];

  /** Secret in which an operator stores the password of `admin`, shown in the job's message: `orders-production-event-store-admin`. */
  readonly adminSecret: string;

  /** Resources to create first: the namespace, the secrets, the route to the cluster. */
  readonly after?: readonly ITerraformDependable[];
}

/** User `nobody` in most distributions. */
const USER = 65534;

/** Directory of persistent subscriptions. */
const DECLARED = "persistent-subscriptions";

/** Roles for which users are created. */
const ROLES = ["commands", "subscriptions"] as const;

/**
 * Timeouts in seconds: `election` for finding the nodes and their leader; `filling` for a new password to arrive (15 minutes) and to be
 * visible in the pod (some minutes); `work` for everything else.
 */
const LONGEST = { election: 600, filling: 1200, work: 300 } as const;

/**
 * The workloads' users at Kurrent Cloud, which the Terraform provider can't create: a job creates them with their permissions during the
 * apply, and a scheduled job applies rotated passwords. Both sign in as `admin`, with the password that an operator has copied from the
 * vendor; the first job waits for it.
 */
export class KurrentCloudUsers extends Construct {
  /** Resources that workloads with these users depend on. */
  readonly ready: readonly ITerraformDependable[];

  constructor(scope: Construct, id: string, props: KurrentCloudUsersProps) {
    super(scope, id);
    const { cluster, namespace, access, after = [] } = props;
    const { cidr } = access;
    const store = access.name ?? DEFAULT_STORE_NAME;
    refuse(this, storeNameProblems(store), "access.name");
    const name = `${store}-users`;
    const scripts = scriptFiles(["nodes", "users"]);
    const { persistentSubscriptions: declared = [], systemStreams = [] } = props;
    for (const { index, ...problem } of subscriptionProblems(declared)) refuse(this, [problem], `persistentSubscriptions[${index}]`);
    refuse(this, systemStreamProblems(systemStreams), "systemStreams");
    const grants = grantFiles(systemStreamsOf(declared, systemStreams));
    const subscriptions = subscriptionFiles(declared);
    const configMap = `${name}-${fingerprintOf([scripts, grants, ...(declared.length > 0 ? [subscriptions] : [])])}`;
    const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "job" };
    const account = new ServiceAccountV1(this, "account", {
      metadata: { namespace, name },
      automountServiceAccountToken: false,
      dependsOn: [...after],
    });
    const files = new ConfigMapV1(this, "files", {
      metadata: { namespace, name: configMap },
      data: { ...scripts, ...subscriptions.data },
      binaryData: { ...grants, ...subscriptions.binaryData },
      dependsOn: [...after],
    });
    const { policy } = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels,
      ingress: [],
      egress: [{ name: store, peer: { cidr }, ports: [PORT] }],
      after,
    });
    const keys = Object.values(subscriptions).flatMap((content) => Object.keys(content));
    const listed = { configMap, scripts: Object.keys(scripts), grants: Object.keys(grants), subscriptions: keys };
    const template = (filling: number) => ({ metadata: { labels }, spec: podSpec(props, name, listed, filling) });
    const longest = LONGEST.election + LONGEST.filling + LONGEST.work;
    const first = new VerifiedJob(this, "first", {
      cluster,
      namespace,
      name,
      spec: { backoffLimit: 1, activeDeadlineSeconds: longest, template: template(LONGEST.filling) },
      after: [account, files, policy],
    });
    new CronJobV1(this, "rotation", {
      metadata: { namespace, name },
      spec: {
        ...BY_THE_CLOCK,
        schedule: SECRETS_ARRIVE,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: {},
          spec: { ...DISRUPTIONS_IGNORED, backoffLimit: 1, activeDeadlineSeconds: LONGEST.election + LONGEST.work, template: template(0) },
        },
      },
      dependsOn: [first.job],
    });
    this.ready = [first.passed];
  }
}

interface Files {
  readonly configMap: string;
  readonly scripts: readonly string[];
  readonly grants: readonly string[];
  readonly subscriptions: readonly string[];
}

function podSpec(
  { cluster, access: { name = DEFAULT_STORE_NAME, host, clustered }, adminSecret }: KurrentCloudUsersProps,
  account: string,
  { configMap, scripts, grants, subscriptions }: Files,
  filling: number,
) {
  const secrets = kurrentCloudSecrets(name);
  const told = {
    ADMIN: "/admin",
    FILLED: `write the one that the vendor shows to ${adminSecret}`,
    FILLING: String(filling),
    GRANTS: "/grants",
    // A cluster is asked for its leader; a single node is used directly.
    [clustered ? "SEED" : "NODES"]: `https://${host}:${PORT}`,
    RECOVERY: String(LONGEST.election),
    ...(subscriptions.length > 0 ? { SUBSCRIPTIONS: `/${DECLARED}` } : {}),
    // Only during an apply, not on a schedule: consumers have to reconnect.
    ...(subscriptions.length > 0 && filling > 0 ? { UPDATES: "yes" } : {}),
    USERS: "/users",
  };
  const files = (items: readonly string[]) => ({
    configMap: { name: configMap, defaultMode: "0444", items: items.map((key) => ({ key, path: key })) },
  });
  // All keys of a Secret: a rotation adds keys.
  const passwords = ({ name: secretName }: { readonly name: string }) => ({ secret: { secretName, defaultMode: "0440" } });
  return {
    restartPolicy: "Never",
    serviceAccountName: account,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity(USER),
    container: [
      {
        name: "users",
        image: imageFrom(cluster, TOOLS.curl),
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `${SCRIPTS}/users.sh`],
        env: Object.entries(told)
          .map(([variable, value]) => ({ name: variable, value }))
          .sort((one, other) => (one.name < other.name ? -1 : 1)),
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
        securityContext: CONTAINER_SECURITY,
        // The pod's status then shows what is missing.
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMount: [
          { name: "admin", mountPath: "/admin", readOnly: true },
          ...ROLES.map((role) => ({ name: role, mountPath: `/users/${role}`, readOnly: true })),
          { name: "grants", mountPath: "/grants", readOnly: true },
          { name: "scripts", mountPath: SCRIPTS, readOnly: true },
          ...(subscriptions.length > 0 ? [{ name: DECLARED, mountPath: `/${DECLARED}`, readOnly: true }] : []),
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volume: [
      { name: "admin", ...passwords(secrets.admin) },
      ...ROLES.map((role) => ({ name: role, ...passwords(secrets[role]) })),
      { name: "grants", ...files(grants) },
      { name: "scripts", ...files(scripts) },
      ...(subscriptions.length > 0 ? [{ name: DECLARED, ...files(subscriptions) }] : []),
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
    ],
  };
}
