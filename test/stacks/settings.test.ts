import { readdirSync, readFileSync } from "node:fs";
import { accountSchema } from "../../stacks/model/accounts";
import { settingsOf } from "../../stacks/model/check/shape";
import { environmentSchema } from "../../stacks/model/environment";
import { ACCOUNT_SETTINGS, SETTINGS, WITHOUT_EFFECT } from "../model/settings";

/** What is taken out of settings and not used there, with the reason. */
const DROPPED: Readonly<Record<string, string>> = {
  engine: "chose who takes the rest",
  provider: "chose who takes the rest",
  aws: "is of a stack's own settings",
  "event-store-on-cluster.ts backup": "is said to change nothing",
  "edge.ts clientAuthority": "is for the gateway",
  "postgres.ts name": "is given by its caller",
  "sizes.ts name": "has no size",
  "sizes.ts purpose": "has no size",
  "release.ts previous": "is for a rollback",
};

describe("every setting of the model", () => {
  const without = (paths: readonly string[]) => paths.map((path) => path.replace(/^\./, ""));
  const known = without(settingsOf(environmentSchema));
  const told = [...SETTINGS.map(({ path }) => path), ...Object.keys(WITHOUT_EFFECT)];

  it("is tried by a change of it, or has a reason why it changes nothing", () => {
    expect(known.length).toBeGreaterThan(400);
    expect(known.filter((path) => !told.includes(path))).toEqual([]);
    expect(told.filter((path) => !known.some((one) => one === path || one.startsWith(`${path}.`) || one.startsWith(`${path}(`)))).toEqual(
      [],
    );
    expect(without(settingsOf(accountSchema))).toEqual(Object.keys(ACCOUNT_SETTINGS));
  });

  it("is used by what takes it out of the others", () => {
    const dropped = readdirSync("stacks")
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) =>
        [...readFileSync(`stacks/${file}`, "utf8").matchAll(/[{,]\s*(\w+): _+\b/g)].map(([, key = ""]) => ({ file, key })),
      );
    expect(dropped.filter(({ file, key }) => !(key in DROPPED || `${file} ${key}` in DROPPED))).toEqual([]);
  });
});
