import { LogGroup, logDays } from "../../constructs/logs";
import { exemptionsOf } from "../../constructs/policy";
import { aStack, one, refusalsOf, synth } from "../synth";

const PROPS = { name: "/orders/test", key: "key-1" };

describe("a log group", () => {
  it("keeps a year where nobody names another period", () => {
    const json = synth((stack) => void new LogGroup(stack, "log", PROPS));
    expect(one(json, "aws_cloudwatch_log_group")).toMatchObject({ name: "/orders/test", retention_in_days: 365, kms_key_id: "key-1" });
  });

  it("is excepted from the check for a year where less is asked for, and only there", () => {
    const rules = (days: number) =>
      exemptionsOf(aStack((stack) => void new LogGroup(stack, "log", { ...PROPS, days })).node.findChild("log"));
    expect(rules(30).map(({ rule }) => rule)).toEqual(["CKV_AWS_338"]);
    expect(rules(400)).toEqual([]);
  });

  it("is imported where its service has made it again, and created where it has not", () => {
    const json = synth((stack) => void new LogGroup(stack, "log", { ...PROPS, madeByService: true }));
    expect(json.data.aws_cloudwatch_log_groups["log-left"]).toMatchObject({ log_group_name_prefix: PROPS.name });
    expect(json.import).toEqual([
      {
        // Of all groups whose names begin so, the one that is called so.
        for_each: '${toset([for name in data.aws_cloudwatch_log_groups.log-left.log_group_names : name if name == "/orders/test"])}',
        to: "aws_cloudwatch_log_group.log",
        id: "${each.value}",
      },
    ]);
    expect(synth((stack) => void new LogGroup(stack, "log", PROPS)).import).toBeUndefined();
  });

  it("refuses a period that CloudWatch Logs does not offer", () => {
    expect(refusalsOf((stack) => void new LogGroup(stack, "log", { ...PROPS, days: 100 }))).toEqual([
      expect.stringMatching(/^test\/log\.days: 100 is not a retention period of CloudWatch Logs; use "120d", or one of 1, 3, /),
    ]);
  });
});

describe("the retention of an environment's logs", () => {
  it("follows its protection, where it is not said", () => {
    expect([logDays(undefined, true), logDays(undefined, false), logDays("90d", true)]).toEqual([365, 30, 90]);
  });
});
