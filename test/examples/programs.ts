import { program as hotswap } from "../../examples/hotswap-messaging/main";
import { program as orchestrix } from "../../examples/orchestrix/main";
import { program as reactive } from "../../examples/reactive-domain/main";
import { program as venta } from "../../examples/venta/main";
import type { Program } from "../../stacks";

/** The systems of `examples/`, which every tier takes beside the environments. */
export const EXAMPLES: Readonly<Record<string, Program>> = {
  "reactive-domain": reactive,
  orchestrix,
  venta,
  "hotswap-messaging": hotswap,
};
