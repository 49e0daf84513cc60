import { Eks, type EksProps } from "../../constructs/cluster";
import { type Body, refusalsOf, synth } from "../synth";

export const PROPS: EksProps = {
  name: ["orders", "test"],
  account: "111122223333",
  region: "eu-west-1",
  side: "write",
  nodes: 3,
  node: { cpu: 4, memory: "16Gi", storage: "100Gi" },
  vpcId: "vpc-1",
  zones: { a: "subnet-a", b: "subnet-b", c: "subnet-c" },
  securityGroups: { controlPlane: "sg-api", nodes: "sg-nodes" },
  keys: {
    secrets: "arn:aws:kms:eu-west-1:111122223333:key/secrets",
    logs: "arn:aws:kms:eu-west-1:111122223333:key/logs",
    disks: "arn:aws:kms:eu-west-1:111122223333:key/disks",
  },
  access: {
    administrators: ["arn:aws:iam::111122223333:role/orders-deploy-test"],
    readers: ["arn:aws:iam::111122223333:role/orders-plan"],
  },
  dnsZones: ["arn:aws:route53:::hostedzone/Z1"],
  certificateZones: [{ zone: "arn:aws:route53:::hostedzone/Z2", domain: "orders.example.com" }],
  protect: true,
  owner: { system: "orders", environment: "test" },
  tags: { team: "payments" },
};

/** The Terraform of a cluster, with what a test changes. */
export function aCluster(changes: Partial<EksProps> = {}): Body {
  return synth((stack) => void new Eks(stack, "cluster", { ...PROPS, ...changes }));
}

/** Why a cluster is refused, a line for each reason. */
export function refusals(changes: Partial<EksProps>): readonly string[] {
  return refusalsOf((stack) => void new Eks(stack, "cluster", { ...PROPS, ...changes }));
}
