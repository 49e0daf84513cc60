export { type Checked, type CheckOptions, checkStacks, synthesizeChecked } from "./check-stacks";
