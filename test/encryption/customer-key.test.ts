import { CustomerKey, type CustomerKeyProps, logsMayUse } from "../../constructs/encryption";
import { one, statements, synth } from "../synth";

const PROPS: CustomerKeyProps = { alias: "orders-test-data", description: "Data of orders test", account: "111122223333", protect: true };

const aKey = (changes: Partial<CustomerKeyProps> = {}) => synth((stack) => void new CustomerKey(stack, "data", { ...PROPS, ...changes }));

describe("CustomerKey", () => {
  it("is rotated, and is found by its name", () => {
    expect(one(aKey(), "aws_kms_key").enable_key_rotation).toBe(true);
    expect(one(aKey(), "aws_kms_alias").name).toBe("alias/orders-test-data");
  });

  it("is administered by the account, whoever made it", () => {
    expect(statements(one(aKey(), "aws_kms_key").policy)).toEqual([
      { Sid: "Account", Effect: "Allow", Principal: { AWS: "arn:aws:iam::111122223333:root" }, Action: "kms:*", Resource: "*" },
    ]);
  });

  it("outlives mistakes where data is protected", () => {
    expect(one(aKey(), "aws_kms_key")).toMatchObject({ deletion_window_in_days: 30, lifecycle: { prevent_destroy: true } });
    expect(one(aKey({ protect: false }), "aws_kms_key")).toMatchObject({
      deletion_window_in_days: 7,
      lifecycle: { prevent_destroy: false },
    });
  });

  it("admits CloudWatch Logs for log groups of its own account and region only", () => {
    const [, logs] = statements(one(aKey({ statements: [logsMayUse("111122223333", "eu-west-1")] }), "aws_kms_key").policy);
    expect(logs?.Principal).toEqual({ Service: "logs.eu-west-1.amazonaws.com" });
    expect(logs?.Condition).toEqual({
      ArnLike: { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:*" },
    });
  });
});
