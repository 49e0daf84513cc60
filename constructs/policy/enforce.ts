import type { TerraformStack } from "cdktf";
import { type Finding, findings, type Json } from "./policies";

/** A finding in one line: where, what, and what to do. */
export function describeFinding({ path, address, policy, rule, remedy }: Finding): string {
  return `${path ? `${path}: makes ${address}, which` : `${address}:`} ${rule} (${policy}); ${remedy}`;
}

export interface EnforcedStack {
  /** Whether its data is guarded against deletion. */
  readonly protect: boolean;

  /**
   * Whether it may hold data. A stack that is redeployed daily should not.
   * @default true
   */
  readonly holdsData?: boolean;
}

/**
 * Checks a stack of one's own by the platform's policies whenever it is synthesized. cdktf reports what they
 * find like any other failed validation, and writes nothing.
 */
export function enforcePolicies(stack: TerraformStack, { protect, holdsData = true }: EnforcedStack): void {
  const validate = () => {
    const json = JSON.parse(JSON.stringify(stack.toTerraform())) as Json;
    return findings({ stack, protect, holdsData, json }).map(describeFinding);
  };
  stack.node.addValidation({ validate });
}
