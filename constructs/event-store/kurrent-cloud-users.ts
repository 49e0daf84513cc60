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
  /** A cluster with a way to the vendor's network. */
  readonly cluster: KubernetesTarget;

  /** Where its pods run and find the secrets (`kurrentCloudSecrets`). */
  readonly namespace: string;

  /** Whose users are made. Its name is the beginning of the names of secrets and jobs. */
  readonly access: Omit<KurrentCloudAccess, "users">;

  /**
   * Persistent subscriptions, which the job creates, and updates when an apply has changed their settings. One that is no longer
   * declared stays.
   * @default - none
   */
  readonly persistentSubscriptions?: readonly PersistentSubscription[];

  /**
   * Further system streams that the role `subscriptions` may read: `["$ce-order"]`.
   * @default - those that persistent subscriptions read
   */
  readonly systemStreams?: readonly string[];

  /** Where a person writes the password of `admin`, so that the job can say it: `orders-production-event-store-admin`. */
  readonly adminSecret: string;

  /** What has to be there before: the namespace, the secrets, the way to the cluster. */
  readonly after?: readonly ITerraformDependable[];
}

/** Nobody's user in most distributions. */
const USER = 65534;

/** The folder of persistent subscriptions. */
const DECLARED = "persistent-subscriptions";

/** Whom users are made for. */
const ROLES = ["commands", "subscriptions"] as const;

/**
 * In seconds: what nodes may take to be found and to find a leader; what a password that somebody writes takes to arrive, a
 * quarter of an hour, and some minutes to be read in the pod; and what a look takes beside.
 */
const LONGEST = { election: 600, filling: 1200, work: 300 } as const;

/**
 * The users of workloads at Kurrent Cloud, whose provider makes none: a job makes them and gives them their rights when
 * they are deployed, and another one brings what a rotation has changed. Both sign in as `admin`, with the password that a
 * person has taken over from the vendor; the first waits for it.
 */
export class KurrentCloudUsers extends Construct {
  /** What a workload that signs in comes after. */
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
    // One of several is asked who leads; one that is alone is taken for what it is.
    [clustered ? "SEED" : "NODES"]: `https://${host}:${PORT}`,
    RECOVERY: String(LONGEST.election),
    ...(subscriptions.length > 0 ? { SUBSCRIPTIONS: `/${DECLARED}` } : {}),
    // Only when they are deployed, and not by the clock: consumers have to connect again.
    ...(subscriptions.length > 0 && filling > 0 ? { UPDATES: "yes" } : {}),
    USERS: "/users",
  };
  const files = (items: readonly string[]) => ({
    configMap: { name: configMap, defaultMode: "0444", items: items.map((key) => ({ key, path: key })) },
  });
  // All of a secret: a rotation adds keys.
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
        // What is missing is then said where the pod is described.
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
