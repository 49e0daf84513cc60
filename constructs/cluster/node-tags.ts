/**
 * Tags of a node's instance, disks and interfaces, whatever starts it. Rights of controllers end at them: the CNI's at
 * interfaces with the cluster's name, of which a node's first is not the CNI's own; those of the EBS CSI driver at
 * instances with `ebs.csi.aws.com/cluster-name` (AmazonEBSCSIDriverEKSClusterScopedPolicy), because `eks:cluster-name`
 * is set by EKS on its own node groups only.
 */
export function nodeTags(clusterName: string, name: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  return { ...tags, Name: name, "cluster.k8s.amazonaws.com/name": clusterName, "ebs.csi.aws.com/cluster-name": clusterName };
}
