import { App } from "cdktf";
import { type Account, asDomains } from "../../stacks";
import { bootstrapStack } from "../../stacks/cloud/bootstrap";
import { anEnvironment } from "../environments";
import { withoutEffect } from "./effects";
import { ACCOUNT_SETTINGS, SETTINGS, setAt } from "./settings";

describe("a setting that changes", () => {
  it.each(SETTINGS.map((setting) => [setting.path, setting] as const))(
    "changes what is made, or is said to change nothing: %s",
    (_, setting) => {
      expect(withoutEffect(setting)).toBeUndefined();
    },
  );

  it.each(Object.entries(ACCOUNT_SETTINGS))("changes the stack of an account: %s", (path, to) => {
    const environments = [{ ...asDomains(anEnvironment({})), restoresFrom: [], globalDatabases: [] }];
    const baseline = { budget: { monthly: 1, notify: ["oncall@example.com"] } };
    const account = { system: "orders", id: "111122223333", region: "eu-west-1", github: { repository: "example/orders" }, baseline };
    const [before, after] = [account, setAt(account, path.replaceAll(/\([^)]*\)/g, "").split("."), to)].map((one) => {
      return bootstrapStack(new App({ outdir: "/nowhere" }), "bootstrap", one as Account, environments).toTerraform();
    });
    expect(after).not.toEqual(before);
  });
});
