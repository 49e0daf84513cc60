import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import type { RandomValue, SecretRef, SecretSpec } from "./contract";
import { type ExternalSecret, type Password, readsFrom } from "./objects";
import { SECRET_STORE } from "./secret-store";
import { ALPHABETS, secretProblems } from "./spec";

export interface WorkloadSecretProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  readonly spec: SecretSpec;

  /** Resources created before it: the namespace, the controller, and on AWS the store. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A secret in a cluster; all workloads request secrets this way. On AWS it follows Secrets Manager (`ManagedSecret` creates it there), read
 * every 15 minutes, so that a rotation arrives automatically. Elsewhere it is generated in the cluster and stored only there: it outlives
 * the object that created it, and is never overwritten.
 */
export class WorkloadSecret extends Construct {
  /** Dependency for workloads that need it. Their pods wait until it is filled. */
  readonly release: ITerraformDependable;

  private readonly spec: SecretSpec;
  private readonly namespace: string;

  constructor(scope: Construct, id: string, { cluster, namespace, spec, after = [] }: WorkloadSecretProps) {
    super(scope, id);
    this.spec = spec;
    this.namespace = namespace;
    refuse(this, secretProblems(spec), "spec");
    const objects = cluster.aws ? [fromStore({ name: spec.name }, namespace)] : [...drawnHere(spec, namespace)];
    this.release = new CustomResources(this, "objects", {
      cluster,
      namespace,
      name: cloudName("release", "secret", spec.name),
      objects,
      after,
    }).release;
  }

  /** Reference to the value of one of its keys. */
  ref(key: string): SecretRef {
    const { name, keys, fixed = {} } = this.spec;
    if (!(key in keys || key in fixed)) {
      throw new Error(`${this.node.path}: "${key}" is not a key of ${name}; use one of ${Object.keys({ ...keys, ...fixed }).join(", ")}`);
    }
    return { namespace: this.namespace, name, key };
  }
}

/** Short enough for a rotation, at about one cent per month and secret. */
const REFRESH = "15m";

/** Secret in a store of secrets, and the Secret that it becomes. */
export interface FromStore {
  /** Name of the secret in the store. */
  readonly name: string;

  /**
   * Name of the Secret.
   * @default - the name in the store
   */
  readonly as?: string;

  /**
   * Template of the Secret.
   * @default - all keys, so that a rotation may add some
   */
  readonly template?: ExternalSecret["spec"]["target"]["template"];
}

/** An ExternalSecret that follows a secret of the store. */
export function fromStore({ name, as = name, template }: FromStore, namespace: string): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: as, namespace, ...readsFrom(SECRET_STORE) },
    spec: {
      refreshPolicy: "Periodic",
      refreshInterval: REFRESH,
      secretStoreRef: { kind: "ClusterSecretStore", name: SECRET_STORE },
      target: { name: as, creationPolicy: "Owner", deletionPolicy: "Retain", ...(template ? { template } : {}) },
      dataFrom: [{ extract: { key: name } }],
    },
  };
}

function drawnHere({ name, keys, fixed }: SecretSpec, namespace: string): readonly [...Password[], ExternalSecret] {
  const generators = Object.entries(keys).map(([key, value]) => generator(`${name}-${key}`, namespace, key, value));
  const filled: ExternalSecret = {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name, namespace },
    spec: {
      refreshPolicy: "CreatedOnce",
      target: {
        name,
        // The controller would generate values again for a recreated ExternalSecret, and for a Secret it owns that was changed. An
        // immutable Secret prevents the first, one that the controller doesn't own the second.
        creationPolicy: "Orphan",
        deletionPolicy: "Retain",
        immutable: true,
        ...(fixed ? { template: { mergePolicy: "Merge" as const, data: fixed } } : {}),
      },
      dataFrom: generators.map(({ apiVersion, kind, metadata }) => ({
        sourceRef: { generatorRef: { apiVersion, kind, name: metadata.name } },
      })),
    },
  };
  return [...generators, filled];
}

/** Only symbols are drawn uniformly from a custom alphabet: letters and digits have fixed counts. */
function generator(name: string, namespace: string, key: string, { length, characters = "alphanumeric" }: RandomValue): Password {
  return {
    apiVersion: "generators.external-secrets.io/v1alpha1",
    kind: "Password",
    metadata: { name, namespace },
    spec: {
      length,
      digits: 0,
      symbols: length,
      symbolCharacters: ALPHABETS[characters],
      noUpper: false,
      allowRepeat: true,
      secretKeys: [key],
    },
  };
}
