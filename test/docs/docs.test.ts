import { readFileSync } from "node:fs";
import { architecture, readme } from "../../docs/generate";

const read = (file: string) => readFileSync(file, "utf8");

describe("the documents", () => {
  it("draw the code as it is (npm run docs draws it anew)", () => {
    expect(read("docs/architecture.md")).toBe(architecture());
  });

  it("show what npm start really prints (npm run docs writes it anew)", () => {
    expect(read("README.md")).toBe(readme());
  });

  it("have nothing left to fill in", () => {
    for (const file of ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"])
      expect(read(file)).not.toMatch(/@@|TODO|TBD/);
  });

  it("name only scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    for (const file of ["README.md", "CONTRIBUTING.md"]) {
      for (const [, script = ""] of read(file).matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
    }
  });
});
