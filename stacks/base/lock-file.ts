/**
 * Part of a lock file for one stack. Terraform treats providers that a stack doesn't need as a change of its providers,
 * which `-lockfile=readonly` rejects.
 */
export function lockFor(lock: string, json: { readonly terraform?: { readonly required_providers?: object } }): string {
  const needed = Object.values(json.terraform?.required_providers ?? {}).map(({ source }: { source: string }) => address(source));
  const [head = "", ...blocks] = lock.split(/^(?=provider )/m);
  const kept = blocks.filter((block) => needed.some((provider) => block.startsWith(`provider "${provider}"`)));
  return `${[head, ...kept].join("").trimEnd()}\n`;
}

/** Full address of a provider: `aws` is short for `registry.terraform.io/hashicorp/aws`. */
function address(source: string): string {
  const parts = source.split("/");
  return [...["registry.terraform.io", "hashicorp"].slice(0, 3 - parts.length), ...parts].join("/");
}

/** Checks if a lock file contains all pins of another one, in the same versions. */
export function holdsLock(lock: string, other: string): boolean {
  const held = pinned(lock);
  return [...pinned(other)].every(([provider, { version, hashes }]) => {
    const there = held.get(provider);
    return there !== undefined && there.version === version && hashes.every((hash) => there.hashes.includes(hash));
  });
}

function pinned(lock: string): ReadonlyMap<string, { readonly version?: string; readonly hashes: readonly string[] }> {
  const blocks = lock.split(/^(?=provider )/m).filter((block) => block.startsWith("provider "));
  return new Map(
    blocks.map((block) => {
      const version = /^ +version += "(.*)"/m.exec(block)?.[1];
      const hashes = [...block.matchAll(/"((?:h1|zh):.*)"/g)].map(([, hash]) => hash ?? "");
      return [block.split("\n")[0] ?? "", { ...(version ? { version } : {}), hashes }];
    }),
  );
}
