import { CopyNotices, type CopyNoticesProps } from "../../constructs/backup";
import { all, one, synth } from "../synth";

const PROPS: CopyNoticesProps = {
  name: ["orders", "test"],
  account: "111122223333",
  key: "arn:aws:kms:eu-west-1:111122223333:key/backup",
  copies: { backups: { from: "backups", to: "backups-copy" }, audit: { from: "audit", to: "audit-copy" } },
  notify: ["oncall@example.com"],
};
const json = synth((stack) => void new CopyNotices(stack, "copies", PROPS));

describe("CopyNotices", () => {
  it("raises an alarm on the first object of each bucket that is not copied, and none while nothing is written", () => {
    const alarms = all(json, "aws_cloudwatch_metric_alarm");
    expect(alarms.map(({ dimensions }) => [dimensions.SourceBucket, dimensions.DestinationBucket])).toEqual([
      ["audit", "audit-copy"],
      ["backups", "backups-copy"],
    ]);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        metric_name: "OperationsFailedReplication",
        comparison_operator: "GreaterThanThreshold",
        threshold: 0,
        treat_missing_data: "notBreaching",
      });
    }
  });

  it("tells the addresses, through a topic that the alarms may use", () => {
    expect(one(json, "aws_sns_topic_subscription")).toMatchObject({ protocol: "email", endpoint: "oncall@example.com" });
    const topic = one(json, "aws_sns_topic");
    expect(topic).toMatchObject({ name: "orders-test-copies", kms_master_key_id: PROPS.key });
    for (const { alarm_actions } of all(json, "aws_cloudwatch_metric_alarm")) expect(alarm_actions[0]).toMatch(/^\$\{aws_sns_topic\./);
  });
});
