import { type Program, synthesize } from "cdktf-cqrs/stacks";
import { inTier } from "./environments";

export const program: Program = {
  accounts: [{ system: "orchestrix", id: "111122223333", region: "eu-west-1", github: { repository: "example/orchestrix" } }],
  environments: [inTier("small"), inTier("medium"), inTier("large")],
};

if (require.main === module) synthesize(program, { outdir: "cdktf.out", prune: true });
