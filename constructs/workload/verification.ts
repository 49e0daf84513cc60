import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DataKubernetesConfigMapV1 } from "@cdktf/provider-kubernetes/lib/data-kubernetes-config-map-v1";
import { JobV1 } from "@cdktf/provider-kubernetes/lib/job-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import { type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import { TOOLS } from "../core/versions";
import { API_SERVER, imageFrom, type KubernetesTarget, type Opening, PodTraffic } from "../kubernetes";
import { type Check, type CheckFiles, checkFiles, OBJECTS, type ObjectCheck } from "./checks";

export interface VerificationProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** What its objects are called; its job's name ends in a hash. */
  readonly name: string;

  /** Labels of its pod. */
  readonly labels: Readonly<Record<string, string>>;

  readonly checks: readonly (Check | ObjectCheck)[];

  /** What it is a verdict on, beside the checks themselves: when this changes, it looks again. */
  readonly of: unknown;

  /** Until all checks have to succeed, in seconds. */
  readonly time: number;

  /** Ways out of its pod, beside the Kubernetes API. */
  readonly reaches: readonly Opening[];

  readonly after: readonly ITerraformDependable[];
}

const SOURCES = Object.fromEntries(
  ["verify.sh", "flatten.awk", "pods.awk"].map((file) => [file, readFileSync(join(__dirname, "verification", file), "utf8")]),
);

/** Pods that are tried one after the other, where one is lost: what does not work is no reason for another. */
const RETRIES = 2;

/** For pulling the image, and for the tries that begin when the time is over: ten seconds each, and more for a long list. */
const MARGIN = 300;

/** How long failed jobs stay, in seconds: Terraform looks every ten. */
const KEEP = 60;

/** The user of the image. */
const [USER, GROUP] = ["100", "101"];

const ACCOUNT = "/var/run/secrets/verification";
const CHECKS = "/checks";

/**
 * A job that looks whether something works, and a word of it that Terraform reads: where something does not, the apply ends
 * with the cause, since Terraform says no more of a failed job than that it failed. The job then expires after a minute, and
 * those that it looked at with it, so that the next apply runs them again, until all works; one that succeeded stays.
 */
export class Verification extends Construct {
  /** What comes after a good end: it is reached by no other. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: VerificationProps) {
    super(scope, id);
    const { cluster, namespace, name, labels, checks, of, time, reaches } = props;
    const listed = checkFiles(checks);
    const files = { ...SOURCES, ...listed.files };
    const image = imageFrom(cluster, TOOLS.curl);
    const jobName = `${name}-${hashOf([of, files, Object.entries(listed.bearers), image, time, reaches])}`;
    const metadata = { namespace, name };
    const dependsOn = [...props.after];
    const looks = new ConfigMapV1(this, "checks", { metadata: { namespace, name: jobName }, data: escaped(files), dependsOn });
    const report = new ConfigMapV1(this, "report", { metadata, lifecycle: { ignoreChanges: ["data"] }, dependsOn });
    const traffic = new PodTraffic(this, "traffic", {
      namespace,
      name,
      labels,
      listens: [],
      reaches: [API_SERVER, ...reaches],
      after: dependsOn,
    });
    const account = new ServiceAccountV1(this, "account", { metadata, automountServiceAccountToken: false, dependsOn });
    const jobs = jobsOf(props);
    const job = new JobV1(this, "job", {
      metadata: { namespace, name: jobName, labels: { ...labels } },
      spec: {
        backoffLimit: RETRIES,
        activeDeadlineSeconds: time + MARGIN,
        template: {
          metadata: { labels: { ...labels } },
          spec: podSpec(props, image, jobName, listed, jobs),
        },
      },
      waitForCompletion: true,
      timeouts: { create: `${time + 2 * MARGIN}s`, update: `${time + 2 * MARGIN}s` },
      // The script writes it where something does not work; Terraform would take it back.
      lifecycle: { ignoreChanges: ["spec[0].ttl_seconds_after_finished"] },
      dependsOn: [...dependsOn, looks, report, traffic.policy, ...this.rights(props, account, [...jobs, jobName])],
    });
    this.passed = new DataKubernetesConfigMapV1(this, "verdict", {
      metadata,
      dependsOn: [job],
      lifecycle: {
        postcondition: [
          {
            condition: `\${try(self.data.of == "${jobName}" && self.data.verdict == "passed", false)}`,
            errorMessage: `\${try(self.data.of == "${jobName}" ? self.data.report : tonumber("another"), "the job ${jobName} in ${namespace} has left no report: see its log")}`,
          },
        ],
      },
    });
  }

  /** To read what it looks at, to let jobs expire, to write its report: in each namespace as much as is needed there. */
  private rights({ namespace, name, checks }: VerificationProps, account: ServiceAccountV1, jobs: readonly string[]): RoleBindingV1[] {
    const objects = checks.flatMap((check) => ("object" in check ? [check.object] : []));
    return [...new Set([namespace, ...objects.map((object) => object.namespace)])].map((place) => {
      const here = objects.filter((object) => object.namespace === place);
      const own = place === namespace;
      const metadata = { namespace: place, name: own ? name : `${name}-of-${namespace}` };
      const read = (["Deployment", "StatefulSet", "Job"] as const).flatMap((kind) => {
        const names = here.filter((object) => object.kind === kind).map((object) => object.name);
        const { group, resource } = OBJECTS[kind];
        return names.length > 0 ? [{ apiGroups: [group], resources: [resource], resourceNames: names.sort(), verbs: ["get"] }] : [];
      });
      const role = new RoleV1(this, own ? "role" : `role-${place}`, {
        metadata,
        rule: [
          ...read,
          // The API lists by labels, and not by names.
          ...(here.length > 0 ? [{ apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] }] : []),
          ...(own ? [{ apiGroups: ["batch"], resources: ["jobs"], resourceNames: [...jobs], verbs: ["patch"] }] : []),
          ...(own ? [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["patch"] }] : []),
        ],
        dependsOn: [account],
      });
      return new RoleBindingV1(this, own ? "binding" : `binding-${place}`, {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name },
        subject: [{ kind: "ServiceAccount", name, namespace }],
        dependsOn: [role],
      });
    });
  }
}

/** Jobs that it looks at. */
function jobsOf({ checks, namespace }: VerificationProps): readonly string[] {
  return checks.flatMap((check) =>
    "object" in check && check.object.kind === "Job" && check.object.namespace === namespace ? [check.object.name] : [],
  );
}

function podSpec(
  { namespace, name, time }: VerificationProps,
  image: string,
  jobName: string,
  { bearers }: CheckFiles,
  jobs: readonly string[],
) {
  const told = {
    API: "https://kubernetes.default.svc",
    API_CA: `${ACCOUNT}/ca.crt`,
    CHECKS,
    EXPIRES: jobs.join(" "),
    JOB: jobName,
    KEEP: String(KEEP),
    NAMESPACE: namespace,
    REPORT: name,
    TIME: String(time),
    TMPDIR: "/tmp",
    TOKEN: `${ACCOUNT}/token`,
  };
  const shown = Object.entries(bearers).map(([variable, { secret, key }]) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: secret.name, key } },
  }));
  return {
    restartPolicy: "Never",
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: GROUP, fsGroup: GROUP, seccompProfile: { type: "RuntimeDefault" } },
    container: [
      {
        name: "verify",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `${CHECKS}/verify.sh`],
        env: [...Object.entries(told).map(([variable, value]) => ({ name: variable, value })), ...shown].sort((one, other) =>
          one.name < other.name ? -1 : 1,
        ),
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: USER,
          runAsGroup: GROUP,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMount: [
          { name: "account", mountPath: ACCOUNT, readOnly: true },
          { name: "checks", mountPath: CHECKS, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volume: [
      {
        name: "account",
        projected: [
          {
            defaultMode: "0440",
            sources: [
              { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
              { configMap: [{ name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] }] },
            ],
          },
        ],
      },
      { name: "checks", configMap: { name: jobName, defaultMode: "0444" } },
      { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
    ],
  };
}

/** Terraform reads a text as a template: what looks like one and is no reference of ours is escaped. */
function escaped(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace(/([$%])\{(?!TfToken\[)/g, "$1$1{")]));
}

/** Without what is known at apply only: its place in the program's text would count, which changes with everything else. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part) =>
    typeof part === "string" ? part.replace(TOKEN, "") : Token.isUnresolved(part) ? null : part,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

const TOKEN = /\$\{TfToken\[[^\]]*\]\}/g;
