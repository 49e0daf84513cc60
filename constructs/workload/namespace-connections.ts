import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { type ITerraformDependable, TerraformStack } from "cdktf";
import { Construct, type IConstruct } from "constructs";
import type { NeededAuthority, NeededSecret, PodConnections } from "../connection";
import { refuse } from "../core/errors";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import { authorityCopy, type SharedSecret, SharedSecrets, WorkloadSecret } from "../secrets";

export interface NamespaceConnectionsProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Resources to create first: the namespace. */
  readonly after?: readonly ITerraformDependable[];
}

/** Objects that a pod's connections need in its namespace. */
type Needs = Pick<PodConnections, "secrets" | "authorities" | "configMaps">;

/** Copied keys of a Secret of another namespace, or all keys. */
interface Copied {
  readonly name: string;
  readonly keys: Set<string> | "all";
}

/** Instances of all stacks of a program, by its root: searching the construct tree for each would be slower than synthesis. */
const IN_PROGRAM = new WeakMap<IConstruct, readonly NamespaceConnections[]>();

/**
 * Secrets, certificates and CA certificates that the workloads of a program need in a namespace. Each object exists once, in the first
 * stack that needs one there; other stacks depend on that stack. Workloads register automatically. On AWS a Secret comes from Secrets
 * Manager; elsewhere it is copied from its home namespace.
 */
export class NamespaceConnections extends Construct {
  private readonly props: NamespaceConnectionsProps;
  private readonly copied = new Map<string, Map<string, Copied>>();
  private readonly authorities = new Map<string, Readonly<Record<string, string>>>();

  /**
   * Registers a workload's needs in its stack, and returns the resources that the workload must depend on. `after` is taken from the first
   * workload with a need.
   */
  static need(scope: IConstruct, props: NamespaceConnectionsProps, needs: Needs): readonly ITerraformDependable[] {
    const { namespace } = props;
    const wanted: Needs = {
      secrets: needs.secrets.filter(({ home }) => home !== namespace),
      authorities: needs.authorities.filter(({ home, elsewhere }) => elsewhere || home !== namespace),
      configMaps: needs.configMaps,
    };
    if (Object.values(wanted).every((some) => some.length === 0)) return [];
    const stack = TerraformStack.of(scope);
    const id = `connections-${namespace}`;
    const there = stack.node.tryFindChild(id) as NamespaceConnections | undefined;
    if (there) return there.need(wanted);
    const other = NamespaceConnections.inAnotherStack(stack, id, props);
    if (!other) return new NamespaceConnections(stack, id, props).need(wanted);
    other.need(wanted);
    stack.addDependency(TerraformStack.of(other));
    return [];
  }

  /**
   * Returns the instance of another stack for the same namespace, where an object name can exist only once: that stack then creates this
   * stack's needs too, and is applied first. Excludes stacks that depend on this one.
   */
  private static inAnotherStack(
    stack: TerraformStack,
    id: string,
    { cluster }: NamespaceConnectionsProps,
  ): NamespaceConnections | undefined {
    return IN_PROGRAM.get(stack.node.root)?.find((other) => {
      const home = TerraformStack.of(other);
      return other.node.id === id && other.props.cluster.isSame(cluster) && home !== stack && !home.dependsOn(stack);
    });
  }

  private constructor(scope: Construct, id: string, props: NamespaceConnectionsProps) {
    super(scope, id);
    this.props = props;
    const { root } = this.node;
    IN_PROGRAM.set(root, [...(IN_PROGRAM.get(root) ?? []), this]);
  }

  private need({ secrets, authorities, configMaps }: Needs): readonly ITerraformDependable[] {
    return [
      ...secrets.flatMap((secret) => this.secret(secret)),
      ...authorities.flatMap((authority) => this.authority(authority)),
      ...configMaps.map(({ name, data }) => this.published(name, data)),
    ];
  }

  private secret({ secret, home }: NeededSecret): readonly ITerraformDependable[] {
    const { cluster, namespace } = this.props;
    if (home === namespace) return [];
    if (!cluster.aws) return [this.copy(home, secret.name, "all")];
    const id = `secret-${secret.name}`;
    return [this.once(id, () => new WorkloadSecret(this, id, { ...this.props, spec: secret })).release];
  }

  private authority({ home, secretName, key, elsewhere }: NeededAuthority): readonly ITerraformDependable[] {
    const { namespace } = this.props;
    if (elsewhere) {
      const id = `authority-${secretName}`;
      const object = authorityCopy({ namespace, secretName, remoteName: elsewhere.remoteName });
      return [this.once(id, () => new CustomResources(this, id, { ...this.props, objects: [object] })).release];
    }
    return home === namespace ? [] : [this.copy(home, secretName, key)];
  }

  private copy(home: string, name: string, key: string): ITerraformDependable {
    const wanted = this.copied.get(home) ?? new Map<string, Copied>();
    this.copied.set(home, wanted);
    const { keys } = wanted.get(name) ?? { keys: new Set<string>() };
    wanted.set(name, { name, keys: key === "all" || keys === "all" ? "all" : keys.add(key) });
    const id = `from-${home}`;
    const { cluster, after = [] } = this.props;
    const secrets = () => [...wanted.values()].sort(byName).map(sharedSecret);
    return this.once(id, () => new SharedSecrets(this, id, { cluster, from: home, to: this.props.namespace, secrets, after })).release;
  }

  private published(name: string, data: Readonly<Record<string, string>>): ITerraformDependable {
    const { namespace, after = [] } = this.props;
    const id = `authority-${name}`;
    const before = this.authorities.get(name);
    if (before && JSON.stringify(before) !== JSON.stringify(data)) {
      const remedy = "give one of the two connections another name";
      refuse(this, [{ value: name, rule: "holds the certificates of two authorities", remedy }]);
    }
    this.authorities.set(name, data);
    return this.once(id, () => new ConfigMapV1(this, id, { metadata: { name, namespace }, data: { ...data }, dependsOn: [...after] }));
  }

  private once<T extends IConstruct>(id: string, make: () => T): T {
    return (this.node.tryFindChild(id) as T | undefined) ?? make();
  }
}

function sharedSecret({ name, keys }: Copied): SharedSecret {
  return keys === "all" ? { name } : { name, keys: [...keys].sort() };
}

function byName(one: Copied, other: Copied): number {
  return one.name < other.name ? -1 : 1;
}
