import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { ProvidedSecret } from "../../constructs/secrets";
import { HttpService } from "../../constructs/workload";
import { synth } from "../synth";
import { Sent } from "../workload/workloads";

const onKind = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-shop" });
const onEks = (stack: TerraformStack) =>
  KubernetesTarget.eks(stack, {
    clusterName: "shop-test",
    region: "eu-west-1",
    endpoint: "https://api.example.com",
    certificateAuthority: "Y2E=",
    vpcId: "vpc-1",
  });

/** A service that signs with a key of a secret that an operator creates. */
const signing = (on: (stack: TerraformStack) => KubernetesTarget) => (stack: TerraformStack) => {
  const cluster = on(stack);
  const namespace = "shop";
  const secret = new ProvidedSecret(stack, "signing", { cluster, namespace, name: "signing" });
  new HttpService(stack, "orders", {
    cluster,
    namespace,
    image: "registry.example.com/shop/orders:1.0.0",
    secrets: { SIGNING_KEY: secret.key("private") },
    after: secret.ready,
  });
};

describe("a provided secret", () => {
  it("is read by workloads key by key, from the Secret that an operator creates", () => {
    const sent = new Sent(signing(onKind));
    const [variable] = sent.container.env.filter(({ name }: { name: string }) => name === "SIGNING_KEY");
    expect(variable.valueFrom.secretKeyRef).toMatchObject({ name: "signing", key: "private" });
    expect(sent.names("Secret")).toEqual([]);
  });

  it("comes from Secrets Manager on AWS", () => {
    const releases = (on: typeof onKind) => JSON.stringify(synth(signing(on)).resource.helm_release ?? {});
    expect(releases(onEks)).toContain("secret-signing");
    expect(releases(onKind)).not.toContain("secret-signing");
  });
});
