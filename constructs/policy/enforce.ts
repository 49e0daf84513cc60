import type { TerraformStack } from "cdktf";
import { type Finding, findings, type Json } from "./policies";

/** Returns a finding in one line: address, rule and remedy. */
export function describeFinding({ path, address, policy, rule, remedy }: Finding): string {
  return `${path ? `${path}: makes ${address}, which` : `${address}:`} ${rule} (${policy}); ${remedy}`;
}

/** Settings of a stack whose policies are enforced. */
export interface EnforcedStack {
  /** Requires deletion protection of its data. */
  readonly protect: boolean;

  /**
   * Allows data stores. Set it to false for a stack that is redeployed daily.
   * @default true
   */
  readonly holdsData?: boolean;
}

/**
 * Checks your own stack against the platform's policies in each synthesis. cdktf reports findings like any other failed validation, and
 * writes nothing.
 */
export function enforcePolicies(stack: TerraformStack, { protect, holdsData = true }: EnforcedStack): void {
  const validate = () => {
    const json = JSON.parse(JSON.stringify(stack.toTerraform())) as Json;
    return findings({ stack, protect, holdsData, json }).map(describeFinding);
  };
  stack.node.addValidation({ validate });
}
