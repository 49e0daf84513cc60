/** A configuration that finds what exists already, to stand beside a stack while its lost state is rebuilt. */
export interface Recovery {
  readonly data?: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly import: readonly { readonly to: string; readonly id: string }[];
}

type Attributes = Readonly<Record<string, unknown>>;
type Resources = Readonly<Record<string, Readonly<Record<string, Attributes>>>>;

interface Found {
  /** An attribute's value, a reference replaced by the import id of what it refers to. */
  readonly value: (attribute: unknown) => string;

  readonly account: string;
}

/** By what each type of resource is found (the provider's documentation, Import). */
const IMPORT_ID: Readonly<Record<string, (resource: Attributes, found: Found) => string>> = {
  aws_backup_region_settings: ({ provider }) => String(provider).replace("aws.", ""),
  aws_iam_openid_connect_provider: ({ url }, { account }) => `arn:aws:iam::${account}:oidc-provider/${String(url).replace("https://", "")}`,
  aws_iam_policy: ({ path = "/", name }, { account }) => `arn:aws:iam::${account}:policy${path}${name}`,
  aws_iam_role: ({ name }) => String(name),
  aws_iam_role_policy: ({ role, name }, { value }) => `${value(role)}:${name}`,
  aws_iam_role_policy_attachment: ({ role, policy_arn }, { value }) => `${value(role)}/${value(policy_arn)}`,
  aws_kms_alias: ({ name }) => String(name),
  aws_s3_bucket: ({ bucket }) => String(bucket),
};

/**
 * Configuration that rebuilds a stack's state from the existing resources. All have names of their own but keys,
 * which are found by their aliases.
 * @throws Error where the stack holds something that can't be found by its name
 */
export function recoveryOf(json: { readonly resource?: Resources }, account: string): Recovery {
  const resources = json.resource ?? {};
  const aliases = Object.entries(resources.aws_kms_alias ?? {});

  const idOf = (type: string, id: string): string => {
    if (type === "aws_kms_key") {
      const [alias] = aliases.find(([, { target_key_id }]) => String(target_key_id).includes(`aws_kms_key.${id}.`)) ?? [];
      if (alias) return `\${data.aws_kms_alias.${alias}.target_key_id}`;
    }
    const attributes = resources[type]?.[id] ?? {};
    // What belongs to a bucket is found by the bucket's name.
    const rule = IMPORT_ID[type] ?? (type.startsWith("aws_s3_bucket_") ? ({ bucket }: Attributes) => value(bucket) : undefined);
    if (!rule) throw new Error(`${type}.${id}: how it is found after its state was lost is not known`);
    return rule(attributes, { value, account });
  };
  const value = (attribute: unknown): string => {
    const [, type, id] = /^\$\{(aws_\w+)\.([\w-]+)\.\w+\}$/.exec(String(attribute)) ?? [];
    return type && id ? idOf(type, id) : String(attribute);
  };

  return {
    ...(aliases.length > 0 ? { data: { aws_kms_alias: Object.fromEntries(aliases.map(([id, { name }]) => [id, { name }])) } } : {}),
    import: Object.entries(resources).flatMap(([type, all]) => Object.keys(all).map((id) => ({ to: `${type}.${id}`, id: idOf(type, id) }))),
  };
}

/** The same without what Terraform said does not exist, or undefined where it said no such thing. */
export function withoutMissing(recovery: Recovery, said: string): Recovery | undefined {
  const missing = new Set([...said.replace(/\s+/g, " ").matchAll(/import an existing object to "([^"]+)"/g)].map(([, address]) => address));
  const aliases = [...said.matchAll(/with data\.aws_kms_alias\.([\w-]+)/g)].map(([, id]) => id ?? "");
  if (missing.size === 0 && aliases.length === 0) return undefined;
  const gone = ({ to, id }: Recovery["import"][number]) =>
    missing.has(to) || aliases.some((alias) => to === `aws_kms_alias.${alias}` || id.includes(`aws_kms_alias.${alias}.`));
  const found = Object.entries(recovery.data?.aws_kms_alias ?? {}).filter(([id]) => !aliases.includes(id));
  return {
    ...(found.length > 0 ? { data: { aws_kms_alias: Object.fromEntries(found) } } : {}),
    import: recovery.import.filter((entry) => !gone(entry)),
  };
}
