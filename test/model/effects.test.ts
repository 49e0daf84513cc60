import { App } from "cdktf";
import type { Account } from "../../stacks";
import { compose } from "../../stacks/compose";
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
    const baseline = { budget: { monthly: 1, notify: ["oncall@example.com"] } };
    const account = { system: "orders", id: "111122223333", region: "eu-west-1", github: { repository: "example/orders" }, baseline };
    const [before, after] = [account, setAt(account, path.replaceAll(/\([^)]*\)/g, "").split("."), to)].map((one) => {
      const program = { accounts: [one as Account], environments: [] };
      return compose(new App({ outdir: "/nowhere" }), program).flatMap(({ stacks }) => stacks.map((stack) => stack.toTerraform()));
    });
    expect(after).not.toEqual(before);
  });
});
