import type { ApiObject } from "../kubernetes";

/** Returns the name of the CA's Secret: clients trust its `ca.crt`. */
export function authorityOf(name: string): string {
  return `${name}-authority`;
}

/** Returns the name of the Secret with the server certificate. */
export function certificateOf(name: string): string {
  return `${name}-tls`;
}

/** Lifetime of the CA certificate: ten years, renewed with the same key a year before. */
const AUTHORITY = { duration: "87600h", renewBefore: "8760h" } as const;

/**
 * Lifetime of the server certificate, which a running server is not known to reload: two years, renewed one year before, so that a restart
 * can happen in between.
 */
const SERVER = { duration: "17520h", renewBefore: "8760h" } as const;

/** A CA for this store, and the server certificate for the names of its service (cert-manager.io/v1). */
export function certificates(name: string, namespace: string): readonly ApiObject[] {
  const object = (kind: "Issuer" | "Certificate", objectName: string, spec: object): ApiObject & { readonly spec: object } => ({
    apiVersion: "cert-manager.io/v1",
    kind,
    metadata: { name: objectName, namespace },
    spec,
  });
  const signedBy = (issuer: string) => ({ issuerRef: { group: "cert-manager.io", kind: "Issuer", name: issuer } });
  const host = `${name}.${namespace}`;
  return [
    object("Issuer", `${name}-self`, { selfSigned: {} }),
    object("Certificate", authorityOf(name), {
      ...AUTHORITY,
      ...signedBy(`${name}-self`),
      secretName: authorityOf(name),
      isCA: true,
      commonName: authorityOf(name),
      privateKey: { algorithm: "RSA", size: 4096, rotationPolicy: "Never" },
      usages: ["cert sign", "crl sign", "digital signature"],
    }),
    object("Issuer", authorityOf(name), { ca: { secretName: authorityOf(name) } }),
    object("Certificate", certificateOf(name), {
      ...SERVER,
      ...signedBy(authorityOf(name)),
      secretName: certificateOf(name),
      dnsNames: [name, host, `${host}.svc`, `${host}.svc.cluster.local`],
      privateKey: { algorithm: "RSA", size: 2048, rotationPolicy: "Always" },
      usages: ["digital signature", "key encipherment", "server auth"],
    }),
  ];
}
