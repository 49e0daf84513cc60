import type { ApiObject } from "../kubernetes";

/** Names of the Secrets with certificates. */
export interface CertificateNames {
  /** The CA's Secret: clients trust its `ca.crt`. */
  readonly authority: string;

  /** The certificate of all nodes. */
  readonly node: string;
}

export interface CertificatesProps {
  readonly name: string;
  readonly namespace: string;

  /** DNS names under which nodes are addressed. */
  readonly dnsNames: readonly string[];
}

/** Lifetime of the CA certificate: ten years, renewed with the same key a year before, so that old and new certificates stay valid. */
const AUTHORITY = { duration: "87600h", renewBefore: "8760h" } as const;

/** Lifetime of node certificates: three months, renewed a month before, so that a failed reload is noticed in time. */
const NODE = { duration: "2160h", renewBefore: "720h" } as const;

export function certificateNames(name: string): CertificateNames {
  return { authority: `${name}-authority`, node: `${name}-node` };
}

/** Common name of all nodes, by which they authenticate each other. The server requires it to be the same. */
export const COMMON_NAME = "kurrentdb-node";

/**
 * A CA for this event store, and one certificate for all nodes (cert-manager.io/v1). Public CAs are ending client certificates, which nodes
 * need between each other; with a private CA no outside certificate is accepted as a node's.
 */
export function certificates({ name, namespace, dnsNames }: CertificatesProps): readonly ApiObject[] {
  const { authority, node } = certificateNames(name);
  const object = (kind: "Issuer" | "Certificate", objectName: string, spec: object): ApiObject & { readonly spec: object } => ({
    apiVersion: "cert-manager.io/v1",
    kind,
    metadata: { name: objectName, namespace },
    spec,
  });
  const signedBy = (issuer: string) => ({ issuerRef: { group: "cert-manager.io", kind: "Issuer", name: issuer } });
  return [
    object("Issuer", `${name}-self`, { selfSigned: {} }),
    object("Certificate", authority, {
      ...AUTHORITY,
      ...signedBy(`${name}-self`),
      secretName: authority,
      isCA: true,
      commonName: `${name}-authority`,
      privateKey: { algorithm: "RSA", size: 4096, rotationPolicy: "Never" },
      usages: ["cert sign", "crl sign", "digital signature"],
    }),
    object("Issuer", authority, { ca: { secretName: authority } }),
    object("Certificate", node, {
      ...NODE,
      ...signedBy(authority),
      secretName: node,
      commonName: COMMON_NAME,
      dnsNames: [...dnsNames],
      // vendor: RSA, and both server and client auth (KurrentDB, protocol security)
      privateKey: { algorithm: "RSA", encoding: "PKCS1", size: 2048, rotationPolicy: "Always" },
      usages: ["digital signature", "key encipherment", "server auth", "client auth"],
    }),
  ];
}
