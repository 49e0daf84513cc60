/** A statement of a policy document. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a principal asks of AWS. Keys of the context that are not there have no value. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Who asks, with all that decides what it may. */
export interface Principal {
  readonly arn: string;
  readonly identity: readonly Statement[];

  /** @default - none: nothing caps its own policies */
  readonly boundary?: readonly Statement[];
}

/**
 * Whether AWS allows a request within one account (IAM, policy evaluation logic): no denial anywhere, and an allowance of the
 * principal's own policies within its boundary, or of the resource's policy. A resource's policy that allows by itself is
 * taken to pass the boundary, as it does for the session of a role.
 * @param guarded - whether the resource's policy has to allow in any case: that of a key, and the trust policy of a role
 */
export function allows(
  { arn, identity, boundary }: Principal,
  request: Request,
  resourcePolicy: readonly Statement[] = [],
  guarded = false,
): boolean {
  const root = `arn:aws:iam::${arn.split(":")[4]}:root`;
  const onResource = resourcePolicy.filter(({ Principal }) => names(Principal, arn));
  const delegated = resourcePolicy.filter(({ Principal }) => names(Principal, root));
  const all = [...identity, ...(boundary ?? []), ...onResource, ...delegated];
  if (all.some((statement) => statement.Effect === "Deny" && applies(statement, request))) return false;
  const granted = (statements: readonly Statement[]) =>
    statements.some((statement) => statement.Effect === "Allow" && applies(statement, request));
  if (granted(onResource)) return true;
  if (guarded && !granted(delegated)) return false;
  return granted(identity) && (boundary === undefined || granted(boundary));
}

/** Whether a statement is about a request. */
export function applies(statement: Statement, { action, resource, context = {} }: Request): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const acts = Action === undefined ? !anyLike(NotAction, action, true) : anyLike(Action, action, true);
  // The policy of a key or a role names no resource: it is about the one that it lies on.
  const concerns =
    Resource === undefined && NotResource === undefined
      ? true
      : Resource === undefined
        ? !anyLike(NotResource, resource)
        : anyLike(Resource, resource);
  return acts && concerns && Object.entries(Condition).every(([operator, keys]) => holds(operator, keys, context));
}

type Compare = (wanted: string, value: string) => boolean;

const COMPARISONS: Readonly<Record<string, Compare>> = {
  StringEquals: (wanted, value) => wanted === value,
  StringLike: like,
  NumericEquals: (wanted, value) => Number(wanted) === Number(value),
  ArnEquals: like,
  ArnLike: like,
  Bool: (wanted, value) => wanted.toLowerCase() === value.toLowerCase(),
};

function holds(
  operator: string,
  keys: Readonly<Record<string, string | readonly string[]>>,
  context: Readonly<Record<string, string | readonly string[]>>,
): boolean {
  const [, set, base = "", ifExists] = /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const [forAll, forAny] = [set === "ForAllValues:", set === "ForAnyValue:"];
  if (operator === "Null")
    return Object.entries(keys).every(([key, wanted]) => String(contextValue(context, key) === undefined) === wanted);
  const negated = base.includes("Not");
  const compare = COMPARISONS[base.replace("Not", "")];
  if (!compare) throw new Error(`the evaluator does not know the condition operator ${operator}`);
  return Object.entries(keys).every(([key, wanted]) => {
    const found = contextValue(context, key);
    if (found === undefined) return !forAny && (forAll || ifExists !== undefined || negated);
    const matches = (value: string) => list(wanted).some((one) => compare(literal(one), value));
    const values = list(found);
    if (negated) return forAny ? values.some((value) => !matches(value)) : values.every((value) => !matches(value));
    return forAll ? values.every(matches) : values.some(matches);
  });
}

function contextValue(context: NonNullable<Request["context"]>, key: string): string | readonly string[] | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function names(principal: Statement["Principal"], arn: string): boolean {
  if (principal === undefined) return false;
  if (typeof principal === "string") return principal === "*";
  return list(principal.AWS ?? []).some((one) => one === "*" || one === arn);
}

function anyLike(patterns: string | readonly string[] | undefined, value: string, anyCase = false): boolean {
  return list(patterns ?? []).some((pattern) => like(literal(pattern), value, anyCase));
}

/** Policy variables are not evaluated: a pattern that has one would be judged wrongly. */
function literal(pattern: string): string {
  if (pattern.includes("${")) throw new Error(`the evaluator does not know the variable in ${pattern}`);
  return pattern;
}

// The same few patterns are asked for each of many requests.
const expressions = new Map<string, RegExp>();

function like(pattern: string, value: string, anyCase = false): boolean {
  const key = `${anyCase} ${pattern}`;
  const expression = expressions.get(key) ?? expressionOf(pattern, anyCase);
  expressions.set(key, expression);
  return expression.test(value);
}

function expressionOf(pattern: string, anyCase: boolean): RegExp {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${expression}$`, anyCase ? "is" : "s");
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return (Array.isArray(value) ? value : [value]) as readonly T[];
}
