import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { refuse } from "../core/errors";
import { cloudName } from "../core/names";
import { CustomResources, type KubernetesTarget } from "../kubernetes";
import type { RandomValue, SecretRef, SecretSpec } from "./contract";
import type { ExternalSecret, Password } from "./objects";
import { SECRET_STORE } from "./secret-store";
import { ALPHABETS, secretProblems } from "./spec";

export interface WorkloadSecretProps {
  readonly cluster: KubernetesTarget;

  readonly namespace: string;

  readonly spec: SecretSpec;

  /** What has to be there before: the namespace, the controller, on AWS the store. */
  readonly after?: readonly ITerraformDependable[];
}

/**
 * A secret in a cluster, the one way to ask for one. On AWS it is that of Secrets Manager (`ManagedSecret` makes it), read
 * again every quarter of an hour, so that a rotation arrives by itself. Elsewhere it is drawn in the cluster and is
 * nowhere else: it outlives whatever asked for it, and is written over by nobody.
 */
export class WorkloadSecret extends Construct {
  /** What a workload that needs it comes after. Its pods wait by themselves until it is filled. */
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

  /** Where the value of one of its keys is found. */
  ref(key: string): SecretRef {
    const { name, keys, fixed = {} } = this.spec;
    if (!(key in keys || key in fixed)) {
      throw new Error(`${this.node.path}: "${key}" is no key of ${name}; use one of ${Object.keys({ ...keys, ...fixed }).join(", ")}`);
    }
    return { namespace: this.namespace, name, key };
  }
}

/** Often enough that nobody waits for a rotation, and about a cent a month for each secret. */
const REFRESH = "15m";

export interface FromStore {
  /** Name of the secret in the store. */
  readonly name: string;

  /**
   * Name of the Secret.
   * @default - the same
   */
  readonly as?: string;

  /**
   * What the Secret is made of.
   * @default - all keys, so that a rotation may add some
   */
  readonly template?: ExternalSecret["spec"]["target"]["template"];
}

/** A secret of the store as a Secret that follows it. */
export function fromStore({ name, as = name, template }: FromStore, namespace: string): ExternalSecret {
  return {
    apiVersion: "external-secrets.io/v1",
    kind: "ExternalSecret",
    metadata: { name: as, namespace },
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
        // The controller draws again for an object that was made anew, and for a Secret of its own that somebody changed:
        // the one is stopped by a Secret that can't be changed, the other by one that it does not own.
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

/** Only what counts as a symbol is drawn evenly from an alphabet of choice: letters and digits come in fixed numbers. */
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
