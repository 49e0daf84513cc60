import type { Program } from "../stacks";
import { accounts } from "./accounts";
import { dev } from "./dev";
import { local } from "./local";
import { production } from "./production";
import { staging } from "./staging";

/** What this program deploys. A new environment is a file beside this one, its release file, and a word in this list. */
export const program: Program = { accounts, environments: [local, dev, staging, production] };
