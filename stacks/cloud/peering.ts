import { type App, Fn } from "cdktf";
import { Peering } from "../../constructs/network";
import type { AwsContext } from "../base/context";
import type { EventStoreOutputs, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { isAtVendor } from "../model/derive/members";
import { isExistingNetwork, zoneIds } from "../model/place";
import { kurrentCloudCidr } from "../model/stores/kurrent-cloud";

/** Environment's side of the peering with vendor networks. In an existing network, its owner adds the routes. */
export function peeringStacks(
  app: App,
  { environment, account }: AwsContext,
  network: PlatformStack<NetworkOutputs>,
  vendors: ReadonlyMap<string, PlatformStack<EventStoreOutputs>>,
): readonly PlatformStack[] {
  const { system, name, aws, stores } = environment;
  return stores.flatMap((store) => {
    const vendor = vendors.get(store.name);
    if (!vendor || !isAtVendor(store)) return [];
    const part = store.keys[0] === "stores" ? `${store.name}-peering` : "peering";
    const stack = new PlatformStack(app, `${name}-${part}`, awsStackProps(environment, account, part));
    const { peeringConnectionId } = stack.read(vendor);
    const routeTables = () => {
      const { nodeRouteTableIds } = stack.read(network);
      return Object.fromEntries(zoneIds(environment).map((zone, index) => [zone, Fn.element(nodeRouteTableIds, index)]));
    };
    new Peering(stack, store.name, {
      name: [system, name, store.name],
      connectionId: peeringConnectionId,
      cidr: kurrentCloudCidr(store.settings),
      routeTables: aws.network && isExistingNetwork(aws.network) ? {} : routeTables(),
      protect: stack.protect,
    });
    return [stack];
  });
}
