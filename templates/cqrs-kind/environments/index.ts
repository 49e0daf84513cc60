import type { Program } from "cdktf-cqrs/stacks";
import { local } from "./local";

/** What this project deploys. */
export const program: Program = { accounts: [], environments: [local] };
