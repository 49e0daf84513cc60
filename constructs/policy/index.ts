export { exempt, type Exemption, exemptionsOf } from "./contract";
export { type Finding, findings, type SynthesizedStack } from "./policies";
