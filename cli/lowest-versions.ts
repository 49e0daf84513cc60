/** Minimum versions: package.json (engines), and constructs/core/versions.ts (terraform). */
const LOWEST = { node: [20, 12], terraform: [1, 11] } as const;

type Program = keyof typeof LOWEST;

/** Instruction to install a program in a supported version. */
export const INSTALL: Readonly<Record<Program, string>> = {
  node: `install Node.js ${LOWEST.node.join(".")} or newer: https://nodejs.org`,
  terraform: `install Terraform or OpenTofu ${LOWEST.terraform.join(".")} or newer: https://developer.hashicorp.com/terraform/install`,
};

/** First version in a text, and whether it is high enough. Undefined if there is none. */
export function versionIn(
  text: string | undefined,
  program: Program,
): { readonly version: string; readonly supported: boolean } | undefined {
  const [version, first, second] = /(\d+)\.(\d+)\.\d+\S*/.exec(text ?? "") ?? [];
  if (version === undefined) return undefined;
  const [major, minor] = LOWEST[program];
  return { version, supported: Number(first) > major || (Number(first) === major && Number(second) >= minor) };
}
