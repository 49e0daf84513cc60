/** A version as numbers, and the form in which they are written: `v1.2.3-eksbuild.4`. */
interface Version {
  readonly text: string;
  readonly numbers: readonly number[];
  readonly form: string;
}

/** Newest versions of the same form as one in use. */
export interface Newer {
  /** Newest of the same major version, if it is newer. */
  readonly within?: string;

  /** Newest of all, if it has another major version. */
  readonly beyond?: string;
}

/**
 * Finds newer versions. Only those of the same form count: `18.4-alpine3.24` is compared with `18.5-alpine3.25`, not with `18.5` or
 * `19.0-rc1`, and `1.2.3` not with the prerelease `2.0.0-beta.1`. Undefined if the version in use can't be compared.
 */
export function newer(current: string, all: readonly string[]): Newer | undefined {
  const used = parse(current) ?? upTo(current);
  if (!used) return undefined;
  const later = all
    .flatMap((text) => parse(text) ?? [])
    .filter(({ form, numbers }) => form === used.form && compare(numbers, used.numbers) > 0)
    .sort((one, other) => compare(other.numbers, one.numbers));
  const [newest] = later;
  const within = later.find((each) => majorOf(each) === majorOf(used));
  const beyond = newest && majorOf(newest) !== majorOf(used) ? newest : undefined;
  return { ...(within ? { within: within.text } : {}), ...(beyond ? { beyond: beyond.text } : {}) };
}

function parse(text: string): Version | undefined {
  const [, numbers, rest = ""] = /^v?(\d+(?:\.\d+)*)(.*)$/.exec(text) ?? [];
  if (numbers === undefined) return undefined;
  // Numbers in the suffix count as well: the build of an add-on, the date of a node image, the release of a base image.
  const all = [...numbers.split("."), ...(rest.match(/\d+/g) ?? [])].map(Number);
  return { text, numbers: all, form: `${numbers.split(".").length}${rest.replace(/\d+/g, "0")}` };
}

/** A range of Terraform, `~> 5.21`, which includes every later version of its major. */
function upTo(range: string): Version | undefined {
  const major = /^~> (\d+)\.\d+$/.exec(range)?.[1];
  return major === undefined ? undefined : { text: range, numbers: [Number(major), Number.POSITIVE_INFINITY], form: "3" };
}

function compare(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((number, at) => number !== other[at]);
  return index < 0 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}

/** Before 1.0, a minor version may break as a major one does (Semantic Versioning 2.0.0, 4). */
function majorOf({ numbers: [major = 0, minor = 0] }: Version): string {
  return major === 0 ? `0.${minor}` : String(major);
}
