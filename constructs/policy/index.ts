export { type Exemption, exempt, exemptionsOf } from "./contract";
export { describeFinding, type EnforcedStack, enforcePolicies } from "./enforce";
export { type Finding, findings, isStateful, type Json, POLICY_IDS, type Policy, type Resource, type SynthesizedStack } from "./policies";
