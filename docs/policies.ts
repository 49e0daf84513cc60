import { readFileSync } from "node:fs";
import { exemptionsOf } from "../constructs/policy";
import { POLICIES } from "../constructs/policy/policies";
import type { Program, Synthesis } from "../stacks";
import { EXCEPTIONS } from "../stacks/model/exceptions";

export const POLICY_PAGE = "docs/policies.md";

/** The page of policies with the tables of the code. */
export function policyPage({ environments }: Program, { stacks }: Synthesis): string {
  const tables = { policies: policies(), exceptions: exceptions(environments), exemptions: exemptions(stacks) };
  return Object.entries(tables).reduce(
    (page, [name, table]) =>
      page.replace(
        new RegExp(`(<!-- generated:${name} -->\n)[^]*?(<!-- /generated -->)`),
        (_, begin: string, end: string) => `${begin}${table}\n${end}`,
      ),
    readFileSync(POLICY_PAGE, "utf8"),
  );
}

function policies(): string {
  return tableOf(
    ["policy", "refused: a resource or stack that …", "remedy"],
    POLICIES.map(({ id, rule, remedy }) => [`\`${id}\``, rule, remedy]),
  );
}

function exceptions(environments: Program["environments"]): string {
  const rows = Object.entries(EXCEPTIONS).map(([name, consequence]) => {
    const users = environments.filter(({ exceptions = {} }) => Object.hasOwn(exceptions, name)).map((environment) => environment.name);
    return [`\`${name}\``, consequence, users.join(", ") || "–"];
  });
  return tableOf(["exception", "consequence", "claimed by"], rows);
}

/** Exemptions by rule and reason, with the types of the resources that have them. */
function exemptions(stacks: Synthesis["stacks"]): string {
  const types = new Map<string, { readonly rule: string; readonly reason: string; readonly types: Set<string> }>();
  for (const { stack } of stacks.values()) {
    for (const construct of stack.node.findAll()) {
      for (const { rule, reason } of exemptionsOf(construct)) {
        const found = types.get(`${rule} ${reason}`) ?? { rule, reason, types: new Set() };
        const type = (construct as { readonly terraformResourceType?: string }).terraformResourceType;
        types.set(`${rule} ${reason}`, { ...found, types: found.types.add(type ?? "stack") });
      }
    }
  }
  const rows = [...types.values()]
    .map(({ rule, reason, types: of }) => [`\`${rule}\``, [...of].sort().join(", "), reason])
    .sort((one, other) => one.join().localeCompare(other.join(), "en"));
  return tableOf(["rule", "resources", "reason"], rows);
}

function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), `|${heads.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
