import { writeFileSync } from "node:fs";
import { join } from "node:path";

interface Resource {
  readonly policy?: string;
  readonly force_destroy?: boolean;
  readonly deletion_protection?: boolean;
  readonly enable_deletion_protection?: boolean;
  readonly lifecycle?: { readonly prevent_destroy?: boolean };
}
type Resources = Readonly<Record<string, Readonly<Record<string, Resource>>>>;

/** Opens buckets to an emulator that refuses everything a policy denies, whatever the condition. */
export function openBuckets(directory: string, json: { readonly resource?: Resources }): void {
  override(directory, "open", json.resource, (type, { policy }) =>
    type === "aws_s3_bucket_policy" && policy ? { policy: withoutDenials(policy) } : undefined,
  );
}

/** Gives up early: an emulator's error is none that goes away. */
export function fewRetries(
  directory: string,
  json: { readonly provider?: { readonly aws?: readonly { readonly alias?: string }[] } },
): void {
  const aws = json.provider?.aws?.map(({ alias }) => ({ ...(alias ? { alias } : {}), max_retries: 2 }));
  if (aws) writeFileSync(join(directory, "retries_override.tf.json"), JSON.stringify({ provider: { aws } }));
}

/** Before it destroys a vault with its contents, the provider lists them, which the emulator can't; there are none here. */
const EMPTY = "aws_backup_vault";

/** Who refuses to destroy a stack: Terraform, by what the configuration says, or AWS as well, by what was applied. */
export type Protection = "none" | "terraform" | "aws";

/** Lets what is protected be destroyed, buckets with what lies in them. Says by whom it was protected. */
export function unprotect(directory: string, json: { readonly resource?: Resources }): Protection {
  let protection: Protection = "none";
  override(
    directory,
    "unprotected",
    json.resource,
    (type, { lifecycle, force_destroy, deletion_protection, enable_deletion_protection }) => {
      const applied = {
        ...(lifecycle?.prevent_destroy && force_destroy !== undefined && type !== EMPTY ? { force_destroy: true } : {}),
        ...(deletion_protection ? { deletion_protection: false } : {}),
        ...(enable_deletion_protection ? { enable_deletion_protection: false } : {}),
      };
      if (Object.keys(applied).length > 0) protection = "aws";
      else if (lifecycle?.prevent_destroy && protection === "none") protection = "terraform";
      const changes = { ...(lifecycle?.prevent_destroy ? { lifecycle: { prevent_destroy: false } } : {}), ...applied };
      return Object.keys(changes).length > 0 ? changes : undefined;
    },
  );
  return protection;
}

// Terraform lays an override file over a configuration, which itself stays as it was synthesized.
function override(
  directory: string,
  name: string,
  resources: Resources = {},
  changed: (type: string, resource: Resource) => object | undefined,
): void {
  const resource: Record<string, Record<string, object>> = {};
  for (const [type, all] of Object.entries(resources)) {
    for (const [id, attributes] of Object.entries(all)) {
      const changes = changed(type, attributes);
      if (changes) resource[type] = { ...resource[type], [id]: changes };
    }
  }
  if (Object.keys(resource).length > 0) writeFileSync(join(directory, `${name}_override.tf.json`), JSON.stringify({ resource }));
}

// moto reads a principal as an object.
function withoutDenials(policy: string): string {
  const { Statement, ...document } = JSON.parse(policy) as { Statement: { Effect: string; Resource: string[] }[] };
  const allowed = Statement.filter(({ Effect }) => Effect === "Allow");
  const harmless = {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "s3:ListBucket",
    Resource: Statement[0]?.Resource[0],
  };
  return JSON.stringify({ ...document, Statement: allowed.length > 0 ? allowed : [harmless] });
}
