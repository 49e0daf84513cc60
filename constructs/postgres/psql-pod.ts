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

/** Who allows the network traffic of a job's pods. */
export interface JobTraffic {
  /**
   * `own`: a network policy of the job's own allows egress to the server and DNS. `namespace`: policies of the namespace already do,
   * and the job brings none. The server has to allow ingress from its pods either way.
   * @default "own"
   */
  readonly traffic?: "own" | "namespace";
}

export interface PsqlPodProps extends JobTraffic {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** The server, at whose writer's end the script works. */
  readonly postgres: Postgres;

  /** What it is called in the cluster; a hash follows. */
  readonly name: string;

  /** Files and directories of what the script needs, itself first. */
  readonly files: readonly string[];

  /** What the script is told. */
  readonly settings: Readonly<Record<string, string>>;

  /** Who signs in, by the directory in which the script finds `user` and `password`; `.` is the directory of all. */
  readonly credentials: Readonly<Record<string, Credentials>>;

  readonly after?: readonly ITerraformDependable[];
}

/** What of a job is said here. */
export interface PsqlJobSpec extends Pick<JobV1Spec, "podFailurePolicy"> {
  readonly backoffLimit: number;
  readonly activeDeadlineSeconds: number;
  readonly template: JobV1SpecTemplate;
}

/** Pods that a job tries one after the other. */
const RETRIES = 4;

/** What a job has for all of them; the wait for the server takes half of it at most. */
const DEADLINE_SECONDS = 600;

/** The user `postgres` in the image. */
const USER = "70";

/**
 * A pod that runs a script with psql, for a job: as nobody in particular, with nothing that can be written but memory,
 * passwords as files, and no token of the cluster.
 */
export class PsqlPod extends Construct {
  /** What a job that runs it is, with arguments for the script. */
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
    const files = filesOf(props.files);
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

  /** A job that runs it once, again when its files or its settings change, under the addresses of the scope. */
  job(scope: Construct, ...args: readonly string[]): VerifiedJob {
    const { cluster, namespace, name } = this.props;
    return new VerifiedJob(scope, "Default", { cluster, namespace, name, spec: this.jobSpecOf(...args), after: this.ready });
  }
}

/** What psql reads by itself. */
const SERVER = { PGHOST: "{host}", PGPORT: "{port}", PGSSLMODE: "verify-full", PGSSLROOTCERT: "{ca}" } as const;

function podSpec({ cluster, settings, credentials }: PsqlPodProps, server: PodConnections, script: string) {
  const told = { ...settings, CREDENTIALS: "/credentials", SCRIPTS: "/scripts", TMPDIR: "/tmp", HOME: "/tmp" };
  const env = Object.entries(told).map(([name, value]) => ({ name, value }));
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
    initContainer: server.initContainers,
    container: [
      {
        name: "psql",
        image: imageFrom(cluster, TOOLS.psql),
        imagePullPolicy: "IfNotPresent",
        command: ["sh", `/scripts/${script}`],
        env: [...server.env, ...env].sort((one, other) => (one.name < other.name ? -1 : 1)),
        resources: { requests: { cpu: "50m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        securityContext: { ...RESTRICTED, runAsUser: USER, runAsGroup: USER, seccompProfile: { type: "RuntimeDefault" } },
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
      // A password lies there for a moment.
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    ],
  };
}

/** A source for each secret: the API keeps a list of them, and a source that held two would come back as two. */
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

/** What is at home in another namespace, of which this one needs a copy. */
function abroad<T extends { readonly home: string }>(needed: readonly T[], namespace: string): readonly T[] {
  return needed.filter(({ home }) => home !== namespace);
}

function secretsOf(credentials: readonly Credentials[]): readonly NeededSecret[] {
  const facts = credentials.flatMap(({ user, password }) => [user, password]);
  return [...new Map(facts.map(({ secret, home }) => [`${home}/${secret.name}`, { secret, home }])).values()];
}

/** Contents by name: of files, and of all files in directories. */
function filesOf(paths: readonly string[]): Readonly<Record<string, string>> {
  const files = paths.flatMap((path) =>
    path.endsWith(".sh") || path.endsWith(".sql")
      ? [path]
      : readdirSync(path)
          .sort()
          .map((name) => join(path, name)),
  );
  return literalFiles(files);
}
