import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DataKubernetesConfigMapV1 } from "@cdktf/provider-kubernetes/lib/data-kubernetes-config-map-v1";
import { JobV1 } from "@cdktf/provider-kubernetes/lib/job-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { type ITerraformDependable, type TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { Connectable } from "../connection";
import { literal } from "../core/templates";
import { TOOLS } from "../core/versions";
import { API_SERVER, type KubernetesTarget, namespacesIn, type TrafficRule } from "../kubernetes";
import { type Check, checkFiles, type Kind, OBJECTS } from "./checks";
import { DISRUPTIONS_IGNORED } from "./disruptions";
import { fingerprintOf } from "./fingerprint";
import { PodTemplate } from "./pod-template";

export interface VerificationProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Name of its objects; its job's name ends in a hash. */
  readonly name: string;

  /** Component label of its pod, by which ingress rules allow it. */
  readonly component: string;

  readonly checks: readonly Check[];

  /** Verified state in addition to the checks: a change reruns the job. */
  readonly of: unknown;

  /** Resources whose changes rerun the job, also if only the apply knows them and the configuration stays the same. */
  readonly follows: readonly TerraformResource[];

  /**
   * Reruns the job at any change of these, or only if one was recreated.
   * @default "change"
   */
  readonly rerunsOn?: "change" | "creation";

  /** Time until all checks must pass, in seconds. */
  readonly time: number;

  /** Egress rules of its pod, in addition to the Kubernetes API. */
  readonly egress: readonly TrafficRule[];

  /** Target of queries, if there are any. */
  readonly database?: Connectable;

  readonly after: readonly ITerraformDependable[];
}

const SOURCES = Object.fromEntries(
  ["verify.sh", "query.sh", "flatten.awk", "pods.awk", "events.awk", "conditions.awk", "causes.awk"].map((file) => [
    file,
    readFileSync(join(__dirname, "verification", file), "utf8"),
  ]),
);

/** Variables that psql reads. */
const PSQL = {
  PGHOST: "{host}",
  PGPORT: "{port}",
  PGDATABASE: "{database}",
  PGUSER: "{user}",
  PGPASSWORD: "{password}",
  PGSSLMODE: "verify-full",
  PGSSLROOTCERT: "{ca}",
} as const;

/** Retries if a pod is lost. A failed check needs no other pod. */
const RETRIES = 2;

/** Time in seconds for pulling the image, and for attempts that start at the end: ten seconds each, more for long lists. */
const MARGIN = 300;

/** Time that failed jobs stay, in seconds: Terraform polls every ten. */
const KEEP = 60;

/** The user of the image. */
const USER = 100;

const ACCOUNT = "/var/run/secrets/verification";
const CHECKS = "/checks";

/** Its account's token and the API's CA certificate, mounted where no other container finds them. */
const OWN_TOKEN = {
  defaultMode: "0440",
  sources: [
    { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
    { configMap: [{ name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] }] },
  ],
};

/**
 * A job that runs checks, and a result that Terraform reads: if a check fails, the apply ends with the cause, because Terraform reports of
 * a failed job only that it failed. The job and the jobs that it checks then expire after a minute, so the next apply runs them again until
 * all checks pass; a succeeded job stays.
 */
export class Verification extends Construct {
  /** Resource to depend on, reached only if all checks pass. */
  readonly passed: ITerraformDependable;

  constructor(scope: Construct, id: string, props: VerificationProps) {
    super(scope, id);
    const { cluster, namespace, name, component, checks, of, follows, rerunsOn = "change", time, egress, database, after } = props;
    const { files, bearers } = checkFiles(checks);
    const data = escaped(files);
    const scripts = scriptsIn(this, namespace);
    const jobName = `${name}-${fingerprintOf([DISRUPTIONS_IGNORED, of, SOURCES, data, Object.entries(bearers), database ? [TOOLS.curl, TOOLS.psql] : TOOLS.curl, time])}`;
    const dependsOn = [...after, ...follows];
    const jobs = jobsOf(props);
    const listed = new ConfigMapV1(this, "checks", { metadata: { namespace, name: jobName }, data, dependsOn });
    const report = new ConfigMapV1(this, "report", {
      metadata: { namespace, name: `${name}-report` },
      lifecycle: { ignoreChanges: ["data"] },
      dependsOn,
    });
    const pod = new PodTemplate(this, "pod", {
      cluster,
      namespace,
      name,
      component,
      ends: true,
      // A shell doesn't handle SIGTERM while it waits for a command.
      graceSeconds: 5,
      user: USER,
      cpu: "10m",
      memory: "64Mi",
      command: ["sh", `${CHECKS}/verify.sh`],
      told: {
        API: "https://kubernetes.default.svc",
        API_CA: `${ACCOUNT}/ca.crt`,
        CHECKS,
        HOME: "/tmp", // for psql
        EXPIRES: jobs.join(" "),
        // The id of a recreated resource, also of one that was deleted outside Terraform, is unknown until apply, and reruns the job.
        FOLLOWS: follows.map((resource) => resource.getStringAttribute("id")).join(" "),
        JOB: jobName,
        KEEP: String(KEEP),
        NAMESPACE: namespace,
        REPORT: `${name}-report`,
        TIME: String(time),
        TMPDIR: "/tmp",
        TOKEN: `${ACCOUNT}/token`,
      },
      secrets: bearers,
      // It has no init container to build the bundle, and its clients get the CA certificate as an option.
      trustBundle: false,
      ...(database
        ? {
            connections: [{ connection: database.connection, variables: PSQL }],
            sidecars: [{ name: "query", image: TOOLS.psql, command: ["sh", `${CHECKS}/query.sh`], connected: true }],
          }
        : {}),
      egress: [API_SERVER, ...egress],
      after: dependsOn,
    });
    const template = pod.version({ image: TOOLS.curl });
    const job = new JobV1(this, "job", {
      metadata: { namespace, name: jobName, labels: pod.selector() },
      spec: {
        ...DISRUPTIONS_IGNORED,
        backoffLimit: RETRIES,
        activeDeadlineSeconds: time + MARGIN,
        template: {
          ...template,
          spec: {
            ...template.spec,
            // Lets a quota count it apart from long-running pods, so that they can't block it.
            activeDeadlineSeconds: time + MARGIN,
            // No wait for connections: a server that doesn't respond belongs in the report.
            initContainer: [],
            container: template.spec.container.map((container) => ({
              ...container,
              volumeMount: [
                ...container.volumeMount,
                ...(container.name === name ? [{ name: "account", mountPath: ACCOUNT, readOnly: true }] : []),
                { name: "checks", mountPath: CHECKS, readOnly: true },
              ],
            })),
            volume: [
              ...template.spec.volume,
              { name: "account", projected: [OWN_TOKEN] },
              {
                name: "checks",
                projected: [{ defaultMode: "0444", sources: [scripts.name, jobName].map((of) => ({ configMap: [{ name: of }] })) }],
              },
            ],
          },
        },
      },
      waitForCompletion: true,
      timeouts: { create: `${time + 2 * MARGIN}s`, update: `${time + 2 * MARGIN}s` },
      // The script sets it if a check fails; Terraform would revert it.
      lifecycle: {
        ignoreChanges: ["spec[0].ttl_seconds_after_finished"],
        ...(rerunsOn === "change" ? { replaceTriggeredBy: follows.map(addressOf) } : {}),
      },
      dependsOn: [...pod.ready, scripts.resource, listed, report, ...this.rights(props, [...jobs, jobName])],
    });
    const unknown = `the job ${jobName} in ${namespace} has left no report: kubectl logs job/${jobName} -n ${namespace}`;
    this.passed = new DataKubernetesConfigMapV1(this, "verdict", {
      metadata: { namespace, name: `${name}-report` },
      dependsOn: [job],
      lifecycle: {
        postcondition: [
          {
            condition: `\${try(self.data.of == "${jobName}" && self.data.verdict == "passed", false)}`,
            errorMessage: `\${try([for of in [self.data.of] : self.data.report if of == "${jobName}"][0], "${unknown}")}`,
          },
        ],
      },
    });
  }

  /** Creates its permissions, as few as each namespace needs: read checked objects, let jobs expire, write the report. */
  private rights({ namespace, name, checks, after, follows }: VerificationProps, jobs: readonly string[]): RoleBindingV1[] {
    const objects = checks.flatMap((check) => ("object" in check ? [check.object] : []));
    return [...new Set([namespace, ...objects.map((object) => object.namespace)])].map((place) => {
      const here = objects.filter((object) => object.namespace === place);
      const own = place === namespace;
      const metadata = { namespace: place, name: own ? name : `${name}-of-${namespace}` };
      const read = (Object.keys(OBJECTS) as Kind[]).flatMap((kind) => {
        const names = here.filter((object) => object.kind === kind).map((object) => object.name);
        const { group, resource, asks = [] } = OBJECTS[kind];
        if (names.length === 0) return [];
        const asked = asks.map((list) => ({ apiGroups: [list.group], resources: [list.resource], verbs: ["list"] }));
        return [{ apiGroups: [group], resources: [resource], resourceNames: [...new Set(names)].sort(), verbs: ["get"] }, ...asked];
      });
      const withPods = here.some(({ kind }) => OBJECTS[kind].look !== "conditions");
      const role = new RoleV1(this, own ? "role" : `role-${place}`, {
        metadata,
        rule: [
          ...read,
          // A list can't be restricted to names, only filtered by labels.
          ...(withPods ? PODS : []),
          ...(own ? [{ apiGroups: ["batch"], resources: ["jobs"], resourceNames: [...jobs], verbs: ["patch"] }] : []),
          ...(own ? [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [`${name}-report`], verbs: ["patch"] }] : []),
        ],
        dependsOn: [...after, ...follows],
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

/**
 * Returns the scripts of all verifications of a stack in a namespace, created once. Other scripts get another name, because pods would not
 * see the change.
 */
function scriptsIn(scope: Construct, namespace: string): { readonly name: string; readonly resource: ConfigMapV1 } {
  const stack = TerraformStack.of(scope);
  const id = `verification-scripts-${namespace}`;
  // Another stack may have its own in the same namespace.
  const name = `verification-${fingerprintOf([stack.node.id, SOURCES])}`;
  const there = stack.node.tryFindChild(id) as ConfigMapV1 | undefined;
  if (there) return { name, resource: there };
  const resource = new ConfigMapV1(stack, id, {
    metadata: { namespace, name },
    immutable: true,
    data: escaped(SOURCES),
    dependsOn: [...namespacesIn(stack, namespace)],
  });
  return { name, resource };
}

/** Pods, and what explains their state: events of the kubelet, and missing secrets. */
const PODS = [
  { apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] },
  { apiGroups: ["external-secrets.io"], resources: ["externalsecrets"], verbs: ["list"] },
];

/** Returns a resource's plain address: in `replaceTriggeredBy` cdktf would write it in `${}`, which Terraform can't parse. */
export function addressOf(resource: TerraformResource): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}

/** Returns the jobs that it checks. */
function jobsOf({ checks, namespace }: VerificationProps): readonly string[] {
  return checks.flatMap((check) =>
    "object" in check && check.object.kind === "Job" && check.object.namespace === namespace ? [check.object.name] : [],
  );
}

/** Escapes template sequences that are not our references, because Terraform parses strings as templates. */
function escaped(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, literal(text)]));
}
