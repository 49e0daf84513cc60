import type { App } from "cdktf";
import { backupBuckets } from "../../constructs/backup";
import { type DeployedEnvironment, DeployRoles, StateBucket, stateLocation } from "../../constructs/bootstrap";
import { clusterNames } from "../../constructs/cluster";
import { edgeLogsBucket } from "../../constructs/edge";
import { PlatformStack } from "../base/stack";
import type { Account } from "../model/accounts";
import type { Aws } from "../model/place";
import type { System } from "../model/system";

/** What every other stack of an account needs first: where state lies, and who may deploy. */
export function bootstrapStack(
  app: App,
  name: string,
  account: Account,
  environments: readonly Pick<System, "name" | "aws">[],
): PlatformStack {
  const { id, region, system, github } = account;
  const stack = new PlatformStack(app, name, {
    state: { bucket: stateLocation({ system, account: id, region }), key: "bootstrap/terraform.tfstate" },
    protect: true,
    holdsData: true,
    aws: { account: id, region, tags: { system, environment: "bootstrap" } },
  });
  const state = new StateBucket(stack, "state", { system, account: id, region });
  if (github) {
    new DeployRoles(stack, "deploy", {
      system,
      account: id,
      subject: github.subject ?? `repo:${github.repository}`,
      providerExists: github.providerExists ?? false,
      environments: environments.flatMap(({ name, aws }) => (aws?.account === id ? [deployed(system, name, aws, region)] : [])),
      state: { bucketArn: state.arn, keyArn: state.keyArn },
    });
    // 0.1.0 had one boundary for all environments. Roles keep it until their environment is applied again.
    stack.addOverride("removed", [{ from: "aws_iam_policy.deploy_boundary_6DFE86BC", lifecycle: { destroy: false } }]);
  }
  return stack;
}

/** What deployments of an environment have, and those of others must not reach. */
function deployed(system: string, name: string, { account, region, recoveryRegion }: Aws, stateRegion: string): DeployedEnvironment {
  const parts = [system, name];
  return {
    name,
    regions: [...new Set([region, ...(recoveryRegion ? [recoveryRegion] : []), stateRegion])],
    clusters: clusterNames(parts),
    buckets: [...backupBuckets({ account, region, name: parts }, recoveryRegion), edgeLogsBucket(account, parts)],
  };
}
