export { InvalidInput, type Problem } from "../constructs/core/errors";
export type { MeasuredSite } from "./capacity";
export { type AwsContext, bootstrapName, type Composition, compose } from "./compose";
export type * from "./environment";
export { EXCEPTIONS } from "./environment";
export { type Outputs, PlatformStack, type StackProps, type State } from "./stack";
export { checkSupport } from "./support";
export { PolicyViolation, type Synthesis, type SynthesizeOptions, synthesize } from "./synthesize";
export { validate } from "./validate";
