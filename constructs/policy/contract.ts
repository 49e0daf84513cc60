import type { IConstruct } from "constructs";

const EXEMPTION = "cdktf-cqrs/exemption";

/** An intended violation of a rule by a resource. */
export interface Exemption {
  /** ID of the policy or of a Checkov check: `CKV_AWS_18`. */
  readonly rule: string;

  /** The reason why the violation is acceptable here. */
  readonly reason: string;
}

/** Exempts one resource from a rule, with the reason, where the resource is defined. */
export function exempt(construct: IConstruct, rule: string, reason: string): void {
  if (reason.trim() === "") throw new Error(`${construct.node.path}: an exemption from ${rule} needs a reason`);
  construct.node.addMetadata(EXEMPTION, { rule, reason } satisfies Exemption);
}

/** Returns the exemptions of a resource. */
export function exemptionsOf(construct: IConstruct): readonly Exemption[] {
  return construct.node.metadata.filter((entry) => entry.type === EXEMPTION).map((entry) => entry.data as Exemption);
}
