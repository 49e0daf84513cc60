import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

type Resources = Readonly<Record<string, Readonly<Record<string, { readonly policy?: string; readonly lifecycle?: object }>>>>;
type Json = { readonly resource?: Resources };

/**
 * What stands beside a stack while it is applied to an emulator: Terraform lays an override file over
 * the configuration, which itself stays as it was synthesized.
 */
export function overrideForEmulator(directory: string, json: Json, { disposable }: { readonly disposable: boolean }): void {
  const resource: Record<string, Record<string, object>> = {};
  for (const [type, all] of Object.entries(json.resource ?? {})) {
    for (const [id, { policy, lifecycle }] of Object.entries(all)) {
      const changes = {
        ...(type === "aws_s3_bucket_policy" && policy ? { policy: withoutConditionalDenials(policy) } : {}),
        ...(disposable && lifecycle ? { lifecycle: { prevent_destroy: false } } : {}),
      };
      if (Object.keys(changes).length > 0) resource[type] = { ...resource[type], [id]: changes };
    }
  }
  const file = join(directory, "emulator_override.tf.json");
  if (Object.keys(resource).length > 0) writeFileSync(file, JSON.stringify({ resource }));
  else rmSync(file, { force: true });
}

function withoutConditionalDenials(policy: string): string {
  const document = JSON.parse(policy);
  const Statement = document.Statement.filter(({ Effect, Condition }: { Effect: string; Condition?: object }) => Effect === "Allow" || !Condition);
  // A policy says something, and this says nothing.
  const harmless = { Effect: "Allow", Principal: { AWS: "*" }, Action: "s3:ListBucket", Resource: document.Statement[0].Resource[0], Condition: { Bool: { "aws:SecureTransport": "true" } } };
  return JSON.stringify({ ...document, Statement: Statement.length > 0 ? Statement : [harmless] });
}
