import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Document, stringify } from "yaml";
import { InvalidInput, type Problem } from "../constructs/core/errors";
import { DEFAULT_KUBERNETES, type KubernetesVersion } from "../constructs/core/versions";
import { type ChartRelease, type KubernetesObjects, kubernetesObjects } from "../constructs/kubernetes";
import type { Cluster, Environment, Program, Synthesis } from "../stacks";
import { environmentNamed } from "./command";
import { commandLine } from "./command-line";
import { Refused } from "./refused";
import { synthesizeAside } from "./scratch";
import { parsed, subcommand } from "./subcommand";
import { at } from "./told";

const usage = () => `Usage: ${commandLine("manifests", ["<environment> [--out <directory>]"])}`;

/** Text of `--help`. */
export const help = () => `${usage()}

Writes the Kubernetes objects and the chart values of an environment as YAML into
<directory>/<environment>.
  --out <directory>  default: manifests. Files that this command did not write stay there.`;

/** List of the files that were written into a directory, so that no other file is ever replaced or removed. */
const LIST = ".written-by-manifests.json";

/** Writes the Kubernetes objects of an environment as YAML, all or none, and returns the exit code. */
export function render(program: Program, argv: readonly string[]): number {
  return subcommand(program, argv, parse, ({ name, out }) => {
    const environment = environmentNamed(program, name);
    const made = objectsOf(synthesizeAside(program, environment.name).stacks, name);
    const directory = join(out, name);
    const files = [...made].flatMap(([stack, contents]) => filesOf(stack, contents, { environment, directory }));
    at(directory, () => publish(directory, files));
    process.stdout.write(`${summary(made, directory)}\n`);
    return 0;
  });
}

function summary(made: ReadonlyMap<string, KubernetesObjects>, directory: string): string {
  const lines = [...made].map(([stack, { objects, releases }]) => `  ${stack}: objects ${objects.length}, charts ${releases.length}`);
  return [`${directory} holds`, ...lines, "The values of each chart begin with the command that renders it."].join("\n");
}

function parse(words: readonly string[]) {
  const { names, values } = parsed(words, { out: "the path of a directory" }, usage());
  const [name, ...rest] = names;
  if (name === undefined || rest.length > 0) throw new Refused(`manifests: requires the name of one environment\n\n${usage()}`);
  return { name, out: values.out ?? "manifests" };
}

/** Kubernetes objects of each stack. Problems of all stacks are reported together. */
function objectsOf(stacks: Synthesis["stacks"], environment: string): ReadonlyMap<string, KubernetesObjects> {
  const problems: Problem[] = [];
  const made = new Map<string, KubernetesObjects>();
  for (const [id, { json }] of stacks) {
    try {
      const contents = kubernetesObjects(json);
      if (contents.objects.length + contents.releases.length > 0) made.set(id, contents);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, path: `${id}/${problem.path}` })));
    }
  }
  if (problems.length > 0) throw new InvalidInput(problems);
  if (made.size === 0)
    throw new Refused(`${environment} makes nothing on Kubernetes; its stacks: ${[...stacks.keys()].join(", ") || "none"}`);
  return made;
}

interface File {
  readonly name: string;
  readonly text: string;
}

interface Place {
  readonly environment: Environment;

  /** Target directory of the files. */
  readonly directory: string;
}

// Parsers of YAML 1.1, such as kubectl, read an unquoted `yes` as a boolean.
const YAML = { compat: "yaml-1.1", lineWidth: 0 } as const;

function filesOf(stack: string, { objects, releases }: KubernetesObjects, place: Place): readonly File[] {
  const head = [
    ` What Terraform's kubernetes provider creates for ${stack}.`,
    " known-after-apply: a value that an apply brings. hidden: a value of a Secret.",
  ];
  const documents = objects.map((object) => `---\n${stringify(object, YAML)}`);
  return [
    ...(objects.length > 0 ? [{ name: `${stack}.yaml`, text: `${head.map((line) => `#${line}\n`).join("")}${documents.join("")}` }] : []),
    ...releases.map((release) => {
      const name = `${stack}.${release.namespace}.${release.name}.values.yaml`;
      const document = new Document(release.values, YAML);
      document.commentBefore = ` ${helmTemplate(stack, release, place, name)}`;
      return { name, text: document.toString(YAML) };
    }),
  ];
}

/** Command that renders a chart as the release does. */
function helmTemplate(stack: string, release: ChartRelease, { environment, directory }: Place, values: string): string {
  const { name, namespace, chart, repository, version } = release;
  const inRegistry = repository?.startsWith("oci://") ? [`${repository}/${chart}`] : [chart, "--repo", repository];
  // Without a repository, a chart is a URL, or a path in the stack's directory.
  const path = chart.startsWith("oci://") ? chart : join("cdktf.out", "stacks", stack, chart);
  return [
    "helm template",
    name,
    ...(repository ? inRegistry : [path]),
    ...(version ? ["--version", version] : []),
    "--namespace",
    namespace,
    "--kube-version",
    kubernetesVersion(environment),
    "--include-crds",
    "-f",
    join(directory, values),
  ].join(" ");
}

/** The lowest Kubernetes version of an environment's clusters: charts rendered for it run on all of them. */
export function kubernetesVersion({ cluster, writeCluster, readCluster }: Environment): KubernetesVersion {
  const clusters = [cluster, writeCluster, readCluster].filter((each): each is Cluster => each !== undefined);
  const versions = clusters.map((each) => ("version" in each && each.version) || DEFAULT_KUBERNETES);
  return versions.sort((one, other) => one.localeCompare(other, "en", { numeric: true }))[0] ?? DEFAULT_KUBERNETES;
}

/**
 * Replaces the files of an earlier run. Other files in the directory stay unchanged.
 * @throws Refused if a user's file has a name that is needed
 */
function publish(directory: string, files: readonly File[]): void {
  const earlier = listed(directory);
  const names = files.map(({ name }) => name);
  const foreign = names.filter((name) => !earlier.includes(name) && existsSync(join(directory, name)));
  if (foreign.length > 0)
    throw new Refused(
      `${directory}: holds ${foreign.join(", ")}, which this command did not write and would replace; move it away, or name another directory with --out`,
    );
  // In the directory itself, which may be a link or a mount point.
  const staging = join(directory, `.${process.pid}.part`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const list = (all: readonly string[]) => {
    writeFileSync(join(staging, LIST), `${JSON.stringify(all, null, 2)}\n`);
    renameSync(join(staging, LIST), join(directory, LIST));
  };
  try {
    for (const { name, text } of files) writeFileSync(join(staging, name), text);
    // The list is written first, so that the next run knows all files of an interrupted one.
    list([...new Set([...earlier, ...names])]);
    for (const name of names) renameSync(join(staging, name), join(directory, name));
    for (const name of earlier) if (!names.includes(name)) rmSync(join(directory, name), { force: true });
    list(names);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Files that earlier runs wrote into a directory. */
function listed(directory: string): readonly string[] {
  const file = join(directory, LIST);
  if (!existsSync(file)) return [];
  try {
    const names: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (Array.isArray(names) && names.every((name) => typeof name === "string" && basename(name) === name)) return names;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refused(`${file}: is not a list of files; delete it and the files that this command wrote`);
}
