import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import type { JobV1Spec, JobV1SpecTemplate } from "@cdktf/provider-kubernetes/lib/job-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type NeededAuthority, type NeededSecret, type PodConnections, podConnections } from "../connection";
import { refuse } from "../core/errors";
import { literalFiles } from "../core/templates";
import { TOOLS } from "../core/versions";
import { imageFrom, type KubernetesTarget, PodTraffic, RESTRICTED, type TrafficRule } from "../kubernetes";
import { DISRUPTIONS_IGNORED, fingerprintOf, NamespaceConnections, VerifiedJob } from "../workload";
import { type Credentials, type Postgres, postgresConnection } from "./contract";

/** Source of the network policy for a job's pods. */
export interface JobTraffic {
  /**
   * `own`: the job's own network policy allows egress to the server and DNS. `namespace`: policies of the namespace already do, and the job
   * creates none. The server must allow ingress from its pods either way.
   * @default "own"
   */
  readonly traffic?: "own" | "namespace";
}

export interface PsqlPodProps extends JobTraffic {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The server, to whose writer the script connects. */
  readonly postgres: Postgres;

  /** Name prefix of its Kubernetes objects; a hash follows. */
  readonly name: string;

  /** Files and directories that the script needs, the script first. */
  readonly files: readonly string[];

  /** Environment variables of the script. */
  readonly settings: Readonly<Record<string, string>>;

  /** Credentials by the directory in which the script finds `user` and `password`; `.` is the credentials directory itself. */
  readonly credentials: Readonly<Record<string, Credentials>>;

  readonly after?: readonly ITerraformDependable[];
}

/** The fields of a job that are set here. */
export interface PsqlJobSpec extends Pick<JobV1Spec, "podFailurePolicy"> {
  readonly backoffLimit: number;
  readonly activeDeadlineSeconds: number;
  readonly template: JobV1SpecTemplate;
}

/** Retries of a job, each with a new pod. */
const RETRIES = 4;

/** Deadline of a job with all retries; waiting for the server takes at most half of it. */
const DEADLINE_SECONDS = 600;

/** ID of the user `postgres` in the image. */
export const PSQL_USER = "70";

/**
 * A pod that runs a script with psql, for a job: as an unprivileged user, with only memory volumes writable, passwords as files, and no
 * service account token.
 */
export class PsqlPod extends Construct {
  /** Specification of a job that runs it, with arguments for the script. */
  readonly jobSpecOf: (...args: readonly string[]) => PsqlJobSpec;
  readonly egress: readonly TrafficRule[];
  readonly secrets: readonly NeededSecret[];
  readonly authorities: readonly NeededAuthority[];

  private readonly props: PsqlPodProps;
  private readonly ready: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: PsqlPodProps) {
    super(scope, id);
    const { cluster, namespace, postgres, name, credentials, traffic = "own", after = [] } = props;
    this.props = props;
    const asked = [{ connection: postgresConnection(postgres, "migrator"), variables: SERVER }];
    const server = podConnections(cluster, asked, { trustBundle: false });
    refuse(this, server.problems, "postgres");
    const files = literalFiles(filePaths(props.files));
    const [script = ""] = Object.keys(files);
    const labels = { "app.kubernetes.io/name": name, "app.kubernetes.io/component": "job" };
    const spec = podSpec(props, server, script);
    const configMap = `${name}-${fingerprintOf([files, Object.values(props.settings)])}`;
    const dependsOn = [...after];
    const scripts = new ConfigMapV1(this, "scripts", { metadata: { name: configMap, namespace }, data: files, dependsOn });
    const authorities = server.configMaps.map(
      ({ data }) => new ConfigMapV1(this, "authority", { metadata: { name: `${configMap}-ca`, namespace }, data: { ...data }, dependsOn }),
    );
    const volume = spec.volume.map((one) =>
      one.name === "scripts"
        ? { ...one, configMap: { name: configMap, defaultMode: "0444" } }
        : "configMap" in one && one.configMap
          ? { ...one, configMap: { ...one.configMap, name: `${configMap}-ca` } }
          : one,
    );
    this.jobSpecOf = (...args) => {
      const container = spec.container.map((one) => ({ ...one, command: [...one.command, ...args] }));
      const template = { metadata: { labels }, spec: { ...spec, container, volume } };
      return { ...DISRUPTIONS_IGNORED, backoffLimit: RETRIES, activeDeadlineSeconds: DEADLINE_SECONDS, template };
    };
    const policies =
      traffic === "own"
        ? [new PodTraffic(this, "traffic", { namespace, name, labels, ingress: [], egress: server.egress, after }).policy]
        : [];
    this.egress = server.egress;
    this.authorities = server.authorities;
    this.secrets = secretsOf(Object.values(credentials));
    const elsewhere = { secrets: abroad(this.secrets, namespace), authorities: abroad(this.authorities, namespace), configMaps: [] };
    const copies = NamespaceConnections.need(this, { cluster, namespace, after }, elsewhere);
    this.ready = [scripts, ...authorities, ...policies, ...copies];
  }

  /** A job that runs it once, and again when its files or settings change, with Terraform addresses in the scope. */
  job(scope: Construct, ...args: readonly string[]): VerifiedJob {
    const { cluster, namespace, name } = this.props;
    return new VerifiedJob(scope, "Default", { cluster, namespace, name, spec: this.jobSpecOf(...args), after: this.ready });
  }
}

/** Environment variables that psql reads. */
const SERVER = { PGHOST: "{host}", PGPORT: "{port}", PGSSLMODE: "verify-full", PGSSLROOTCERT: "{ca}" } as const;

function podSpec({ cluster, settings, credentials }: PsqlPodProps, server: PodConnections, script: string) {
  const told = { ...settings, CREDENTIALS: "/credentials", SCRIPTS: "/scripts", TMPDIR: "/tmp", HOME: "/tmp" };
  const env = Object.entries(told).map(([name, value]) => ({ name, value }));
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: PSQL_USER,
      runAsGroup: PSQL_USER,
      fsGroup: PSQL_USER,
      seccompProfile: { type: "RuntimeDefault" },
    },
    initContainer: server.initContainers,
    container: [
      {
        name: "psql",
        image: imageFrom(cluster, TOOLS.psql),
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `/scripts/${script}`],
        env: [...server.env, ...env].sort((one, other) => (one.name < other.name ? -1 : 1)),
        resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        securityContext: { ...RESTRICTED, runAsUser: PSQL_USER, runAsGroup: PSQL_USER, seccompProfile: { type: "RuntimeDefault" } },
        terminationMessagePolicy: "FallbackToLogsOnError",
        volumeMount: [
          ...server.mounts,
          { name: "credentials", mountPath: "/credentials", readOnly: true },
          { name: "scripts", mountPath: "/scripts", readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volume: [
      ...server.volumes,
      { name: "credentials", projected: [{ defaultMode: "0440", sources: sourcesOf(credentials) }] },
      { name: "scripts" },
      // For a password file.
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    ],
  };
}

/** One source per secret: the API stores a list of sources, and would return a source with two secrets as two. */
function sourcesOf(credentials: Readonly<Record<string, Credentials>>) {
  return Object.entries(credentials).flatMap(([directory, { user, password }]) =>
    [
      { fact: user, file: "user" },
      { fact: password, file: "password" },
    ].map(({ fact, file }) => ({
      secret: [{ name: fact.secret.name, items: [{ key: fact.key, path: directory === "." ? file : `${directory}/${file}` }] }],
    })),
  );
}

/** References to objects of other namespaces, of which this one needs a copy. */
function abroad<T extends { readonly home: string }>(needed: readonly T[], namespace: string): readonly T[] {
  return needed.filter(({ home }) => home !== namespace);
}

function secretsOf(credentials: readonly Credentials[]): readonly NeededSecret[] {
  const facts = credentials.flatMap(({ user, password }) => [user, password]);
  return [...new Map(facts.map(({ secret, home }) => [`${home}/${secret.name}`, { secret, home }])).values()];
}

/** Paths of files, and of all files in directories, in the order of their names. */
export function filePaths(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) =>
    path.endsWith(".sh") || path.endsWith(".sql")
      ? [path]
      : readdirSync(path)
          .sort()
          .map((name) => join(path, name)),
  );
}
