import { X509Certificate } from "node:crypto";
import type { KubernetesApi, KubernetesObject } from "../cluster/api";
import { isSynced, Operators } from "./operators";

/** An API that keeps what is applied. */
function stub() {
  const secrets = new Map<string, Record<string, string>>();
  const api = {
    apply: async ({ metadata, stringData }: KubernetesObject) => void secrets.set(`${metadata.namespace}/${metadata.name}`, stringData),
    patch: async () => {},
    delete: async ({ metadata }: KubernetesObject) => void secrets.delete(`${metadata.namespace}/${metadata.name}`),
  };
  return { secrets, operators: new Operators(api as unknown as KubernetesApi) };
}

const object = (kind: string, namespace: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: "example/v1",
  kind,
  metadata: { namespace, name },
  spec,
});

const password = [
  object("Password", "store", "writer", { length: 32 }),
  object("ExternalSecret", "store", "writer", {
    dataFrom: [{ sourceRef: { generatorRef: { name: "writer" } } }],
    target: { name: "writer", template: { data: { user: "writer" } } },
  }),
];

const copy = [
  object("SecretStore", "app", "store", { provider: { kubernetes: { remoteNamespace: "store" } } }),
  object("ExternalSecret", "app", "writer", {
    dataFrom: [{ extract: { key: "writer" } }],
    secretStoreRef: { name: "store" },
    target: { name: "writer" },
  }),
];

describe("the stand-in for operators", () => {
  it("signs certificates by the authority that their issuer names", async () => {
    const { secrets, operators } = stub();
    const privateKey = { algorithm: "ECDSA", size: 256 };
    await operators.see([
      object("Issuer", "store", "self", { selfSigned: {} }),
      object("Issuer", "store", "authority", { ca: { secretName: "authority" } }),
      object("Certificate", "store", "node", {
        secretName: "node",
        issuerRef: { name: "authority" },
        dnsNames: ["node.store.svc"],
        duration: "24h",
        privateKey,
      }),
      object("Certificate", "store", "authority", {
        secretName: "authority",
        issuerRef: { name: "self" },
        isCA: true,
        commonName: "authority",
        duration: "24h",
        usages: ["cert sign", "digital signature"],
        privateKey,
      }),
    ]);
    const [authority, node] = ["authority", "node"].map((name) => new X509Certificate(secrets.get(`store/${name}`)?.["tls.crt"] ?? ""));
    expect(node?.verify(authority?.publicKey as never)).toBe(true);
    expect(node?.checkHost("node.store.svc")).toBe("node.store.svc");
    expect([authority?.ca, node?.ca]).toEqual([true, false]);
    expect(secrets.get("store/node")?.["ca.crt"]).toBe(secrets.get("store/authority")?.["tls.crt"]);
  });

  it("generates a password once, and copies it to those who use it", async () => {
    const { secrets, operators } = stub();
    await operators.see(password);
    await operators.see(copy);
    expect(secrets.get("app/writer")).toEqual({ user: "writer", password: expect.stringMatching(/^[A-Za-z0-9]{32}$/) });
    const before = secrets.get("app/writer");
    await operators.see([...password, ...copy]);
    expect(secrets.get("app/writer")).toEqual(before);
  });

  it("takes away a secret that is withheld", async () => {
    const { secrets, operators } = stub();
    await operators.see([...password, ...copy]);
    operators.withheld.add("app/writer");
    await operators.see(copy);
    expect([...secrets.keys()]).toEqual(["store/writer"]);
  });

  it("makes nothing where the operators run, and waits for what they make", async () => {
    const ready = { conditions: [{ type: "Ready", status: "True" }], syncedResourceVersion: "1-hash" };
    const asked: string[] = [];
    const api = {
      get: async (secret: KubernetesObject) => {
        asked.push(secret.metadata.name);
        return { ...secret, metadata: { ...secret.metadata, generation: 1 }, ...(asked.length > 1 ? { status: ready } : {}) };
      },
    };
    await new Operators(api as unknown as KubernetesApi, "awaited").see(password);
    expect(asked).toEqual(["writer", "writer"]);
  });

  it("tells a Secret that is as its ExternalSecret says now", () => {
    const [, secret] = password as [KubernetesObject, KubernetesObject];
    const synced = (generation: number, status: string, version: string) =>
      isSynced({
        ...secret,
        metadata: { ...secret.metadata, generation },
        status: { conditions: [{ type: "Ready", status }], syncedResourceVersion: version },
      });
    expect([synced(2, "True", "2-hash"), synced(2, "True", "1-hash"), synced(2, "False", "2-hash"), isSynced(secret)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
