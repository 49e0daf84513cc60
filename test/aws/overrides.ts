import { writeFileSync } from "node:fs";
import { join } from "node:path";

interface Resource {
  readonly policy?: string;
  readonly force_destroy?: boolean;
  readonly lifecycle?: { readonly prevent_destroy?: boolean };
}
type Resources = Readonly<Record<string, Readonly<Record<string, Resource>>>>;

/** Opens the state bucket to an emulator that refuses everything a policy denies, whatever the condition. */
export function openBuckets(directory: string, json: { readonly resource?: Resources }): boolean {
  return override(directory, "open", json.resource, (type, { policy }) => (type === "aws_s3_bucket_policy" && policy ? { policy: withoutConditionalDenials(policy) } : undefined));
}

/** Lets what is protected be destroyed, buckets with what lies in them. False where nothing is protected. */
export function unprotect(directory: string, json: { readonly resource?: Resources }): boolean {
  return override(directory, "unprotected", json.resource, (_, { lifecycle, force_destroy }) =>
    lifecycle?.prevent_destroy ? { lifecycle: { prevent_destroy: false }, ...(force_destroy === undefined ? {} : { force_destroy: true }) } : undefined,
  );
}

// Terraform lays an override file over a configuration, which itself stays as it was synthesized.
function override(directory: string, name: string, resources: Resources = {}, changed: (type: string, resource: Resource) => object | undefined): boolean {
  const resource: Record<string, Record<string, object>> = {};
  for (const [type, all] of Object.entries(resources)) {
    for (const [id, attributes] of Object.entries(all)) {
      const changes = changed(type, attributes);
      if (changes) resource[type] = { ...resource[type], [id]: changes };
    }
  }
  if (Object.keys(resource).length === 0) return false;
  writeFileSync(join(directory, `${name}_override.tf.json`), JSON.stringify({ resource }));
  return true;
}

function withoutConditionalDenials(policy: string): string {
  const { Statement, ...document } = JSON.parse(policy);
  const harmless = { Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource: Statement[0].Resource[0], Condition: { Bool: { "aws:SecureTransport": "true" } } };
  return JSON.stringify({ ...document, Statement: [harmless] });
}
