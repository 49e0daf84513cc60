import type { TerraformStack } from "cdktf";
import { describeFinding, findings } from "../../constructs/policy";
import { AuroraPostgres, type AuroraPostgresProps, RdsPostgres, type RdsPostgresProps } from "../../constructs/postgres";
import { aStack, type Body, refusalsOf, synth } from "../synth";

export const PROPS = {
  name: ["orders", "test"],
  store: "read-database",
  account: "111122223333",
  region: "eu-west-1",
  zones: { a: "subnet-a", b: "subnet-b", c: "subnet-c" },
  securityGroupIds: ["sg-database"],
  keys: { data: "arn:aws:kms:data", secrets: "arn:aws:kms:secrets", logs: "arn:aws:kms:logs" },
  protect: true,
  size: "medium",
} as const satisfies AuroraPostgresProps;

const aurora = (changes: Partial<AuroraPostgresProps>) => (stack: ConstructorParameters<typeof AuroraPostgres>[0]) =>
  void new AuroraPostgres(stack, "db", { ...PROPS, ...changes });
const rds = (changes: Partial<RdsPostgresProps>) => (stack: ConstructorParameters<typeof RdsPostgres>[0]) =>
  void new RdsPostgres(stack, "db", { ...PROPS, ...changes });

export const anAurora = (changes: Partial<AuroraPostgresProps> = {}): Body => synth(aurora(changes));
export const auroraRefusals = (changes: Partial<AuroraPostgresProps>) => refusalsOf(aurora(changes));
export const anRds = (changes: Partial<RdsPostgresProps> = {}): Body => synth(rds(changes));
export const rdsRefusals = (changes: Partial<RdsPostgresProps>) => refusalsOf(rds(changes));

/** The settings of the parameter group of a type. */
export function settings(group: Body): Readonly<Record<string, string>> {
  return Object.fromEntries(group.parameter.map(({ name, value }: Body) => [name, value]));
}

/** Addresses of all resources that hold data. */
export function stateful(json: Body, types: readonly string[]): readonly string[] {
  return types.flatMap((type) => Object.keys(json.resource[type] ?? {}).map((name) => `${type}.${name}`));
}

/** What the platform's policies find in a protected stack of data that a test builds, but for what concerns the stack as a whole. */
function policyFindings(build: (stack: TerraformStack) => void): readonly string[] {
  const stack = aStack(build);
  const json = JSON.parse(JSON.stringify(stack.toTerraform()));
  return findings({ stack, protect: true, holdsData: true, json })
    .filter(({ address }) => address.includes("/"))
    .map(describeFinding);
}

export const policiesOfAurora = (changes: Partial<AuroraPostgresProps>) => policyFindings(aurora(changes));
export const policiesOfRds = (changes: Partial<RdsPostgresProps>) => policyFindings(rds(changes));
