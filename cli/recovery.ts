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

  /** Region of the stack's own provider. */
  readonly region: string;
}

/** By what each type of resource is found (the provider's documentation, Import). */
const IMPORT_ID: Readonly<Record<string, (resource: Attributes, found: Found) => string>> = {
  aws_accessanalyzer_analyzer: ({ analyzer_name }) => String(analyzer_name),
  aws_backup_region_settings: ({ provider }) => String(provider).replace("aws.", ""),
  aws_budgets_budget: ({ name }, { account }) => `${account}:${name}`,
  aws_cloudtrail: ({ name }, { account, region }) => `arn:aws:cloudtrail:${region}:${account}:trail/${name}`,
  aws_config_configuration_recorder: ({ name }) => String(name),
  aws_config_configuration_recorder_status: ({ name }, { value }) => value(name),
  aws_config_delivery_channel: ({ name }) => String(name),
  aws_iam_openid_connect_provider: ({ url }, { account }) => `arn:aws:iam::${account}:oidc-provider/${String(url).replace("https://", "")}`,
  aws_iam_policy: ({ path = "/", name }, { account }) => `arn:aws:iam::${account}:policy${path}${name}`,
  aws_iam_role: ({ name }) => String(name),
  aws_iam_role_policy: ({ role, name }, { value }) => `${value(role)}:${name}`,
  aws_iam_role_policy_attachment: ({ role, policy_arn }, { value }) => `${value(role)}/${value(policy_arn)}`,
  aws_kms_alias: ({ name }) => String(name),
  aws_s3_bucket: ({ bucket }) => String(bucket),
  aws_securityhub_account: (_, { account }) => account,
  aws_securityhub_standards_subscription: ({ standards_arn }, { account }) =>
    String(standards_arn).replace("::standards/", `:${account}:subscription/`),
};

/** Settings of an account, which are set again whether they exist or not. */
const SET_AGAIN = [
  "aws_ce_cost_allocation_tag",
  "aws_ebs_encryption_by_default",
  "aws_guardduty_detector_feature",
  "aws_s3_account_public_access_block",
];

/**
 * Configuration that rebuilds a stack's state from the existing resources. All have names of their own but keys, which are found by their
 * aliases, and detectors, of which a region has one.
 * @throws Error where the stack holds something that can't be found by its name
 */
export function recoveryOf(
  json: { readonly resource?: Resources; readonly provider?: { readonly aws?: readonly Attributes[] } },
  account: string,
): Recovery {
  const resources = json.resource ?? {};
  const region = String(json.provider?.aws?.find(({ alias }) => alias === undefined)?.region);
  const aliases = Object.entries(resources.aws_kms_alias ?? {});
  const data = {
    aws_kms_alias: Object.fromEntries(aliases.map(([id, { name }]) => [id, { name }])),
    aws_guardduty_detector: Object.fromEntries(
      Object.entries(resources.aws_guardduty_detector ?? {}).map(([id, { provider }]) => [id, { provider }]),
    ),
  };

  const idOf = (type: string, id: string): string => {
    if (type === "aws_kms_key") {
      const [alias] = aliases.find(([, { target_key_id }]) => String(target_key_id).includes(`aws_kms_key.${id}.`)) ?? [];
      if (alias) return `\${data.aws_kms_alias.${alias}.target_key_id}`;
    }
    if (type === "aws_guardduty_detector") return `\${data.${type}.${id}.id}`;
    const attributes = resources[type]?.[id] ?? {};
    // What belongs to a bucket is found by the bucket's name.
    const rule = IMPORT_ID[type] ?? (type.startsWith("aws_s3_bucket_") ? ({ bucket }: Attributes) => value(bucket) : undefined);
    if (!rule) throw new Error(`${type}.${id}: how it is found after its state was lost is not known`);
    return rule(attributes, { value, account, region });
  };
  const value = (attribute: unknown): string => {
    const [, type, id] = /^\$\{(aws_\w+)\.([\w-]+)\.\w+\}$/.exec(String(attribute)) ?? [];
    return type && id ? idOf(type, id) : String(attribute);
  };

  const found = Object.entries(resources).filter(([type]) => !SET_AGAIN.includes(type));
  return recoveryWith(
    data,
    found.flatMap(([type, all]) => Object.keys(all).map((id) => ({ to: `${type}.${id}`, id: idOf(type, id) }))),
  );
}

function recoveryWith(data: NonNullable<Recovery["data"]>, imported: Recovery["import"]): Recovery {
  const used = Object.entries(data).filter(([, all]) => Object.keys(all).length > 0);
  return { ...(used.length > 0 ? { data: Object.fromEntries(used) } : {}), import: imported };
}

/** The same without what Terraform said does not exist, or undefined where it said no such thing. */
export function withoutMissing(recovery: Recovery, said: string): Recovery | undefined {
  const missing = new Set([...said.replace(/\s+/g, " ").matchAll(/import an existing object to "([^"]+)"/g)].map(([, address]) => address));
  const sources = [...said.matchAll(/with (data\.\w+\.[\w-]+)/g)].map(([, source]) => source ?? "");
  if (missing.size === 0 && sources.length === 0) return undefined;
  // What a source would have found doesn't exist either: the key of an alias, and the alias.
  const gone = ({ to, id }: Recovery["import"][number]) =>
    missing.has(to) || sources.some((source) => `data.${to}` === source || id.includes(`${source}.`));
  const data = Object.entries(recovery.data ?? {}).map(([type, all]) => [
    type,
    Object.fromEntries(Object.entries(all).filter(([id]) => !sources.includes(`data.${type}.${id}`))),
  ]);
  return recoveryWith(
    Object.fromEntries(data),
    recovery.import.filter((entry) => !gone(entry)),
  );
}
