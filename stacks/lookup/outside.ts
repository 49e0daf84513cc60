import type { Outside } from "../../constructs/event-store";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { authorityOf } from "../model/derive/secrets";
import { isUsedFromElsewhere } from "../model/derive/servers";
import type { StoreOf } from "../model/system";

/** DNS names of KurrentDB nodes for another cluster, if there is one in the same network. */
export function outsideOf({ environment, foundation }: Site, stack: PlatformStack, store: StoreOf): Outside | undefined {
  if (!foundation || !isUsedFromElsewhere(environment, store)) return undefined;
  const { privateZoneName, vpcCidr } = stack.read(foundation.network);
  return { domain: privateZoneName, networks: [vpcCidr], authority: { remoteName: authorityOf(store) } };
}
