import type { App } from "cdktf";
import { KurrentCloud, KurrentCloudProvider } from "../../constructs/event-store";
import type { AwsContext } from "../base/context";
import type { EventStoreOutputs, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { kurrentCloudCidr } from "../model/stores/event-store";

/** The event store at its vendor, which needs the vendor's provider and nothing else. None where it runs on a cluster. */
export function eventStoreStacks(
  app: App,
  { environment, account }: AwsContext,
  network: PlatformStack<NetworkOutputs>,
): readonly PlatformStack<EventStoreOutputs>[] {
  const { system, name, aws, eventStore } = environment;
  if (eventStore?.engine !== "kurrent-cloud") return [];
  // Its state lies on AWS, and that is all it has there.
  const { aws: _, ...props } = awsStackProps(environment, account, "event-store");
  const stack = new PlatformStack<EventStoreOutputs>(app, `${name}-event-store`, props);
  const { vpcId, vpcCidr } = stack.read(network);
  new KurrentCloudProvider(stack, "kurrentcloud");
  const { size, backup, version, patch, projections } = eventStore;
  const { host, peeringConnectionId } = new KurrentCloud(stack, "event-store", {
    name: [system, name],
    size,
    region: aws.region,
    cidr: kurrentCloudCidr(eventStore),
    peer: { account: aws.account, vpcId, cidr: vpcCidr },
    backup,
    protect: stack.protect,
    ...(version ? { version } : {}),
    ...(patch ? { patch } : {}),
    ...(projections ? { projections } : {}),
  });
  return [stack.publish({ eventStoreHost: host, peeringConnectionId })];
}
