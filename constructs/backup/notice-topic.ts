import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import { SnsTopicPolicy } from "@cdktf/provider-aws/lib/sns-topic-policy";
import { SnsTopicSubscription } from "@cdktf/provider-aws/lib/sns-topic-subscription";
import type { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";

/** Topic for notices, and its subscribers. */
export interface NoticeTopicProps {
  /** Prefix of its name, most general part first. */
  readonly name: readonly string[];

  readonly account: string;

  /** Key of the topic, by ARN. Its policy must allow EventBridge and CloudWatch to use it. */
  readonly key: string;

  /**
   * Mail addresses that are subscribed.
   * @default - none
   */
  readonly notify?: readonly string[];
}

/** Creates a topic for one use, to which alarms and events of the account publish. */
export function noticeTopic(
  scope: Construct,
  use: string,
  { name, account, key, notify = [] }: NoticeTopicProps,
): { readonly topic: SnsTopic; readonly policy: SnsTopicPolicy } {
  const topic = new SnsTopic(scope, "topic", { name: cloudName("topic", ...name, use), kmsMasterKeyId: key });
  const policy = new SnsTopicPolicy(scope, "policy", { arn: topic.arn, policy: policyDocument(publishers(topic.arn, account)) });
  for (const [index, endpoint] of notify.entries()) {
    new SnsTopicSubscription(scope, `subscription-${index}`, { topicArn: topic.arn, protocol: "email", endpoint });
  }
  return { topic, policy };
}

function publishers(topic: string, account: string): object[] {
  const publish = { Effect: "Allow", Action: "sns:Publish", Resource: topic };
  return [
    {
      Sid: "AlarmsOfThisAccount",
      ...publish,
      Principal: { Service: "cloudwatch.amazonaws.com" },
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    },
    // EventBridge does not support conditions in policies of topics.
    { Sid: "Events", ...publish, Principal: { Service: "events.amazonaws.com" } },
  ];
}
