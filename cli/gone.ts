import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { lockFor } from "../stacks/base/lock-file";
import type { AwsReader } from "./aws";
import { Refused } from "./refused";
import type { State, StateResource, Workspace } from "./workspace";

/** A stack that is deployed but no longer in the program. */
export interface GoneStack {
  readonly stack: string;

  /** Its name within the environment: `edge`. */
  readonly part: string;

  readonly state: State;
}

type Json = Readonly<Record<string, unknown>>;

interface Stack {
  readonly terraform: {
    readonly backend: {
      readonly s3?: { readonly bucket: string; readonly region: string; readonly key: string; readonly endpoints?: object };
      readonly local?: { readonly path: string };
    };
    readonly required_providers?: Readonly<Record<string, { readonly source: string; readonly version: string }>>;
    readonly required_version: string;
  };
  readonly provider?: Readonly<Record<string, readonly Json[]>>;
  readonly data?: { readonly terraform_remote_state?: Readonly<Record<string, unknown>> };
}

/** The stacks of an environment that have a state in the location of the others, but are no longer in the program. */
export async function goneStacks(environment: string, stacks: readonly Workspace[], aws: AwsReader): Promise<readonly GoneStack[]> {
  const places = stacks.flatMap((workspace) => placeOf(workspace) ?? []);
  const [first] = places;
  // Other backends can't list their states.
  if (!first) return [];
  const { bucket } = first;
  const all = bucket ? await aws.keys(bucket.name, bucket.region, `${dirname(first.key)}/`) : files(dirname(first.key));
  const unclaimed = all.filter((key) => key.endsWith(".tfstate") && !places.some((place) => place.key === key));
  const read = async (key: string): Promise<readonly GoneStack[]> => {
    const text = bucket ? await aws.object(bucket.name, bucket.region, key) : readFileSync(key, "utf8");
    const state = text.trim() === "" ? undefined : JSON.parse(text);
    // A destroyed stack leaves an empty state.
    return state?.resources?.some(({ mode }: StateResource) => mode === "managed")
      ? [{ stack: `${environment}-${basename(key, ".tfstate")}`, part: basename(key, ".tfstate"), state }]
      : [];
  };
  return (await Promise.all(unclaimed.map(read))).flat();
}

interface Place {
  readonly key: string;

  /** @default - none: the key is a file */
  readonly bucket?: { readonly name: string; readonly region: string };
}

function placeOf({ json, directory }: Workspace): Place | undefined {
  const { s3, local } = (json as unknown as Stack).terraform.backend;
  if (s3 && s3.endpoints === undefined) return { key: s3.key, bucket: { name: s3.bucket, region: s3.region } };
  return local && { key: resolve(directory, local.path) };
}

function files(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory).map((file) => join(directory, file)) : [];
}

export interface EmptyStackOptions {
  /** Directory to write. */
  readonly directory: string;

  /** The environment's other stacks. */
  readonly others: readonly Workspace[];

  /** A stack on the same cluster, if the user named one. */
  readonly like: string | undefined;

  /** The lock file with the exact provider versions. */
  readonly lock: string | undefined;
}

/**
 * Writes a configuration without resources, with the backend and providers that are needed to destroy everything in a state.
 * @throws Refused if the cluster of the stack can't be determined
 */
export function writeEmptyStack({ stack, part, state }: GoneStack, { directory, others, like, lock }: EmptyStackOptions): void {
  const all = others.map((workspace): Sibling => ({ id: workspace.stack, json: workspace.json as unknown as Stack }));
  const [first] = all;
  if (!first) throw new Error(`${stack} is of no environment`);
  const { backend, required_version } = first.json.terraform;
  const place = (key: string) => join(dirname(key), `${part}.tfstate`);
  const required: Record<string, unknown> = {};
  const provider: Record<string, Json[]> = {};
  for (const { source, alias, resources } of providersOf(state)) {
    const name = source.split("/").at(-1) ?? source;
    required[name] = all.map(({ json }) => json.terraform.required_providers?.[name]).find((one) => one !== undefined) ?? { source };
    provider[name] = [...(provider[name] ?? []), configuration(stack, name, alias, resources, all, like)];
  }
  const written = JSON.stringify(provider);
  const read: Readonly<Record<string, unknown>> = Object.assign({}, ...all.map(({ json }) => json.data?.terraform_remote_state ?? {}));
  const needed = Object.entries(read).filter(([id]) => written.includes(`data.terraform_remote_state.${id}.`));
  const json = {
    terraform: {
      backend: backend.s3 ? { s3: { ...backend.s3, key: place(backend.s3.key) } } : { local: { path: place(backend.local?.path ?? "") } },
      required_providers: required,
      required_version,
    },
    provider,
    ...(needed.length > 0 ? { data: { terraform_remote_state: Object.fromEntries(needed) } } : {}),
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "cdk.tf.json"), JSON.stringify(json, null, 2));
  if (lock)
    writeFileSync(join(directory, ".terraform.lock.hcl"), lockFor(readFileSync(lock, "utf8"), json as Parameters<typeof lockFor>[1]));
}

interface Sibling {
  readonly id: string;
  readonly json: Stack;
}

interface UsedProvider {
  /** `hashicorp/aws` */
  readonly source: string;

  /** @default - none: the default provider */
  readonly alias?: string;

  /** Resources that it created. */
  readonly resources: readonly StateResource[];
}

/** The providers that created the resources of a state. */
function providersOf({ resources }: State): readonly UsedProvider[] {
  const used = new Map<string, UsedProvider>();
  for (const resource of resources) {
    const [, address = "", alias] = /provider\["([^"]+)"\](?:\.(.+))?$/.exec(resource.provider) ?? [];
    const source = address.split("/").slice(1).join("/");
    const before = used.get(resource.provider)?.resources ?? [];
    used.set(resource.provider, { source, ...(alias ? { alias } : {}), resources: [...before, resource] });
  }
  return [...used.values()];
}

/** Provider configuration of another stack of the environment, in the region of the resources to destroy. */
function configuration(
  stack: string,
  name: string,
  alias: string | undefined,
  resources: readonly StateResource[],
  all: readonly Sibling[],
  like: string | undefined,
): Json {
  const configured = all.flatMap(({ id, json }) => (json.provider?.[name] ?? []).map((settings) => ({ id, settings })));
  if (name === "aws") {
    const { default_tags: _, alias: __, ...settings } = configured.find((one) => one.settings.alias === undefined)?.settings ?? {};
    // Aliases of providers in other regions are region names.
    return { ...settings, region: alias ?? regionOf(resources) ?? settings.region, ...(alias ? { alias } : {}) };
  }
  const chosen = like === undefined ? configured : configured.filter(({ id }) => id === like);
  const different = new Map(chosen.map(({ id, settings }) => [JSON.stringify(settings), id]));
  if (different.size > 1)
    throw new Refused(
      `${stack}: its state doesn't tell on which cluster it is; name a stack on the same cluster: ${[...different.values()].map((id) => `--like ${id}`).join(" or ")}`,
    );
  // Vendors' providers are configured with environment variables only.
  return { ...chosen[0]?.settings, ...(alias ? { alias } : {}) };
}

/** The region of most ARNs of some resources; ARNs of global resources have none. */
function regionOf(resources: readonly StateResource[]): string | undefined {
  const regions = resources.flatMap(({ instances }) =>
    instances.flatMap(({ attributes }) => /^arn:[\w-]+:[\w-]+:([a-z]{2}-[\w-]+-\d):/.exec(String(attributes?.arn))?.[1] ?? []),
  );
  const count = (region: string) => regions.filter((one) => one === region).length;
  return [...new Set(regions)].sort((one, other) => count(other) - count(one))[0];
}
