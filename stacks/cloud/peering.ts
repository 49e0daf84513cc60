import { type App, Fn } from "cdktf";
import { Peering } from "../../constructs/network";
import type { AwsContext } from "../base/context";
import type { EventStoreOutputs, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { isExistingNetwork, zoneIds } from "../model/place";
import { kurrentCloudCidr } from "../model/stores/event-store";

/** The way to an event store at its vendor, as far as it is ours. On an existing network its owner makes the routes. */
export function peeringStacks(
  app: App,
  { environment, account }: AwsContext,
  network: PlatformStack<NetworkOutputs>,
  store: PlatformStack<EventStoreOutputs>,
): readonly PlatformStack[] {
  const { system, name, aws, eventStore } = environment;
  if (eventStore?.engine !== "kurrent-cloud") return [];
  const stack = new PlatformStack(app, `${name}-peering`, awsStackProps(environment, account, "peering"));
  const { peeringConnectionId } = stack.read(store);
  new Peering(stack, "event-store", {
    name: [system, name, "event-store"],
    connectionId: peeringConnectionId,
    cidr: kurrentCloudCidr(eventStore),
    routeTables: aws.network && isExistingNetwork(aws.network) ? {} : routeTables(),
    protect: stack.protect,
  });
  return [stack];

  function routeTables(): Readonly<Record<string, string>> {
    const { nodeRouteTableIds } = stack.read(network);
    return Object.fromEntries(zoneIds(environment).map((zone, index) => [zone, Fn.element(nodeRouteTableIds, index)]));
  }
}
