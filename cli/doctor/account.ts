import { bootstrapName, type Environment, type Program, type QuotaNeed, quotaNeeds, type Synthesis } from "../../stacks";
import { AwsFailure } from "../aws";
import { commandLine } from "../command-line";
import { type Finding, present } from "./finding";
import type { Machine } from "./machine";

/** The account that the credentials of this machine are for, and findings about them. */
export interface Identity {
  /** Undefined if there are no credentials, or only those of an account that isn't needed. */
  readonly account?: string;
  readonly findings: readonly Finding[];
}

/** A session should last as long as a first apply. */
const SHORT_SESSION = 60 * 60_000;

/** Checks the identity in use, which can access one account, and lists the others. */
export async function identity(environments: readonly Environment[], { aws, now }: Machine): Promise<Identity> {
  const places = environments.flatMap((environment) => environment.aws ?? []);
  const [first] = places;
  if (!first) return { findings: [] };
  const accounts = [...new Set(places.map(({ account }) => account))];
  const subject = "AWS credentials";
  try {
    const arn = await aws.caller(first.region);
    const account = accounts.find((one) => arn.includes(`:${one}:`));
    if (account === undefined) {
      const found = `${arn} is in another account`;
      return { findings: [{ subject, state: "wrong", found, remedy: `sign in to ${accounts.join(" or ")}` }] };
    }
    const others = accounts.filter((one) => one !== account).map((one) => unseen(one, account));
    return { account, findings: [{ subject, found: arn }, ...session(aws.sessionEnd(), now()), ...others] };
  } catch (error) {
    const [reason = ""] = (error as Error).message.split("\n");
    const remedy = `sign in to ${accounts.join(" or ")} with aws sso login, or set AWS_PROFILE`;
    return { findings: [{ subject, state: "missing", found: reason, remedy }] };
  }
}

function unseen(account: string, instead: string): Finding {
  const found = `not checked: the credentials are for ${instead}`;
  return { subject: `account ${account}`, state: "warning", found, remedy: `sign in to ${account}, and check its environments again` };
}

function session(end: Date | undefined, now: Date): readonly Finding[] {
  if (end === undefined) return [];
  const subject = "AWS session";
  const left = end.getTime() - now.getTime();
  const found = `until ${end.toISOString().slice(0, 16)}Z, ${Math.round(left / 60_000)} minutes from now`;
  if (left >= SHORT_SESSION) return [{ subject, found }];
  return [{ subject, state: "warning", found, remedy: "sign in again before a first apply, which takes longer" }];
}

/** Checks what an account must have before an environment can be deployed: the state bucket, and quotas. */
export async function accountFindings(
  account: string,
  environments: readonly Environment[],
  program: Program,
  synthesis: Synthesis,
  machine: Machine,
): Promise<readonly Finding[]> {
  const needs = quotaNeeds(synthesis.stacks.values()).filter((need) => need.account === account);
  const here = environments.filter(({ aws }) => aws?.account === account);
  return [...(await stateBuckets(account, here, program, synthesis, machine)), ...(await quotas(account, needs, machine))];
}

type Backend = { readonly terraform?: { readonly backend?: { readonly s3?: Bucket & { readonly endpoints?: object } } } };
type Bucket = { readonly bucket: string; readonly region: string };

async function stateBuckets(
  account: string,
  environments: readonly Environment[],
  { accounts }: Program,
  { compositions, stacks }: Synthesis,
  { aws }: Machine,
): Promise<readonly Finding[]> {
  const names = [
    ...environments.map(({ name }) => name),
    ...accounts.filter(({ id }) => id === account).map(({ id }) => bootstrapName(id)),
  ];
  const ids = compositions.filter(({ name }) => names.includes(name)).flatMap((each) => each.stacks.map(({ node }) => node.id));
  const buckets = new Map<string, Bucket>();
  for (const id of ids) {
    const { s3 } = (stacks.get(id)?.json as Backend | undefined)?.terraform?.backend ?? {};
    if (s3 && s3.endpoints === undefined) buckets.set(s3.bucket, s3);
  }
  return Promise.all(
    [...buckets.values()].map(({ bucket, region }) =>
      asked(`state bucket ${bucket}`, async (subject) =>
        present(subject, (await aws.bucketExists(bucket, region)) ? "exists" : undefined, commandLine("bootstrap", [account])),
      ),
    ),
  );
}

/** Regions in which AWS answers for quotas of a whole account. */
const GLOBAL = "us-east-1";

async function quotas(account: string, needs: readonly QuotaNeed[], { aws }: Machine): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  let enough = 0;
  // One after another: Service Quotas allows few requests per second.
  for (const { region, quota, code, needed } of needs) {
    const [service = "", id = ""] = code.split(" ");
    if (!id.startsWith("L-")) continue;
    const asking = region.includes(" ") ? GLOBAL : region;
    const finding = await asked(`quota ${code}`, async (subject): Promise<Finding> => {
      const value = await aws.quota(service, id, asking);
      const found = `${quota} in ${region}: ${needed} needed, ${value} allowed`;
      if (value === undefined || needed <= value) return { subject, found };
      const request = `aws service-quotas request-service-quota-increase --region ${asking} --service-code ${service} --quota-code ${id} --desired-value ${needed}`;
      return { subject, state: "wrong", found, remedy: request };
    });
    if (finding.state === undefined) enough++;
    else findings.push(finding);
    // The others would fail for the same reason.
    if (finding.state === "warning") break;
  }
  if (enough > 0)
    findings.unshift({ subject: `quotas of ${account}`, found: `${enough} are sufficient for all environments of the account` });
  return findings;
}

/** A finding that needs an answer from AWS. Without an answer it is a warning: the right to ask isn't needed for an apply. */
async function asked(subject: string, check: (subject: string) => Promise<Finding>): Promise<Finding> {
  try {
    return await check(subject);
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    return { subject, state: "warning", found: `not checked: ${error.message}`, remedy: "allow the request, or check it in the console" };
  }
}
