/**
 * Tags of a node's instance, disks and interfaces, regardless of what launches it. Rights of controllers are limited by them: the CNI's to
 * interfaces with the cluster's name, because it doesn't create a node's first interface; those of the EBS CSI driver to instances with
 * `ebs.csi.aws.com/cluster-name` (AmazonEBSCSIDriverEKSClusterScopedPolicy), because EKS sets `eks:cluster-name` on its own node groups
 * only.
 */
export function nodeTags(clusterName: string, name: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  return { ...tags, Name: name, "cluster.k8s.amazonaws.com/name": clusterName, "ebs.csi.aws.com/cluster-name": clusterName };
}
