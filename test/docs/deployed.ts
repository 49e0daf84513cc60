import { type KubernetesObject, kubernetesObjects } from "../../constructs/kubernetes";
import type { Synthesis } from "../../stacks";

/** What a person can name in a command: clusters by the context of their kubeconfig, stacks, and names in AWS. */
export interface Deployed {
  readonly clusters: (context: string) => ClusterContents | undefined;
  readonly stacks: ReadonlySet<string>;
  readonly environments: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;

  /** Names of CronJobs of all clusters. */
  readonly jobs: ReadonlySet<string>;

  /** Checks that a stack has a value: a name of an EKS cluster, a secret, a database. */
  readonly isNamed: (name: string) => boolean;
}

export interface ClusterContents {
  /** Name in EKS and region. Undefined for an existing cluster. */
  readonly eks: { readonly name: string; readonly region: string } | undefined;
  readonly namespaces: ReadonlySet<string>;

  /** Names by kind in lower case: `ns/name`, or `/name` without a namespace. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;

  /** Patterns of the names of pods: `ns/name`. */
  readonly pods: readonly RegExp[];

  /** Labels of pods: `ns key=value`. */
  readonly labels: ReadonlySet<string>;
  readonly releases: ReadonlySet<string>;
}

type Found = (kind: string, namespace: string, name: string) => void;

/** Objects that an operator or a controller creates for an object, by the object's kind. */
const MADE: Readonly<Record<string, (object: KubernetesObject, found: Found) => void>> = {
  Certificate: ({ metadata, spec }, found) => found("secret", metadata.namespace ?? "", text(spec, "secretName") ?? metadata.name),
  ExternalSecret: ({ metadata, spec }, found) =>
    found("secret", metadata.namespace ?? "", text((spec as { target?: unknown }).target, "name") ?? metadata.name),
  Cluster: ({ metadata: { name, namespace = "" } }, found) => {
    for (const service of ["rw", "ro", "r"]) found("service", namespace, `${name}-${service}`);
    for (const secret of ["app", "ca", "server", "replication"]) found("secret", namespace, `${name}-${secret}`);
    for (const claim of ["1", "1-wal", "2", "2-wal", "3", "3-wal"]) found("persistentvolumeclaim", namespace, `${name}-${claim}`);
    found("pod", namespace, `${name}-\\d`);
  },
  Elasticsearch: ({ metadata: { name, namespace = "" } }, found) => {
    found("secret", namespace, `${name}-es-elastic-user`);
    found("service", namespace, `${name}-es-http`);
    found("pod", namespace, `${name}-es-\\w+-\\d`);
  },
  Kibana: ({ metadata: { name, namespace = "" } }, found) => found("service", namespace, `${name}-kb-http`),
  Gateway: ({ metadata: { name, namespace = "" } }, found) => {
    found("deployment", namespace, `${name}-nginx`);
    found("service", namespace, `${name}-nginx`);
  },
  StatefulSet: ({ metadata: { name, namespace = "" } }, found) => found("pod", namespace, `${name}-\\d`),
  Deployment: ({ metadata: { name, namespace = "" } }, found) => found("pod", namespace, `${name}-\\w+-\\w+`),
};

function text(of: unknown, key: string): string | undefined {
  const value = (of as Readonly<Record<string, unknown>> | undefined)?.[key];
  return typeof value === "string" ? value : undefined;
}

/** Everything that a program deploys. Stacks are synthesized when a command names something in them. */
export function deployedBy({ compositions, stacks }: Synthesis): Deployed {
  const jsonOf = (stack: string) => stacks.get(stack)?.json ?? {};
  const sites = compositions.flatMap(({ name, sites }) =>
    sites.map((populated) => {
      const { key, cluster } = populated.site;
      const part = key === "cluster" ? "" : `-${key.replace("Cluster", "")}`;
      return { ...populated, stack: `${name}${part}-cluster`, context: "context" in cluster ? cluster.context : `${name}${part}` };
    }),
  );
  const clusters = remembered((context) => {
    const found = sites.find((site) => site.context === context);
    if (!found) return undefined;
    const { aws_eks_cluster = {} } = (jsonOf(found.stack).resource ?? {}) as { aws_eks_cluster?: Record<string, { name: string }> };
    const [control] = Object.values(aws_eks_cluster);
    const all = found.stacks.map(({ node }) => kubernetesObjects(jsonOf(node.id)));
    return {
      ...contentsOf(
        all.flatMap(({ objects }) => objects),
        found.site.ledger.groups.map((group) => group.name),
      ),
      releases: new Set(all.flatMap(({ releases }) => releases.map(({ namespace, name }) => `${namespace}/${name}`))),
      eks: control && { name: control.name, region: found.site.environment.aws?.region ?? "" },
    };
  });
  const textOf = remembered((environment) =>
    [...stacks.keys()].flatMap((id) => (id.startsWith(`${environment}-`) ? [JSON.stringify(jsonOf(id))] : [])).join("\n"),
  );
  const names = compositions.map(({ name }) => name);
  return {
    clusters,
    stacks: new Set(stacks.keys()),
    environments: new Set(names.filter((name) => !name.startsWith(BOOTSTRAP))),
    accounts: new Set(names.filter((name) => name.startsWith(BOOTSTRAP)).map((name) => name.slice(BOOTSTRAP.length))),
    jobs: new Set(
      [...new Set(sites.map(({ context }) => context))].flatMap((context) =>
        [...(clusters(context)?.names.get("cronjob") ?? [])].map((name) => name.split("/")[1] ?? ""),
      ),
    ),
    isNamed: (name) => {
      const [, environment = ""] = name.split("-");
      return textOf(names.includes(environment) ? environment : "bootstrap").includes(`"${name}"`);
    },
  };
}

const BOOTSTRAP = "bootstrap-";

function remembered<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key) as T;
  };
}

function contentsOf(objects: readonly KubernetesObject[], declared: readonly string[]): Omit<ClusterContents, "eks" | "releases"> {
  const names = new Map<string, Set<string>>();
  const pods: RegExp[] = [];
  const found: Found = (kind, namespace, name) => {
    if (kind === "pod") pods.push(new RegExp(`^${namespace}/${name}$`));
    else names.set(kind, (names.get(kind) ?? new Set()).add(`${namespace}/${name}`));
  };
  const labels = new Set<string>();
  for (const object of objects) {
    found(object.kind.toLowerCase(), object.metadata.namespace ?? "", object.metadata.name);
    MADE[object.kind]?.(object, found);
    const template = (object.spec as { template?: { metadata?: { labels?: Record<string, string> } } } | undefined)?.template;
    for (const [key, value] of Object.entries(template?.metadata?.labels ?? {})) labels.add(`${object.metadata.namespace} ${key}=${value}`);
    if (object.kind === "Cluster") labels.add(`${object.metadata.namespace} cnpg.io/cluster=${object.metadata.name}`);
  }
  // Pods of charts and add-ons: their controllers have the same names.
  for (const group of declared) {
    const [namespace = "", name = ""] = group.split("/");
    for (const kind of ["deployment", "statefulset", "daemonset", "service"]) found(kind, namespace, name);
    found("pod", namespace, `${name}-\\w+(-\\w+)?`);
  }
  const namespaces = new Set(["kube-system", ...[...names.values()].flatMap((all) => [...all].map((name) => name.split("/")[0] ?? ""))]);
  return { namespaces, names, pods, labels };
}
