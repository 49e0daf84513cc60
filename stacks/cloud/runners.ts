import { type App, Fn } from "cdktf";
import { logDays } from "../../constructs/logs";
import { GitHubRunners } from "../../constructs/runners";
import type { AwsContext } from "../base/context";
import type { Keys, NetworkOutputs } from "../base/outputs";
import { awsStackProps, PlatformStack } from "../base/stack";
import { zoneIds } from "../model/place";

/** GitHub Actions runners in an environment's network, before its clusters, which only they can reach. None without `aws.runners`. */
export function runnersStacks(
  app: App,
  { environment, account }: AwsContext,
  keys: PlatformStack<Keys>,
  network: PlatformStack<NetworkOutputs>,
): readonly PlatformStack[] {
  const { system, name, aws } = environment;
  if (!aws.runners || !account.github) return [];
  const stack = new PlatformStack(app, `${name}-runners`, awsStackProps(environment, account, "runners"));
  const { vpcId, privateSubnetIds, deployRunnersSecurityGroupId = "" } = stack.read(network);
  new GitHubRunners(stack, "github", {
    name: [system, name],
    account: aws.account,
    region: aws.region,
    repository: account.github.repository,
    connection: aws.runners.connection,
    vpcId,
    subnetIds: zoneIds(environment).map((_, index) => Fn.element(privateSubnetIds, index)),
    securityGroupId: deployRunnersSecurityGroupId,
    logsKey: stack.read(keys).logsKeyArn,
    logDays: logDays(aws.logRetention, stack.protect),
  });
  return [stack];
}
