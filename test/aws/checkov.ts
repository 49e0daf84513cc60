import { readFileSync } from "node:fs";
import { TerraformResource, type TerraformStack } from "cdktf";
import { exemptionsOf } from "../../constructs/policy";
import { run } from "./process";

/** A check that a planned resource failed. */
export interface FailedCheck {
  readonly rule: string;
  readonly name: string;
  readonly address: string;

  /** The file of the plan. */
  readonly plan: string;
}

/** What Checkov finds wrong in plans: it takes longer to start than to look at them, so it looks at all in one run. */
export async function failedChecks(plans: readonly string[], log: string): Promise<readonly FailedCheck[]> {
  const { stdout, output } = await run(
    "checkov",
    ["-f", ...plans, "--framework", "terraform_plan", "-o", "json", "--quiet", "--compact", "--skip-download", "--soft-fail"],
    { log },
  );
  const report = JSON.parse(stdout || "null");
  const planned = plans.some((plan) => JSON.parse(readFileSync(plan, "utf8")).resource_changes?.length > 0);
  if (planned && !(report?.summary?.passed + report?.summary?.failed > 0)) throw new Error(`Checkov looked at nothing:\n${output}`);
  const failed: { check_id: string; check_name: string; resource: string; file_abs_path: string }[] = report.results?.failed_checks ?? [];
  return failed.map(({ check_id, check_name, resource, file_abs_path }) => ({
    rule: check_id,
    name: check_name,
    address: resource,
    plan: file_abs_path,
  }));
}

interface Entry {
  readonly rule: string;
  readonly reason: string;
  readonly addresses: string[];
  used: boolean;
}

/** The exemptions of all stacks, each with whether some check needed it. The same one of several resources counts as one. */
export class Exemptions {
  private readonly entries = new Map<string, Entry>();

  /** Failed checks of one stack that nobody gave a reason for. */
  unexplained(stack: TerraformStack, failed: readonly FailedCheck[]): readonly FailedCheck[] {
    const known = new Map<string, Entry>();
    for (const construct of stack.node.findAll()) {
      if (!TerraformResource.isTerraformResource(construct)) continue;
      const address = `${construct.terraformResourceType}.${construct.friendlyUniqueId}`;
      for (const exemption of exemptionsOf(construct).filter(({ rule }) => rule.startsWith("CKV"))) {
        const key = `${construct.terraformResourceType} ${exemption.rule} ${exemption.reason}`;
        const entry = this.entries.get(key) ?? { ...exemption, addresses: [], used: false };
        entry.addresses.push(`${stack.node.id}/${address}`);
        this.entries.set(key, entry);
        known.set(`${exemption.rule} ${address}`, entry);
      }
    }
    return failed.filter(({ rule, address }) => {
      const entry = known.get(`${rule} ${address}`);
      if (entry) entry.used = true;
      return !entry;
    });
  }

  /** Exemptions that no check needs any more. */
  stale(): readonly string[] {
    return [...this.entries.values()]
      .filter(({ used }) => !used)
      .map(({ rule, reason, addresses }) => `${rule} (${reason}) of ${addresses.join(", ")}`);
  }
}
