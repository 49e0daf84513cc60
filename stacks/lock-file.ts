/**
 * The part of a lock file that concerns one stack. Terraform takes what a stack does not need for a change of its
 * providers, which `-lockfile=readonly` refuses.
 */
export function lockFor(lock: string, json: { readonly terraform?: { readonly required_providers?: object } }): string {
  const needed = Object.values(json.terraform?.required_providers ?? {}).map(({ source }: { source: string }) => address(source));
  const [head = "", ...blocks] = lock.split(/^(?=provider )/m);
  const kept = blocks.filter((block) => needed.some((provider) => block.startsWith(`provider "${provider}"`)));
  return `${[head, ...kept].join("").trimEnd()}\n`;
}

/** A provider's whole address: `aws` is short for `registry.terraform.io/hashicorp/aws`. */
function address(source: string): string {
  const parts = source.split("/");
  return [...["registry.terraform.io", "hashicorp"].slice(0, 3 - parts.length), ...parts].join("/");
}
