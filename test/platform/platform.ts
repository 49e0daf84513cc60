import type { TerraformStack } from "cdktf";
import type { PodGroup } from "../../constructs/capacity";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { Platform, type PlatformParts, type PlatformProps } from "../../constructs/platform";
import { all, type Body, refusalsOf, synth } from "../synth";

const THREE_ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];

/** A cluster on EKS over three zones, with what a test changes. */
export function anEksCluster(
  stack: TerraformStack,
  changes: { readonly zones?: readonly string[]; readonly mirror?: string } = {},
): KubernetesTarget {
  return KubernetesTarget.eks(stack, {
    clusterName: "orders-test-write",
    region: "eu-west-1",
    endpoint: "https://test.eks.amazonaws.com",
    certificateAuthority: "Y2E=",
    vpcId: "vpc-1",
    zones: THREE_ZONES,
    ...changes,
  });
}

/** Every part that there is. */
export const EVERYTHING: Required<PlatformParts> = {
  definitions: {},
  autoscaling: {},
  metricsServer: {},
  storageClasses: { key: "arn:aws:kms:eu-west-1:111122223333:key/disks", backupPlan: "orders-test" },
  snapshots: {},
  scaling: {
    queueName: "orders-test-write-interruptions",
    nodes: {
      count: { min: 3, max: 9 },
      node: { cpu: 4, memory: "16Gi", storage: "100Gi" },
      instanceProfile: "orders-test-write-nodes",
      subnetIds: ["subnet-a", "subnet-b", "subnet-c"],
      securityGroupIds: ["sg-nodes"],
      diskKey: "arn:aws:kms:eu-west-1:111122223333:key/disks",
      tags: { system: "orders", environment: "test" },
    },
  },
  loadBalancers: {},
  certificates: {},
  secrets: {},
  dns: { domains: ["orders.internal"] },
  postgres: {},
  postgresBackup: {},
  gateways: {},
};

type Changes = Omit<Partial<PlatformProps>, "cluster"> & { readonly target?: (stack: TerraformStack) => KubernetesTarget };

/** The Terraform of a platform of every part, with what a test changes, and what it asks of the nodes. */
export function aPlatform({ target = anEksCluster, ...changes }: Changes = {}): {
  readonly json: Body;
  readonly pods: readonly PodGroup[];
} {
  let pods: readonly PodGroup[] = [];
  const json = synth((stack) => {
    const cluster = target(stack);
    new Platform(stack, "platform", { cluster, parts: EVERYTHING, ...changes });
    pods = cluster.ledger.groups;
  });
  return { json, pods };
}

/** Why a platform is refused, a line for each reason. */
export function refusals({ target = anEksCluster, ...changes }: Changes): readonly string[] {
  return refusalsOf((stack) => void new Platform(stack, "platform", { cluster: target(stack), parts: EVERYTHING, ...changes }));
}

/** The release of a chart. */
export function releaseOf({ json }: { readonly json: Body }, chart: string): Body {
  const found = all(json, "helm_release").find((release) => release.chart === chart);
  if (!found) throw new Error(`there is no release of ${chart}`);
  return found;
}

/** The values of a release. */
export function valuesOf(platform: { readonly json: Body }, chart: string): Body {
  return JSON.parse(releaseOf(platform, chart).values[0]);
}
