import { type Program, synthesize } from "cdktf-cqrs/stacks";
import { onPremises, production } from "./environments";

export const program: Program = {
  accounts: [{ system: "hotswap", id: "111122223333", region: "eu-west-1", github: { repository: "example/messaging" } }],
  environments: [onPremises("off"), production("parallel")],
};

if (require.main === module) synthesize(program, { outdir: "cdktf.out", prune: true });
