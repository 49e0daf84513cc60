import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { KUBERNETES } from "../../constructs/core/versions";

const FILE = join(__dirname, "../../../constructs/cluster/rules/support.yaml");

interface Group {
  readonly name: string;
  readonly rules: readonly { readonly record?: string; readonly expr: string; readonly labels?: { readonly version?: string } }[];
}

describe("the alert on the end of support", () => {
  it("knows the versions of Kubernetes that clusters can have, and the end of each", () => {
    const { groups } = parse(readFileSync(FILE, "utf8")) as { readonly groups: readonly Group[] };
    const records = groups
      .flatMap(({ rules }) => rules)
      .filter(({ record }) => record === "cluster:kubernetes_standard_support_ends:timestamp");
    const found = records.map(({ expr, labels }) => {
      const [, version, end] = /git_version=~"v(1\[\.\]\d+)\[\.\].*\* (\d+)$/.exec(expr.trim()) ?? [];
      return {
        version: labels?.version,
        selected: version?.replace("[.]", "."),
        end: new Date(Number(end) * 1000).toISOString().slice(0, 10),
      };
    });
    const expected = Object.entries(KUBERNETES).map(([version, { standardSupportEnds: end }]) => ({ version, selected: version, end }));
    expect(found).toEqual(expected);
  });
});
