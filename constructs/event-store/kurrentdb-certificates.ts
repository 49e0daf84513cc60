import type { ApiObject } from "../kubernetes";

/** Where certificates lie, by the names of Secrets. */
export interface CertificateNames {
  /** The authority: `ca.crt` is what clients trust. */
  readonly authority: string;

  /** The certificate of every node. */
  readonly node: string;
}

export interface CertificatesProps {
  readonly name: string;
  readonly namespace: string;

  /** Every name under which a node is asked for. */
  readonly dnsNames: readonly string[];
}

/** Of the authority: ten years, renewed with the same key a year before, so that old and new certificates hold together. */
const AUTHORITY = { duration: "87600h", renewBefore: "8760h" } as const;

/** Of nodes: three months, renewed a month before, so that a missed reload is noticed in time. */
const NODE = { duration: "2160h", renewBefore: "720h" } as const;

export function certificateNames(name: string): CertificateNames {
  return { authority: `${name}-authority`, node: `${name}-node` };
}

/** The same on all nodes, as the server demands: by it they know each other. */
export const COMMON_NAME = "kurrentdb-node";

/**
 * An authority of the event store's own, and one certificate for all nodes (cert-manager.io/v1). Public authorities are no
 * longer to certify clients, which nodes are to each other; whom nobody else's authority certifies can't pass for a node.
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
      // vendor: RSA, and both sides of TLS (KurrentDB, protocol security)
      privateKey: { algorithm: "RSA", encoding: "PKCS1", size: 2048, rotationPolicy: "Always" },
      usages: ["digital signature", "key encipherment", "server auth", "client auth"],
    }),
  ];
}
