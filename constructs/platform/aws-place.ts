import type { Construct } from "constructs";
import { refuse } from "../core/errors";
import type { AwsPlace, KubernetesTarget } from "../kubernetes";

/** AWS location of a cluster. A part that calls AWS is refused on a cluster without one. */
export function awsPlace(part: Construct, { aws }: KubernetesTarget): AwsPlace {
  if (aws) return aws;
  refuse(part, [
    { rule: "calls AWS, and the cluster is not known to run there", remedy: "leave it out, or reach the cluster by KubernetesTarget.eks" },
  ]);
  return { clusterName: "", region: "", vpcId: "" };
}
