import { CapacityLedger } from "../../constructs/capacity";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { type Body, synth } from "../synth";

const eks = (more: object = {}): Body =>
  synth((stack) => {
    KubernetesTarget.eks(stack, {
      clusterName: "orders-production-write",
      region: "eu-west-1",
      endpoint: "https://abc.eks.amazonaws.com",
      certificateAuthority: "Q0E=",
      vpcId: "vpc-0a1b2c3d",
      ...more,
    });
  });

describe("a cluster on EKS", () => {
  it("is entered with a token that is asked for anew, so that none is in the state", () => {
    const { provider } = eks();
    const exec = {
      api_version: "client.authentication.k8s.io/v1beta1",
      command: "aws",
      args: ["eks", "get-token", "--cluster-name", "orders-production-write", "--region", "eu-west-1"],
    };
    expect(provider.kubernetes[0].exec).toEqual([exec]);
    expect(provider.helm[0].kubernetes.exec).toEqual(exec);
    expect(JSON.stringify(provider)).not.toMatch(/"token"/);
  });

  it("is known by an authority that is no longer in base64, as the providers want it", () => {
    const { provider } = eks();
    expect(provider.kubernetes[0].cluster_ca_certificate).toBe('${base64decode("Q0E=")}');
    expect(provider.helm[0].kubernetes.cluster_ca_certificate).toBe('${base64decode("Q0E=")}');
  });
});

describe("releases", () => {
  it("are kept where who may read no Secret can plan them", () => {
    expect(eks().provider.helm[0].helm_driver).toBe("configmap");
  });
});

describe("an existing cluster", () => {
  it("is known by the context that is named, whatever the current one is", () => {
    const { provider } = synth((stack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }));
    const connection = { config_path: "~/.kube/config", config_context: "kind-orders" };
    expect(provider.kubernetes).toEqual([connection]);
    expect(provider.helm).toEqual([{ kubernetes: connection, helm_driver: "configmap" }]);
  });

  it("has no Pod Identity", () => {
    synth((stack) => expect(KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }).aws).toBeUndefined());
  });
});

it("shares one account of what is asked of its nodes with other stacks", () => {
  const ledger = new CapacityLedger();
  synth((stack) => expect(KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ledger }).ledger).toBe(ledger));
});
