import { type Program, synthesize } from "cdktf-cqrs/stacks";
import { development, production, testEnvironment } from "./environments";

/** Reactive Domain: an event-sourced .NET system on KurrentDB. Each test run can have an environment of its own. */
export const program: Program = {
  accounts: [{ system: "reactive", id: "111122223333", region: "eu-west-1", github: { repository: "example/reactive-domain" } }],
  environments: [development, testEnvironment("test"), production],
};

if (require.main === module) synthesize(program, { outdir: "cdktf.out" });
