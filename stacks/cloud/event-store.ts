import type { App } from "cdktf";
import { KurrentCloud, KurrentCloudProvider } from "../../constructs/event-store";
import type { AwsContext } from "../base/context";
import type { EventStoreOutputs, NetworkOutputs } from "../base/outputs";
import { describedAt } from "../base/refusals";
import { awsStateProps, PlatformStack } from "../base/stack";
import { pathOf } from "../model/check/paths";
import { isAtVendor, type StoreWith } from "../model/derive/members";
import { kurrentCloudCidr } from "../model/stores/kurrent-cloud";

/** Event stores at their vendor, in separate stacks that only need the vendor's provider. */
export function eventStoreStacks(
  app: App,
  context: AwsContext,
  network: PlatformStack<NetworkOutputs>,
): ReadonlyMap<string, PlatformStack<EventStoreOutputs>> {
  const stores = context.environment.stores.filter(isAtVendor);
  return new Map(stores.map((store) => [store.name, eventStoreStack(app, context, network, store)]));
}

function eventStoreStack(
  app: App,
  { environment, account }: AwsContext,
  network: PlatformStack<NetworkOutputs>,
  { name: store, stack: part, keys, settings }: StoreWith<"kurrent-cloud">,
): PlatformStack<EventStoreOutputs> {
  const { system, name, aws } = environment;
  const stack = new PlatformStack<EventStoreOutputs>(app, `${name}-${part}`, awsStateProps(environment, account, part, true));
  const { vpcId, vpcCidr } = stack.read(network);
  new KurrentCloudProvider(stack, "kurrentcloud");
  const { size, backup, version, patch, projections } = settings;
  const { host, peeringConnectionId } = describedAt(
    pathOf(environment, keys),
    new KurrentCloud(stack, store, {
      name: keys[0] === "stores" ? [system, name, store] : [system, name],
      size,
      region: aws.region,
      cidr: kurrentCloudCidr(settings),
      peer: { account: aws.account, vpcId, cidr: vpcCidr },
      backup,
      protect: stack.protect,
      ...(version ? { version } : {}),
      ...(patch ? { patch } : {}),
      ...(projections ? { projections } : {}),
    }),
  );
  return stack.publish({ eventStoreHost: host, peeringConnectionId });
}
