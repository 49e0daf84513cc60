import type { State } from "./workspace";

/** Arguments with which AWS APIs refuse a deletion: databases, clusters, tables, load balancers, user pools, instances. */
const REFUSES = [
  "deletion_protection",
  "deletion_protection_enabled",
  "enable_deletion_protection",
  "delete_protection",
  "disable_api_termination",
] as const;

/** Arguments that the provider reads from the state during a deletion: a new value takes effect only after an apply. */
const READ_AT_DELETION = [
  "force_destroy",
  "force_delete",
  "skip_final_snapshot",
  "skip_destroy",
  "recovery_window_in_days",
  "deletion_window_in_days",
  "delete_automated_backups",
  "prevent_destroy",
] as const;

interface Protections {
  /** Addresses that the configuration protects with prevent_destroy. */
  readonly declared: readonly string[];

  /** Resources that are still protected as deployed, but no longer in the configuration. */
  readonly deployed: readonly string[];
}

type Resources = Readonly<Record<string, Readonly<Record<string, { readonly lifecycle?: { readonly prevent_destroy?: boolean } }>>>>;

/**
 * Resources of a stack that can't be destroyed, or not as configured: because of prevent_destroy, the API, or a changed argument that was
 * not applied.
 */
export function protections(json: Readonly<Record<string, unknown>>, { resources }: State): Protections {
  const configured = (json.resource ?? {}) as Resources;
  const declared = declaredProtections(json);
  const deployed = resources
    .filter(({ mode }) => mode === "managed")
    .flatMap(({ module, type, name, instances }) => {
      const address = [...(module ? [module] : []), type, name].join(".");
      const wanted = (module ? undefined : configured[type]?.[name]) as Readonly<Record<string, unknown>> | undefined;
      const reasons = instances.flatMap(({ attributes = {} }) => [
        ...refusing(attributes),
        ...READ_AT_DELETION.filter((argument) => differs(wanted?.[argument], attributes[argument])).map(
          (argument) => `${argument} is still ${attributes[argument]}`,
        ),
      ]);
      return reasons.length > 0 && !declared.includes(address) ? [`${address} (${[...new Set(reasons)].join(", ")})`] : [];
    });
  return { declared, deployed };
}

/** Arguments of a deployed resource with which AWS APIs refuse its deletion. */
export function refusing(attributes: Readonly<Record<string, unknown>>): readonly string[] {
  return REFUSES.filter((argument) => [true, "ACTIVE", "ENABLED"].includes(attributes[argument] as string));
}

/** Addresses that a configuration protects with prevent_destroy. */
export function declaredProtections(json: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries((json.resource ?? {}) as Resources).flatMap(([type, named]) =>
    Object.entries(named)
      .filter(([, { lifecycle }]) => lifecycle?.prevent_destroy === true)
      .map(([name]) => `${type}.${name}`),
  );
}

/** Resources of a stack that is no longer in the program, with a type that the program protects elsewhere. */
export function guarded({ resources }: State, types: ReadonlySet<string>): readonly string[] {
  return resources.filter(({ mode, type }) => mode === "managed" && types.has(type)).map(({ type, name }) => `${type}.${name}`);
}

/** Types of which a configuration protects any resource with prevent_destroy. */
export function guardedTypes(json: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries((json.resource ?? {}) as Resources)
    .filter(([, named]) => Object.values(named).some(({ lifecycle }) => lifecycle?.prevent_destroy === true))
    .map(([type]) => type);
}

/** Buckets of a state that AWS refuses to delete, because they are not empty and the provider must not empty them. */
export async function fullBuckets(
  { resources }: State,
  holdsObjects: (bucket: string, region: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const buckets = resources
    .filter(({ mode, type }) => mode === "managed" && type === "aws_s3_bucket")
    .flatMap(({ type, name, instances }) => instances.map(({ attributes = {} }) => ({ address: `${type}.${name}`, attributes })))
    .filter(({ attributes }) => attributes.force_destroy !== true);
  const full = await Promise.all(buckets.map(({ attributes }) => holdsObjects(String(attributes.bucket), String(attributes.region))));
  return buckets.filter((_, index) => full[index]).map(({ address }) => `${address} (holds objects)`);
}

/** Checks that an argument's value differs from the deployed one. Expressions are ignored. */
function differs(wanted: unknown, deployed: unknown): boolean {
  const plain = typeof wanted === "boolean" || typeof wanted === "number";
  return plain && deployed !== undefined && deployed !== null && wanted !== deployed;
}
