import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1, type CronJobV1Spec } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { JobV1Spec } from "@cdktf/provider-kubernetes/lib/job-v1";
import type { ITerraformDependable } from "cdktf";
import type { Construct } from "constructs";
import { literalFiles } from "../core/templates";
import { type KubernetesTarget, PodTraffic, RESTRICTED, type TrafficRule } from "../kubernetes";
import { BY_HAND, DISRUPTIONS_IGNORED, fingerprintOf } from "../workload";

/** Props of the CronJobs that rotate a credential. */
export interface RotationJobsProps {
  readonly namespace: string;

  /** Names of the two CronJobs: the scheduled one that applies rotations, and the one that a person starts to revoke. */
  readonly names: RotationNames;

  /** Schedule of the first one. */
  readonly clock: Omit<CronJobV1Spec, "jobTemplate">;

  /** Job specification that runs the script with these arguments. */
  readonly jobSpecOf: (...args: readonly string[]) => JobV1Spec;

  readonly after: readonly ITerraformDependable[];
}

/** Names of the two CronJobs of a rotation. */
export interface RotationNames {
  readonly keep: string;
  readonly revoke: string;
}

/**
 * CronJobs for the credentials of an engine. One applies rotated credentials from the Secret to the engine, and ends the former ones after
 * the overlap. The other immediately ends the former ones and their sessions; only a person starts it.
 */
export function rotationJobs(scope: Construct, { namespace, names, clock, jobSpecOf, after }: RotationJobsProps): void {
  new CronJobV1(scope, "rotation", {
    metadata: { namespace, name: names.keep },
    spec: { ...clock, jobTemplate: { metadata: {}, spec: { ...jobSpecOf(), backoffLimit: 0 } } },
    dependsOn: [...after],
  });
  new CronJobV1(scope, "revocation", {
    metadata: { namespace, name: names.revoke },
    spec: { ...BY_HAND, jobTemplate: { metadata: {}, spec: { ...jobSpecOf("revoke"), ttlSecondsAfterFinished: "86400" } } },
    dependsOn: [...after],
  });
}

/** Props of a `RotationScript`. */
export interface RotationScriptProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Name of its jobs and of the network policy, and prefix of the ConfigMap's name. */
  readonly name: string;

  /** Image with a shell and `sha256sum`. */
  readonly image: string;

  /** Name of the container. */
  readonly tool: string;

  /** The script to run, and the scripts that it sources. */
  readonly files: readonly string[];

  /** Environment variables in addition to PASSWORDS and TMPDIR. */
  readonly settings: Readonly<Record<string, string>>;

  /** The Secret with the credentials. */
  readonly secretName: string;

  /** Egress rules of its pods, in addition to DNS. */
  readonly egress: readonly TrafficRule[];

  /** @default - the namespace's default service account, which has no rights */
  readonly account?: { readonly name: string; readonly token: boolean };

  /**
   * The Secret with the engine's `ca.crt`, whose path is in the variable CA.
   * @default - none
   */
  readonly authority?: string;

  readonly longestSeconds: number;
  readonly after: readonly ITerraformDependable[];
}

/** Script of a rotation: the spec of its jobs, and what they depend on. */
export interface RotationScript {
  readonly jobSpecOf: (...args: readonly string[]) => JobV1Spec & { readonly activeDeadlineSeconds: number };
  readonly ready: readonly ITerraformDependable[];
}

/** The user `nobody` in most distributions. */
const USER = "65534";

/** Retries of a job, each with a new pod. */
const RETRIES = 4;

/** Labels of the pods that run the script. */
export function rotationLabels(name: string): Readonly<Record<string, string>> {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "job" };
}

/**
 * A script that applies credentials, with the resources of its pods: its source, network policy, passwords as files, and a memory volume.
 */
export function rotationScript(scope: Construct, props: RotationScriptProps): RotationScript {
  const { namespace, name, image, tool, files, secretName, egress, account, authority, longestSeconds, after } = props;
  const data = literalFiles(files);
  const [script = ""] = Object.keys(data);
  const configMap = `${name}-${fingerprintOf(data)}`;
  const labels = rotationLabels(name);
  const dependsOn = [...after];
  const source = new ConfigMapV1(scope, "script", { metadata: { namespace, name: configMap }, data, dependsOn });
  const { policy } = new PodTraffic(scope, "traffic", { namespace, name, labels, ingress: [], egress, after });
  const settings = { ...props.settings, ...(authority ? { CA: "/authority/ca.crt" } : {}), PASSWORDS: "/passwords", TMPDIR: "/tmp" };
  const restricted = { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } };
  const jobSpecOf = (...args: readonly string[]) => ({
    ...DISRUPTIONS_IGNORED,
    activeDeadlineSeconds: longestSeconds,
    backoffLimit: RETRIES,
    template: {
      metadata: { labels },
      spec: {
        restartPolicy: "Never",
        ...(account ? { serviceAccountName: account.name } : {}),
        automountServiceAccountToken: account?.token ?? false,
        enableServiceLinks: false,
        securityContext: restricted,
        container: [
          {
            name: tool,
            image,
            imagePullPolicy: "IfNotPresent",
            command: ["sh", `/scripts/${script}`, ...args],
            env: Object.entries(settings)
              .sort(([one], [other]) => (one < other ? -1 : 1))
              .map(([variable, value]) => ({ name: variable, value })),
            resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "256Mi" } },
            securityContext: { ...RESTRICTED, seccompProfile: { type: "RuntimeDefault" } },
            terminationMessagePolicy: "FallbackToLogsOnError",
            volumeMount: [
              ...(authority ? [{ name: "authority", mountPath: "/authority", readOnly: true }] : []),
              { name: "passwords", mountPath: "/passwords", readOnly: true },
              { name: "scripts", mountPath: "/scripts", readOnly: true },
              { name: "tmp", mountPath: "/tmp" },
            ],
          },
        ],
        volume: [
          ...(authority
            ? [{ name: "authority", secret: { secretName: authority, defaultMode: "0440", items: [{ key: "ca.crt", path: "ca.crt" }] } }]
            : []),
          // The whole Secret, because a rotation adds a key.
          { name: "passwords", secret: { secretName, defaultMode: "0440" } },
          { name: "scripts", configMap: { name: configMap, defaultMode: "0444" } },
          // For temporary files with passwords.
          { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
        ],
      },
    },
  });
  return { jobSpecOf, ready: [source, policy] };
}
