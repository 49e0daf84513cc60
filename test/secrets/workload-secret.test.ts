import type { TerraformStack } from "cdktf";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { WorkloadSecret, type WorkloadSecretProps } from "../../constructs/secrets";
import { aStack, type Body, one, refusalsOf, synth } from "../synth";
import { aSpec } from "./specs";

const onKind = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
const onEks = (stack: TerraformStack) =>
  KubernetesTarget.eks(stack, {
    clusterName: "orders-test",
    region: "eu-west-1",
    endpoint: "https://api.example.com",
    certificateAuthority: "Y2E=",
    vpcId: "vpc-1",
  });

type Changes = Partial<WorkloadSecretProps> & { readonly on?: (stack: TerraformStack) => KubernetesTarget };

const aSecret = (stack: TerraformStack, { on = onKind, ...changes }: Changes = {}) =>
  new WorkloadSecret(stack, "admin", { cluster: on(stack), namespace: "observability", spec: aSpec(), ...changes });

const releaseOf = (changes: Changes = {}) =>
  one(
    synth((stack) => void aSecret(stack, changes)),
    "helm_release",
  );

/** The objects that a release makes, by kind. */
const objectsOf = (changes: Changes = {}): Readonly<Record<string, Body[]>> => {
  const objects: Body[] = JSON.parse(releaseOf(changes).values[0]).objects;
  return Object.fromEntries(objects.map(({ kind }) => [kind, objects.filter((object) => object.kind === kind)]));
};

describe("WorkloadSecret", () => {
  it("is found by its name and key, and by nothing that tells its value", () => {
    expect(aSecret(aStack(() => {})).ref("password")).toEqual({ namespace: "observability", name: "grafana-admin", key: "password" });
  });

  it("says which keys there are", () => {
    const secret = aSecret(
      aStack(() => {}),
      { spec: aSpec({ fixed: { user: "admin" } }) },
    );
    expect(() => secret.ref("pasword")).toThrow('test/admin: "pasword" is not a key of grafana-admin; use one of password, user');
    expect(secret.ref("user").key).toBe("user");
  });

  it("is a release of its own, in its namespace", () => {
    expect(releaseOf()).toMatchObject({ name: "secret-grafana-admin", namespace: "observability" });
  });

  it("refuses what would be no secret", () => {
    expect(refusalsOf((stack) => void aSecret(stack, { spec: aSpec({ keys: {} }) }))).toEqual([
      `test/admin.spec: "grafana-admin" has no key, and so no secret in it; name one, like { password: { length: 32 } }`,
    ]);
  });
});

describe("on AWS, WorkloadSecret", () => {
  const { ExternalSecret = [], ...others } = objectsOf({ on: onEks, spec: aSpec({ fixed: { user: "admin" } }) });

  it("is all that Secrets Manager has under its name, keys that a rotation adds included", () => {
    expect(ExternalSecret).toEqual([
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: {
          name: "grafana-admin",
          namespace: "observability",
          labels: { "app.kubernetes.io/part-of": "environment" },
        },
        spec: {
          refreshPolicy: "Periodic",
          refreshInterval: "15m",
          secretStoreRef: { kind: "ClusterSecretStore", name: "environment" },
          target: { name: "grafana-admin", creationPolicy: "Owner", deletionPolicy: "Retain" },
          dataFrom: [{ extract: { key: "grafana-admin" } }],
        },
      },
    ]);
  });

  it("draws nothing in the cluster", () => {
    expect(others).toEqual({});
  });
});

describe("without AWS, WorkloadSecret", () => {
  const keys = { admin: { length: 32 }, key: { length: 64, characters: "hex" } } as const;
  const { ExternalSecret: [filled] = [], Password = [] } = objectsOf({ spec: aSpec({ keys, fixed: { user: "admin" } }) });

  it("draws each key evenly from its alphabet", () => {
    expect(Password.map(({ metadata, spec }) => ({ ...metadata, ...spec }))).toEqual([
      {
        name: "grafana-admin-admin",
        namespace: "observability",
        length: 32,
        digits: 0,
        symbols: 32,
        symbolCharacters: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        noUpper: false,
        allowRepeat: true,
        secretKeys: ["admin"],
      },
      expect.objectContaining({ name: "grafana-admin-key", symbols: 64, symbolCharacters: "0123456789abcdef", secretKeys: ["key"] }),
    ]);
  });

  it("draws once, and never over what is there", () => {
    expect(filled?.spec).toMatchObject({
      refreshPolicy: "CreatedOnce",
      target: { creationPolicy: "Orphan", deletionPolicy: "Retain", immutable: true },
    });
  });

  it("has what is not a secret beside it", () => {
    expect(filled?.spec.target.template).toEqual({ mergePolicy: "Merge", data: { user: "admin" } });
    expect(objectsOf().ExternalSecret?.[0]?.spec.target).not.toHaveProperty("template");
  });

  it("takes every key from its own generator", () => {
    expect(filled?.spec.dataFrom).toEqual(
      ["grafana-admin-admin", "grafana-admin-key"].map((name) => ({
        sourceRef: { generatorRef: { apiVersion: "generators.external-secrets.io/v1alpha1", kind: "Password", name } },
      })),
    );
  });
});
