import type { IConstruct } from "constructs";

const EXEMPTION = "cdktf-cqrs/exemption";

/** A rule that a resource breaks on purpose. */
export interface Exemption {
  /** The policy's id, or a check's of Checkov: `CKV_AWS_18`. */
  readonly rule: string;

  /** Why it is right here. */
  readonly reason: string;
}

/** Excepts one resource from a rule, beside the resource and with the reason. */
export function exempt(construct: IConstruct, rule: string, reason: string): void {
  if (reason.trim() === "") throw new Error(`${construct.node.path}: an exemption from ${rule} needs a reason`);
  construct.node.addMetadata(EXEMPTION, { rule, reason } satisfies Exemption);
}

/** What a resource is excepted from. */
export function exemptionsOf(construct: IConstruct): readonly Exemption[] {
  return construct.node.metadata.filter((entry) => entry.type === EXEMPTION).map((entry) => entry.data as Exemption);
}
