import type { Program } from "cdktf-cqrs/stacks";
import { accounts } from "./accounts";
import { dev } from "./dev";
import { production } from "./production";

/** What this project deploys. */
export const program: Program = { accounts, environments: [dev, production] };
