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

  /** What its objects are called; its job's name ends in a hash. */
  readonly name: string;

  /** What its pod is to the system; who lets it in knows it by this. */
  readonly component: string;

  readonly checks: readonly Check[];

  /** What it is a verdict on, beside the checks themselves: when this changes, it looks again. */
  readonly of: unknown;

  /** What it also looks at again whenever Terraform changes it: by what only an apply brings, nothing here differs. */
  readonly follows: readonly TerraformResource[];

  /**
   * Whether it looks again at any change of these, or only when one was created again.
   * @default "change"
   */
  readonly rerunsOn?: "change" | "creation";

  /** Until all checks have to succeed, in seconds. */
  readonly time: number;

  /** Ways out of its pod, beside the Kubernetes API. */
  readonly egress: readonly TrafficRule[];

  /** Whom queries are asked; none where there are no queries. */
  readonly database?: Connectable;

  readonly after: readonly ITerraformDependable[];
}

const SOURCES = Object.fromEntries(
  ["verify.sh", "query.sh", "flatten.awk", "pods.awk", "events.awk", "conditions.awk", "causes.awk"].map((file) => [
    file,
    readFileSync(join(__dirname, "verification", file), "utf8"),
  ]),
);

/** What psql reads by itself. */
const PSQL = {
  PGHOST: "{host}",
  PGPORT: "{port}",
  PGDATABASE: "{database}",
  PGUSER: "{user}",
  PGPASSWORD: "{password}",
  PGSSLMODE: "verify-full",
  PGSSLROOTCERT: "{ca}",
} as const;

/** Pods that are tried one after the other, where one is lost: what does not work is no reason for another. */
const RETRIES = 2;

/** For pulling the image, and for the tries that begin when the time is over: ten seconds each, and more for a long list. */
const MARGIN = 300;

/** How long failed jobs stay, in seconds: Terraform looks every ten. */
const KEEP = 60;

/** The user of the image. */
const USER = 100;

const ACCOUNT = "/var/run/secrets/verification";
const CHECKS = "/checks";

/** Its account's token, and the certificates of the API, where nothing else of the pod finds them. */
const OWN_TOKEN = {
  defaultMode: "0440",
  sources: [
    { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
    { configMap: [{ name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] }] },
  ],
};

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
      // A shell hears of no end while it waits for something.
      graceSeconds: 5,
      user: USER,
      cpu: "10m",
      memory: "64Mi",
      command: ["sh", `${CHECKS}/verify.sh`],
      told: {
        API: "https://kubernetes.default.svc",
        API_CA: `${ACCOUNT}/ca.crt`,
        CHECKS,
        HOME: "/tmp", // psql looks there
        EXPIRES: jobs.join(" "),
        // Known at apply where one is made anew, also by somebody else's fault: then nobody has looked at it yet.
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
      // It has no container before its own, and its clients are told who the authority is.
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
            // By this a quota counts it apart from what runs for good, which so can't shut it out.
            activeDeadlineSeconds: time + MARGIN,
            // Nobody is waited for: what does not answer belongs into the report.
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
      // The script writes it where something does not work; Terraform would take it back.
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

  /** To read what it looks at, to let jobs expire, to write its report: in each namespace as much as is needed there. */
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
          // The API lists by labels, and not by names.
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

/** What all verifications of a stack in a namespace run, once. Its name is another for other scripts, as pods would not see them. */
function scriptsIn(scope: Construct, namespace: string): { readonly name: string; readonly resource: ConfigMapV1 } {
  const stack = TerraformStack.of(scope);
  const id = `verification-scripts-${namespace}`;
  // Another stack may have some in the same namespace.
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

/** Pods, and what says of them what they don't: the kubelet, and secrets that have not come. */
const PODS = [
  { apiGroups: [""], resources: ["pods", "events"], verbs: ["list"] },
  { apiGroups: ["external-secrets.io"], resources: ["externalsecrets"], verbs: ["list"] },
];

/** Its plain address: what cdktf makes of a resource where one triggers another's replacement, in ${}, Terraform can't read. */
export function addressOf(resource: TerraformResource): string {
  return `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
}

/** Jobs that it looks at. */
function jobsOf({ checks, namespace }: VerificationProps): readonly string[] {
  return checks.flatMap((check) =>
    "object" in check && check.object.kind === "Job" && check.object.namespace === namespace ? [check.object.name] : [],
  );
}

/** Terraform reads a text as a template: what looks like one and is no reference of ours is escaped. */
function escaped(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, literal(text)]));
}
