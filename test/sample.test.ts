import { readFileSync } from "node:fs";
import { sample } from "../sample";

describe("the sample", () => {
  it.each(Object.entries(sample))("%s has every file that its programs name", (_, { command, files }) => {
    const [, , main = ""] = command;
    const named = Object.values(files).flatMap((text) =>
      [...text.matchAll(/(?:from "\.|import\.meta\.dir, ")\/?([^"]+)"/g)].map(([, name]) => `/app/${name}`),
    );
    expect([...new Set([main, ...named])].sort()).toEqual(Object.keys(files).sort());
  });

  it("is tested with the runtime that its image has", () => {
    const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const { image } of Object.values(sample)) expect(image).toBe(`docker.io/oven/bun:${devDependencies.bun}-slim`);
  });

  it("fits into a ConfigMap with room to spare", () => {
    for (const { files } of Object.values(sample)) expect(JSON.stringify(files).length).toBeLessThan(100_000);
  });
});
