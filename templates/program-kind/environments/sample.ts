import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Runs TypeScript without a build, and has HTTP, TLS and a PostgreSQL client. */
const IMAGE = "docker.io/oven/bun:1.4.2-slim";

/** A container that runs a program of `sample/`, which is mounted with the files that it imports. */
export function program(main: string, ...others: readonly string[]) {
  const files = [main, "process.ts", "metrics.ts", ...others].map((name) => [`/app/${name}`, readFileSync(join("sample", name), "utf8")]);
  return {
    image: IMAGE,
    command: ["bun", "--smol", `/app/${main}`],
    files: Object.fromEntries(files) as Readonly<Record<string, string>>,
    cpu: "50m",
    memory: "128Mi",
  } as const;
}
