import { allows, applies, type Statement } from "./evaluator";

const ARN = "arn:aws:iam::111122223333:role/orders/dev/app";
const ALL: Statement = { Effect: "Allow", Action: "*", Resource: "*" };
const request = { action: "s3:GetObject", resource: "arn:aws:s3:::orders/1" };
const may = (identity: readonly Statement[], boundary?: readonly Statement[], onResource?: readonly Statement[], guarded = false) =>
  allows({ arn: ARN, identity, ...(boundary ? { boundary } : {}) }, request, onResource, guarded);

describe("the evaluator of policies", () => {
  it("denies first, allows what both policies and boundary allow, and nothing by itself", () => {
    expect(may([ALL])).toBe(true);
    expect(may([])).toBe(false);
    expect(may([ALL, { ...ALL, Effect: "Deny" }])).toBe(false);
    expect(may([ALL], [{ ...ALL, Action: "ec2:*" }])).toBe(false);
    expect(may([ALL], [ALL])).toBe(true);
    expect(may([ALL], [ALL, { ...ALL, Effect: "Deny" }])).toBe(false);
  });

  it.each<[Partial<Statement>, boolean]>([
    [{ Action: "S3:get*" }, true],
    [{ Action: "s3:GetObject?" }, false],
    [{ Action: ["ec2:*", "s3:*"] }, true],
    [{ NotAction: "s3:*", Action: undefined as never }, false],
    [{ NotAction: ["iam:*"], Action: undefined as never }, true],
    [{ Resource: "arn:aws:s3:::orders/*" }, true],
    [{ Resource: "arn:aws:s3:::Orders/*" }, false],
    [{ NotResource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"], Resource: undefined as never }, false],
    [{ Condition: { StringEquals: { "aws:ResourceTag/a": ["1", "2"] } } }, true],
    [{ Condition: { StringEquals: { "aws:ResourceTag/a": "2" } } }, false],
    [{ Condition: { StringEquals: { "aws:ResourceTag/none": "1" } } }, false],
    [{ Condition: { StringNotEquals: { "aws:ResourceTag/none": "1" } } }, true],
    [{ Condition: { StringNotEquals: { "aws:ResourceTag/a": ["1", "2"] } } }, false],
    [{ Condition: { StringEqualsIfExists: { "aws:ResourceTag/none": "1" } } }, true],
    [{ Condition: { StringLike: { "aws:ResourceTag/a": "?" } } }, true],
    [{ Condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } } }, false],
    [{ Condition: { "ForAllValues:StringEquals": { "aws:none": ["a"] } } }, true],
    [{ Condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": ["a"] } } }, true],
    [{ Condition: { "ForAnyValue:StringEquals": { "aws:none": ["a"] } } }, false],
    [{ Condition: { "ForAnyValue:StringNotEquals": { "aws:none": ["a"] } } }, false],
    [{ Condition: { "ForAnyValue:StringNotEquals": { "aws:TagKeys": ["a"] } } }, true],
    [{ Condition: { Null: { "aws:ResourceTag/none": "true" } } }, true],
    [{ Condition: { Null: { "aws:ResourceTag/a": "true" } } }, false],
    [{ Condition: { Null: { "aws:ResourceTag/a": "false" } } }, true],
    [{ Condition: { Bool: { "aws:SecureTransport": "false" } } }, false],
  ])("finds whether %j is about a request", (changes, expected) => {
    const context = { "aws:resourcetag/a": "1", "aws:TagKeys": ["a", "b"], "aws:SecureTransport": "true" };
    const statement = Object.fromEntries(Object.entries({ ...ALL, ...changes }).filter(([, value]) => value !== undefined));
    expect(applies(statement as unknown as Statement, { ...request, context })).toBe(expected);
  });

  it("takes a resource's word for it, and its denial, and knows what the account was left to decide", () => {
    const named: Statement = { ...ALL, Principal: { AWS: ARN } };
    const account: Statement = { ...ALL, Principal: { AWS: "arn:aws:iam::111122223333:root" } };
    expect(may([], undefined, [named])).toBe(true);
    expect(may([], undefined, [account], true)).toBe(false);
    expect(may([ALL], undefined, [account], true)).toBe(true);
    expect(may([ALL], undefined, [], true)).toBe(false);
    expect(may([ALL], undefined, [{ ...named, Principal: "*", Effect: "Deny" }])).toBe(false);
    expect(may([], undefined, [{ ...named, Principal: { Service: "ec2.amazonaws.com" } }])).toBe(false);
  });

  it("judges nothing that it does not know", () => {
    const odd = (changes: Partial<Statement>) => () => applies({ ...ALL, ...changes }, request);
    expect(odd({ Condition: { NumericLessThan: { "s3:max-keys": "1" } } })).toThrow("NumericLessThan");
    expect(odd({ Resource: "arn:aws:s3:::${aws:username}" })).toThrow("variable");
  });
});
