import { spawnSync } from "node:child_process";
import type { Program, Synthesis } from "../stacks";
import { AwsFailure, AwsReader } from "./aws";
import { environmentNamed } from "./command";
import { commandLine } from "./command-line";
import { hanging, WORDS } from "./lines";
import { lockFile } from "./lock";
import { type Newer, newer } from "./outdated/newer";
import { packagesOf } from "./outdated/packages";
import { type Kind, type Pin, pinsOf, type Source } from "./outdated/pins";
import { type Fetch, NoAnswer, Registries } from "./outdated/registries";
import { synthesizeAside } from "./scratch";
import { FLAG, parsed, subcommand } from "./subcommand";

const usage = () => `Usage: ${commandLine("outdated", ["[environment…] [--json]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Lists the versions in use, in all environments or in those that are named, with newer ones of their
registries: packages, providers, charts, images, and on AWS Kubernetes, node images and add-ons.
Images of workloads are not listed. Nothing is changed.
  --json  the same as data

Exit codes:
  0  everything is the newest
  2  there are newer versions
  3  some registries didn't answer, and the others have nothing newer`;

/** Exit codes, like those of `plan`. */
const EXIT = { newest: 0, newer: 2, unknown: 3 } as const;

/** Registries that are queried for versions. */
export interface Sources {
  readonly fetch: Fetch;
  readonly aws: Pick<AwsReader, "addonVersions" | "kubernetesVersions" | "parameter">;

  /** Versions of a package. @throws NoAnswer */
  readonly npm: (name: string) => readonly string[];
  readonly made: (program: Program) => Synthesis;

  /** Directory of the project. */
  readonly directory: string;
}

const OUTSIDE: Sources = { fetch, aws: new AwsReader(), npm: npmVersions, made: synthesizeAside, directory: "." };

/** A version in use, with newer ones or the reason why they are unknown. */
interface Row extends Pin, Newer {
  readonly environments: readonly string[];

  /** @default - none: the registry answered */
  readonly unknown?: string;
}

/** Prints the versions in use and newer ones, and returns the exit code. */
export async function outdated(program: Program, args: readonly string[], sources: Sources = OUTSIDE): Promise<number> {
  return subcommand(program, args, parse, async ({ names, json }) => {
    for (const name of names) environmentNamed(program, name);
    const all = program.environments.map(({ name }) => name);
    const shown = names.length > 0 ? names : all;
    const rows = await rowsOf(program, shown, sources);
    console.log(json ? JSON.stringify(rows.map(data), null, 2) : printed(rows, shown.length));
    if (rows.some(isOld)) return EXIT.newer;
    return rows.some((row) => row.unknown) ? EXIT.unknown : EXIT.newest;
  });
}

function parse(words: readonly string[]) {
  const { names, values } = parsed(words, { json: FLAG }, usage());
  return { names, json: values.json };
}

function isOld({ within, beyond }: Newer): boolean {
  return within !== undefined || beyond !== undefined;
}

async function rowsOf(program: Program, names: readonly string[], sources: Sources): Promise<readonly Row[]> {
  const synthesis = sources.made(program);
  const lock = lockFile(sources.directory);
  const pins = new Map<string, Pin & { readonly environments: Set<string> }>();
  const add = (pin: Pin, environment?: string) => {
    const key = [pin.kind, pin.name, pin.current, pin.support].join(" ");
    const known = pins.get(key) ?? { ...pin, environments: new Set<string>() };
    if (environment) known.environments.add(environment);
    pins.set(key, known);
  };
  for (const pin of packagesOf(sources.directory)) add(pin);
  for (const environment of program.environments.filter(({ name }) => names.includes(name)))
    for (const pin of pinsOf(environment, synthesis, lock)) add(pin, environment.name);
  const registries = new Registries(sources.fetch);
  return Promise.all(
    [...pins.values()].map(async (pin): Promise<Row> => {
      const row = { ...pin, environments: [...pin.environments] };
      try {
        const versions = await published(pin.source, registries, sources);
        return { ...row, ...(newer(pin.current, versions) ?? { unknown: "the version in use can't be compared" }) };
      } catch (error) {
        if (!(error instanceof NoAnswer || error instanceof AwsFailure)) throw error;
        return { ...row, unknown: error.message };
      }
    }),
  );
}

/** Versions that a source offers. @throws NoAnswer or AwsFailure */
async function published(source: Source, registries: Registries, { aws, npm }: Sources): Promise<readonly string[]> {
  switch (source.in) {
    case "helm":
      return registries.helm(source.repository, source.chart);
    case "oci":
      return registries.tags(source.host, source.repository);
    case "terraform":
      return registries.terraform(source.provider);
    case "npm":
      return npm(source.name);
    case "eks":
      return aws.kubernetesVersions(source.region);
    case "eks add-ons":
      return aws.addonVersions(source.addon, source.kubernetes, source.region);
    case "eks node images":
      return [await aws.parameter(nodeImage(source), source.region)];
    case "platform":
      return source.versions;
  }
}

/** Parameter with the recommended version of node images (EKS, retrieve recommended AMI IDs). */
function nodeImage({ kubernetes, architecture }: Extract<Source, { readonly in: "eks node images" }>): string {
  return `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2023/${architecture}/standard/recommended/release_version`;
}

/** Versions of a package, by npm, which knows the registry and the credentials of this machine. */
function npmVersions(name: string): readonly string[] {
  const { status, stdout } = spawnSync("npm", ["view", name, "versions", "--json"], { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new NoAnswer(`npm view ${name} failed`);
  return [JSON.parse(stdout)].flat();
}

/** Headings, in the order in which they are printed. */
const TITLES: Readonly<Record<Kind, string>> = {
  package: "packages",
  provider: "providers of Terraform",
  Kubernetes: "Kubernetes",
  "node image": "node images",
  "add-on": "add-ons of EKS",
  engine: "engines, with the versions that this release of the platform supports",
  chart: "charts",
  image: "images of the platform",
};

const HEAD = ["", "in use", "newer, same major", "newer major"];

function printed(rows: readonly Row[], environments: number): string {
  const lines = Object.entries(TITLES).flatMap(([kind, title]) => {
    const found = rows.filter((row) => row.kind === kind).sort((one, other) => one.name.localeCompare(other.name));
    return found.length > 0 ? [`${title}:`, ...table(found, environments), ""] : [];
  });
  const old = rows.filter(isOld).length;
  const unanswered = rows.filter(({ unknown }) => unknown).length;
  const counts = [`${rows.length} versions in use`, `${old} with newer ones`, ...(unanswered > 0 ? [`${unanswered} unknown`] : [])];
  return [...lines, `${counts.join(", ")}.`, ...(old > 0 ? [HOW] : [])].join("\n");
}

const HOW = `Versions of the platform come with its package: npm update cdktf-cqrs. To try one before, change
constructs/core/versions.ts in a copy of the repository (CONTRIBUTING.md, Bump a version).`;

/** Versions side by side. What is longer is below them: environments, if there are others too, end of support, and page of changes. */
function table(rows: readonly Row[], environments: number): readonly string[] {
  const cells = [HEAD, ...rows.map(({ name, current, within = "–", beyond = "–" }) => [name, current, within, beyond])];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`;
  return [
    line(cells[0] ?? []).trimEnd(),
    ...rows.flatMap((row, index) => {
      const [name = "", current = "", ...newer] = cells[index + 1] ?? [];
      if (row.unknown) return hanging(`${line([name, current])}  `, `unknown: ${row.unknown}`, undefined, WORDS);
      const isEverywhere = [0, environments].includes(row.environments.length);
      const below = [
        ...(isEverywhere ? [] : [`only in ${row.environments.join(", ")}`]),
        ...(row.support ? [row.support] : []),
        ...(isOld(row) ? [`changes: ${row.changes}`] : []),
      ];
      return [line([name, current, ...newer]).trimEnd(), ...(below.length > 0 ? hanging("      ", below.join("; ")) : [])];
    }),
  ];
}

/** A row as data. */
function data({ source: _, ...row }: Row): object {
  return row;
}
