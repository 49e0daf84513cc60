export { exempt, type Exemption, exemptionsOf } from "./contract";
export { type Finding, findings, POLICY_IDS, type SynthesizedStack } from "./policies";
