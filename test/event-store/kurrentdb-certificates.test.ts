import { all, type Body } from "../synth";
import { authority, json, node, specOf } from "./certificates";

const hours = (duration: string) => Number.parseInt(duration, 10);

describe("certificates of KurrentDb", () => {
  it("come from an authority of its own, which nothing else on the cluster can use to pass for a node", () => {
    expect(specOf("Issuer", "event-store-self")).toEqual({ selfSigned: {} });
    expect(specOf("Issuer", "event-store-authority")).toEqual({ ca: { secretName: "event-store-authority" } });
    expect(node.issuerRef).toEqual({ group: "cert-manager.io", kind: "Issuer", name: "event-store-authority" });
    expect(authority).toMatchObject({ isCA: true, issuerRef: { name: "event-store-self" } });
  });

  it("are renewed long before they end, the authority with the key that it has", () => {
    expect(hours(node.duration) - hours(node.renewBefore)).toBe(60 * 24);
    expect(hours(node.renewBefore)).toBe(30 * 24);
    expect(authority.privateKey.rotationPolicy).toBe("Never");
  });

  it("of nodes are RSA keys in PKCS#1, as the server reads them", () => {
    expect(node.privateKey).toEqual({ algorithm: "RSA", encoding: "PKCS1", size: 2048, rotationPolicy: "Always" });
  });

  it("lie apart: of the authority a node sees the certificate only, in a folder of its own", () => {
    const [{ spec }] = all(json, "kubernetes_stateful_set_v1") as [Body];
    const volumes: Record<string, Body> = Object.fromEntries(spec.template.spec.volume.map((volume: Body) => [volume.name, volume]));
    expect(volumes.trusted?.secret).toEqual({
      secret_name: "event-store-authority",
      default_mode: "0444",
      items: [{ key: "ca.crt", path: "ca.crt" }],
    });
    const variables = Object.fromEntries(spec.template.spec.container[0].env.map(({ name, value }: Body) => [name, value]));
    expect(variables).toMatchObject({
      KURRENTDB_TRUSTED_ROOT_CERTIFICATES_PATH: "/certificates/trusted",
      KURRENTDB_CERTIFICATE_FILE: "/certificates/node/tls.crt",
      KURRENTDB_CERTIFICATE_RESERVED_NODE_COMMON_NAME: node.commonName,
    });
  });
});
