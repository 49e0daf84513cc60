import { type Program, synthesize } from "cdktf-cqrs/stacks";
import { development, production, test } from "./environments";

/** Venta: a marketplace of eight Node services in four domains. */
export const program: Program = {
  accounts: [{ system: "venta", id: "111122223333", region: "eu-west-1", github: { repository: "example/venta" } }],
  environments: [development, test, production],
};

if (require.main === module) synthesize(program, { outdir: "cdktf.out" });
