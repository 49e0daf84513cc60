import type { TerraformStack } from "cdktf";
import { type Finding, findings, type Json } from "./policies";

/** A finding in one line: where, what, and what to do. */
export function describeFinding({ address, policy, rule, remedy }: Finding): string {
  return `${address}: ${rule} (${policy}); ${remedy}`;
}

/**
 * Checks a stack of one's own by the platform's policies whenever it is synthesized. cdktf reports what they
 * find like any other failed validation, and writes nothing.
 */
export function enforcePolicies(stack: TerraformStack, { protect }: { readonly protect: boolean }): void {
  const validate = () => {
    const json = JSON.parse(JSON.stringify(stack.toTerraform())) as Json;
    return findings({ stack, protect, json }).map(describeFinding);
  };
  stack.node.addValidation({ validate });
}
