import type { TerraformStack } from "cdktf";

/** A stack, and the Terraform that was written for it. */
export interface SynthesizedStack {
  readonly stack: TerraformStack;

  /** Whether its data is guarded against deletion. */
  readonly protect: boolean;

  readonly json: Readonly<Record<string, unknown>>;
}

/** A resource that breaks a policy. */
export interface Finding {
  readonly policy: string;

  /** The stack and the resource in it: `production-backup/aws_s3_bucket.logs`. */
  readonly address: string;

  readonly rule: string;
  readonly remedy: string;
}

export function findings(_stack: SynthesizedStack): readonly Finding[] {
  return [];
}
