import type { Problem } from "../core/errors";
import type { KubernetesTarget, TrafficRule } from "../kubernetes";
import type { SecretSpec } from "../secrets";
import type { Authority, Connection, ConnectionValue, RemoteCopy, RequestedConnection, SecretReference } from "./contract";
import { bundleContainer, type ConnectionContainer, waitContainer } from "./init-containers";
import { BUNDLE, BUNDLE_DIRECTORY, BUNDLE_SIZE, BUNDLE_VARIABLES, BUNDLE_VOLUME } from "./trust-bundle";

/** Parts of a pod for the connections of its workload, in the kubernetes provider's format, and the objects that they need. */
export interface PodConnections {
  /** Ordered: variables come before those that reference them. */
  readonly env: ConnectionVariable[];

  /** Variables that point runtimes to the trust bundle. Others of the same name override them. */
  readonly trust: Readonly<Record<string, string>>;

  readonly volumes: ConnectionVolume[];
  readonly mounts: ConnectionMount[];

  /** Containers that write the trust bundle and wait for the services, if needed. */
  readonly initContainers: ConnectionContainer[];

  /** Egress rules of the pod. */
  readonly egress: readonly TrafficRule[];

  /** Secrets that must exist in the pod's namespace under their own names. */
  readonly secrets: readonly NeededSecret[];

  /** Secrets with CA certificates, under their own names in the pod's namespace; only the key of each is needed. */
  readonly authorities: readonly NeededAuthority[];

  /** ConfigMaps with non-secret CA certificates in the pod's namespace, shared by all workloads that need the same. */
  readonly configMaps: readonly AuthorityObject[];

  /** Problems of the requested connections. */
  readonly problems: readonly Omit<Problem, "path">[];
}

/** Environment variable of a connection, in the form of the provider. */
export interface ConnectionVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

/** Volume with a connection's files, in the form of the provider. */
export interface ConnectionVolume {
  readonly name: string;
  readonly configMap?: { readonly name: string; readonly defaultMode: string };
  readonly secret?: { readonly secretName: string; readonly items: { key: string; path: string }[]; readonly defaultMode: string };
  readonly emptyDir?: { readonly sizeLimit: string };
}

/** Mount of a connection's files in a container, in the form of the provider. */
export interface ConnectionMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: true;
}

/** A Secret that the pod reads, and its home namespace. */
export interface NeededSecret {
  readonly secret: SecretSpec;
  readonly home: string;
}

/** A Secret with CA certificates that the pod reads, and its home namespace. */
export interface NeededAuthority {
  readonly home: string;
  readonly secretName: string;
  readonly key: string;
  readonly elsewhere?: RemoteCopy;
}

/** A ConfigMap with certificates. */
export interface AuthorityObject {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Path of the public roots in images of most distributions (Debian, Alpine, and images based on them). */
const PUBLIC_ROOTS_OF_IMAGES = "/etc/ssl/certs/ca-certificates.crt";

/** Options of the connections of one pod. */
export interface PodConnectionsOptions {
  /**
   * Adds a bundle of all CA certificates and the public roots to a pod whose connections use TLS. Not needed for a platform image: its
   * client gets `{ca}`.
   * @default true
   */
  readonly trustBundle?: boolean;
}

/** Returns the parts of a pod for its workload's connections. */
export function podConnections(
  cluster: Pick<KubernetesTarget, "mirror">,
  wanted: readonly RequestedConnection[],
  { trustBundle = true }: PodConnectionsOptions = {},
): PodConnections {
  const problems: Omit<Problem, "path">[] = [...nameProblems(wanted)];
  const parts = wanted.map((one) => new Part(one, trustBundle ? BUNDLE : PUBLIC_ROOTS_OF_IMAGES, problems));
  problems.push(...claimProblems(parts));
  const env = parts.flatMap(({ env }) => env);
  const needed = parts.flatMap(({ secretFacts }) => secretFacts);
  const authorities = parts.flatMap(({ authority }) => (typeof authority === "object" && "secretName" in authority ? [authority] : []));
  problems.push(...homeProblems(needed, authorities));
  const mounts = parts.flatMap(({ mount }) => mount).sort(byName);
  const bundled = trustBundle && parts.some(({ authority }) => authority !== undefined);
  return {
    env: [...parts.flatMap(({ ingredients }) => ingredients).sort(byName), ...env.sort(byName)],
    trust: bundled ? BUNDLE_VARIABLES : {},
    volumes: [
      ...parts.flatMap(({ volume }) => volume).sort(byName),
      ...(bundled ? [{ name: BUNDLE_VOLUME, emptyDir: { sizeLimit: BUNDLE_SIZE } }] : []),
    ],
    mounts: [...mounts, ...(bundled ? [{ name: BUNDLE_VOLUME, mountPath: BUNDLE_DIRECTORY, readOnly: true } as const] : [])],
    initContainers: [
      ...(bundled
        ? [
            bundleContainer(
              cluster,
              mounts.map(({ mountPath }) => `${mountPath}/${CA}`),
              mounts,
            ),
          ]
        : []),
      ...waits(cluster, wanted),
    ],
    egress: wanted.flatMap(({ connection }) => connection.egress),
    secrets: unique(
      needed.map(({ secret, home }) => ({ secret, home })),
      ({ secret, home }) => `${home}/${secret.name}`,
    ),
    authorities: unique(authorities, ({ home, secretName, key }) => `${home}/${secretName}/${key}`),
    configMaps: parts.flatMap(({ configMap }) => configMap),
    problems,
  };
}

/** The parts of one connection. */
class Part {
  readonly name: string;
  readonly authority: Authority | undefined;
  readonly env: ConnectionVariable[];

  /** Variables with secret values that other variables reference, so that they are combined only in the pod. */
  readonly ingredients: ConnectionVariable[];
  readonly secretFacts: readonly SecretReference[];

  constructor(
    { connection, variables }: RequestedConnection,
    private readonly publicRoots: string,
    problems: Omit<Problem, "path">[],
  ) {
    const { name, facts, authority } = connection;
    this.name = name;
    this.authority = authority;
    const known = new Map<string, ConnectionValue>([...Object.entries(facts), ...(authority ? [["ca", this.caPath] as const] : [])]);
    const used = new Map<string, SecretReference>();
    this.env = Object.entries(variables ?? connection.variables).map(([variable, template]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(variable)) {
        problems.push({
          value: variable,
          rule: "is not a valid variable name",
          remedy: "use letters, digits and _, not beginning with a digit",
        });
      }
      // The name of a platform variable stands for its template.
      const whole = template.replace(PLACE, (place, word) =>
        known.has(word) || !Object.hasOwn(connection.variables, word) ? place : (connection.variables[word] as string),
      );
      problems.push(...templateProblems(variable, whole, name, known, connection));
      const alone = soleFact(whole, known);
      if (alone) {
        used.set(`${alone.home}/${alone.secret.name}/${alone.key}`, alone);
        return { name: variable, valueFrom: { secretKeyRef: { name: alone.secret.name, key: alone.key } } };
      }
      return { name: variable, value: this.filled(whole, known, used) };
    });
    this.secretFacts = [...used.values()];
    this.ingredients = [...used]
      .filter(([word]) => known.has(word))
      .map(([word, { secret, key }]) => ({
        name: this.ingredient(word),
        valueFrom: { secretKeyRef: { name: secret.name, key } },
      }));
  }

  get caPath(): string {
    return this.authority === "public" ? this.publicRoots : `/etc/connections/${this.name}/${CA}`;
  }

  get volume(): ConnectionVolume[] {
    const { authority, name } = this;
    if (authority === undefined || authority === "public") return [];
    const defaultMode = "0444";
    const source =
      "pem" in authority
        ? { configMap: { name: authorityName(name), defaultMode } }
        : { secret: { secretName: authority.secretName, items: [{ key: authority.key, path: CA }], defaultMode } };
    return [{ name: `connection-${name}`, ...source }];
  }

  get mount(): ConnectionMount[] {
    return this.volume.map(({ name }) => ({ name, mountPath: `/etc/connections/${this.name}`, readOnly: true }));
  }

  get configMap(): AuthorityObject[] {
    const { authority, name } = this;
    return typeof authority === "object" && "pem" in authority ? [{ name: authorityName(name), data: { [CA]: authority.pem } }] : [];
  }

  private ingredient(word: string): string {
    return `CONNECTION_${this.name}_${word}`.toUpperCase().replaceAll("-", "_");
  }

  private filled(template: string, known: ReadonlyMap<string, ConnectionValue>, used: Map<string, SecretReference>): string {
    let filled = "";
    let end = 0;
    for (const { 0: place, 1: word = "", index } of template.matchAll(PLACE)) {
      const fact = known.get(word);
      if (fact === undefined) continue;
      filled += plain(template.slice(end, index));
      end = index + place.length;
      if (typeof fact === "string") filled += plain(fact);
      else {
        used.set(word, fact);
        filled += `$(${this.ingredient(word)})`;
      }
    }
    return filled + plain(template.slice(end));
  }
}

/** File of the CA certificates in the directory of their connection. */
const CA = "ca.crt";

/** A placeholder in a template. */
const PLACE = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A Terraform token, as cdktf writes it into a string. */
const TOKEN = /(\$\{TfToken\[[^\]]*\]\})/;

/** Escapes a text for Kubernetes, where `$$` stands for a dollar sign. Terraform tokens stay unchanged. */
function plain(text: string): string {
  return text
    .split(TOKEN)
    .map((part, number) => (number % 2 === 1 ? part : part.replaceAll("$", "$$$$")))
    .join("");
}

/** Returns the secret if a template is nothing but its placeholder. */
function soleFact(template: string, known: ReadonlyMap<string, ConnectionValue>): SecretReference | undefined {
  const fact = known.get(/^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(template)?.[1] ?? "");
  return typeof fact === "object" ? fact : undefined;
}

function authorityName(connection: string): string {
  return `${connection}-authority`;
}

function waits(cluster: Pick<KubernetesTarget, "mirror">, wanted: readonly RequestedConnection[]): ConnectionContainer[] {
  const services = wanted
    .map(({ connection }) => connection)
    .sort(byName)
    .flatMap(({ name, ready }) => (ready ? [name, ready.host, String(ready.port)] : []));
  return services.length === 0 ? [] : [waitContainer(cluster, services)];
}

/** Names are part of volume and ConfigMap names, which are limited to 63 characters. */
function nameProblems(wanted: readonly RequestedConnection[]): readonly Omit<Problem, "path">[] {
  const names = wanted.map(({ connection }) => connection.name);
  const odd = names.filter((name) => !/^(?=.{1,50}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name));
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...odd.map((value) => ({
      value,
      rule: "is not a valid connection name",
      remedy: "use up to 50 lower-case letters, digits and hyphens",
    })),
    ...[...twice].map((value) => ({ value, rule: "is the name of two connections", remedy: "give one of them another" })),
  ];
}

function templateProblems(
  variable: string,
  template: string,
  name: string,
  known: ReadonlyMap<string, ConnectionValue>,
  connection: Connection,
): readonly Omit<Problem, "path">[] {
  const found: Omit<Problem, "path">[] = [];
  if (/[$%]\{(?!TfToken\[)/.test(template)) {
    found.push({ value: template, rule: `of ${variable} would be read as a template by Terraform`, remedy: "leave out ${ and %{" });
  }
  const list = [...known.keys(), ...Object.keys(connection.variables)].map((word) => `{${word}}`).join(", ");
  for (const [place, word = ""] of template.matchAll(PLACE)) {
    if (!known.has(word)) found.push({ value: place, rule: `of ${variable} is not known of ${name}`, remedy: `use one of ${list}` });
  }
  return found;
}

function claimProblems(parts: readonly Part[]): readonly Omit<Problem, "path">[] {
  const claims = new Map<string, string[]>();
  for (const { name, env, ingredients } of parts) {
    for (const variable of [...ingredients, ...env]) claims.set(variable.name, [...(claims.get(variable.name) ?? []), name]);
  }
  return [...claims]
    .filter(([, names]) => names.length > 1)
    .map(([value, names]) => ({
      value,
      rule: `is a variable of ${names.join(" and of ")}`,
      remedy: "give it another name in the variables of one of them",
    }));
}

/** A Secret keeps its name in the pod's namespace, so equal names from two homes conflict. */
function homeProblems(facts: readonly SecretReference[], authorities: readonly NeededAuthority[]): readonly Omit<Problem, "path">[] {
  const homes = new Map<string, Set<string>>();
  for (const [name, home] of [
    ...facts.map(({ secret, home }) => [secret.name, home] as const),
    ...authorities.map(({ secretName, home }) => [secretName, home] as const),
  ]) {
    homes.set(name, (homes.get(name) ?? new Set()).add(home));
  }
  return [...homes]
    .filter(([, namespaces]) => namespaces.size > 1)
    .map(([value, namespaces]) => ({
      value,
      rule: `is a secret of ${[...namespaces].sort().join(" and another of ")}, and a namespace has one of a name`,
      remedy: "give one of them another name",
    }));
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function unique<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
