import type { Program } from "cdktf-cqrs/stacks";
import { production } from "./production";

/** What this project deploys. */
export const program: Program = { accounts: [], environments: [production] };
