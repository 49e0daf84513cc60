import { COLUMNS, readable } from "../../cli/lines";

const LONG = "is a rule that takes more than a line of a terminal, because it says why the value can't be used, and what would follow";

describe("a message", () => {
  it("stays in one line if it fits", () => {
    const message = "dev.nodes: 4 can split evenly; use 3 or 5\n\nUsage: npm start";
    expect(readable(message)).toBe(message);
  });

  it("has its remedy in a line below the rule", () => {
    const remedy = `use ${"a".repeat(80)}`;
    expect(readable(`dev.nodes: 4 can split evenly; ${remedy}\ndev.name: is missing; write one`)).toBe(
      `dev.nodes: 4 can split evenly;\n  ${remedy}\ndev.name: is missing; write one`,
    );
    expect(readable(`  dev can split evenly; ${remedy}`)).toBe(`  dev can split evenly;\n    ${remedy}`);
  });

  it("has its path alone above a rule that is long too", () => {
    const lines = readable(`dev.writeCluster.nodes: ${LONG}; use 3 or 5`).split("\n");
    expect(lines).toEqual([
      "dev.writeCluster.nodes:",
      expect.stringMatching(/^ {2}is /),
      expect.stringMatching(/^ {2}\S.*;$/),
      "  use 3 or 5",
    ]);
    expect(lines.join(" ").replace(/ {2,}/g, " ")).toBe(`dev.writeCluster.nodes: ${LONG}; use 3 or 5`);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(readable(`${LONG}; use 3`).split("\n")).toEqual([
      expect.stringMatching(/^is /),
      expect.stringMatching(/^ {2}\S.*;$/),
      "  use 3",
    ]);
  });

  it("has its commands whole, so that they can be copied", () => {
    const [npm, kubectl] = ["npm run apply -- production-write-side --without-backup", "kubectl --namespace write-side get pods"];
    expect(readable(`production: is older than a day. To apply nevertheless, in an emergency: ${npm}, then ${kubectl}`)).toBe(
      `production:\n  is older than a day. To apply nevertheless, in an emergency:\n  ${npm}, then\n  ${kubectl}`,
    );
    expect(readable(`production: ${LONG}; run ${kubectl} and look for what is not ready, then ${npm}`)).toMatch(`\n  then ${npm}`);
  });
});
