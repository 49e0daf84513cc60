import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { SharedSecrets } from "../../constructs/secrets";
import { all, type Body, one, synth } from "../synth";

const secrets = [{ name: "read-database-writer" }, { name: "read-database-ca", keys: ["ca.crt"] }];

const resources = synth(
  (stack: TerraformStack) =>
    void new SharedSecrets(stack, "shared", {
      cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }),
      from: "read-store",
      to: "projections",
      secrets,
    }),
);

const objects: Body[] = JSON.parse(one(resources, "helm_release").values[0]).objects;

describe("SharedSecrets", () => {
  it("may read the secrets that are shared, in the namespace that has them, and no others", () => {
    expect(one(resources, "kubernetes_role_v1")).toMatchObject({
      metadata: { namespace: "read-store" },
      rule: [{ resources: ["secrets"], resource_names: ["read-database-ca", "read-database-writer"], verbs: ["get"] }],
    });
    expect(all(resources, "kubernetes_role_binding_v1")).toHaveLength(1);
    expect(one(resources, "kubernetes_role_binding_v1").subject).toEqual([
      { kind: "ServiceAccount", name: "secrets-of-read-store", namespace: "projections", api_group: "" },
    ]);
  });

  it("mounts no token anywhere", () => {
    expect(one(resources, "kubernetes_service_account_v1").automount_service_account_token).toBe(false);
  });

  it("follows the whole of a secret, or the keys that are wanted", () => {
    const copies = objects.filter(({ kind }) => kind === "ExternalSecret");
    expect(copies.map(({ metadata, spec: { data, dataFrom } }) => [metadata.namespace, metadata.name, data ?? dataFrom])).toEqual([
      ["projections", "read-database-writer", [{ extract: { key: "read-database-writer" } }]],
      ["projections", "read-database-ca", [{ secretKey: "ca.crt", remoteRef: { key: "read-database-ca", property: "ca.crt" } }]],
    ]);
  });

  it("asks the API server of its own cluster, by the authority that every namespace has", () => {
    expect(objects.find(({ kind }) => kind === "SecretStore")?.spec.provider.kubernetes).toEqual({
      remoteNamespace: "read-store",
      server: { caProvider: { type: "ConfigMap", name: "kube-root-ca.crt", key: "ca.crt" } },
      auth: { serviceAccount: { name: "secrets-of-read-store" } },
    });
  });
});
