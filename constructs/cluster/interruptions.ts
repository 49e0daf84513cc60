import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { SqsQueuePolicy } from "@cdktf/provider-aws/lib/sqs-queue-policy";
import { Construct } from "constructs";
import { cloudName } from "../core/names";
import { policyDocument } from "../core/policy-document";

export interface InterruptionsProps {
  /** Prefix of its names, most general part first: `["orders", "production", "write"]`. */
  readonly name: readonly string[];
}

/** Interruptions of nodes as EventBridge events (Karpenter, interruption handling). */
const EVENTS = {
  maintenance: { source: ["aws.health"], "detail-type": ["AWS Health Event"] },
  "spot-interruption": { source: ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"] },
  rebalance: { source: ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"] },
  "state-change": { source: ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"] },
} as const;

/** Retention of messages in seconds. Older ones are of no use. */
const KEEP_SECONDS = 300;

/** SQS queue of node interruptions. A scaler reads it to drain nodes before they terminate. */
export class Interruptions extends Construct {
  readonly queueName: string;
  readonly queueArn: string;

  constructor(scope: Construct, id: string, props: InterruptionsProps) {
    super(scope, id);
    const queue = new SqsQueue(this, "queue", {
      name: cloudName("queue", ...props.name, "interruptions"),
      messageRetentionSeconds: KEEP_SECONDS,
      sqsManagedSseEnabled: true,
    });
    const rules = Object.entries(EVENTS).map(([event, pattern]) => {
      const name = cloudName("eventRule", ...props.name, event);
      const rule = new CloudwatchEventRule(this, event, {
        name,
        description: `Nodes of ${props.name.join(" ")}: ${event}`,
        eventPattern: JSON.stringify(pattern),
      });
      new CloudwatchEventTarget(this, `${event}-target`, { rule: rule.name, arn: queue.arn });
      return rule.arn;
    });
    new SqsQueuePolicy(this, "policy", {
      queueUrl: queue.id,
      policy: policyDocument(statements(queue.arn, rules)),
    });
    this.queueName = queue.name;
    this.queueArn = queue.arn;
  }
}

function statements(queue: string, rules: readonly string[]): object[] {
  return [
    {
      Sid: "Events",
      Effect: "Allow",
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queue,
      Condition: { ArnEquals: { "aws:SourceArn": rules } },
    },
    {
      Sid: "NoPlainHttp",
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:*",
      Resource: queue,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  ];
}
