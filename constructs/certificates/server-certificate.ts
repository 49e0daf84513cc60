import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Authority } from "../connection";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";

export interface ServerCertificateProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Purpose of the certificate, and prefix of the names of its objects and its Secret. */
  readonly name: string;

  /** DNS names of the server. Clients verify them, so all names in use are needed. */
  readonly dnsNames: readonly string[];

  /**
   * Allows the server to use the certificate also as a client of its peers (mTLS).
   * @default false
   */
  readonly client?: boolean;

  /**
   * Labels of the Secret.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /** Resources to create first: the namespace, cert-manager. */
  readonly after?: readonly ITerraformDependable[];
}

/** Lifetime of the CA: ten years; renewed with the same key a year before, so that its certificates stay valid. */
const AUTHORITY = { duration: "87600h", renewBefore: "8760h" } as const;

/** Lifetime of the server certificate: ninety days, renewed a month before. */
const SERVER = { duration: "2160h", renewBefore: "720h" } as const;

const KEY = { algorithm: "ECDSA", size: 256 } as const;

/** A server's certificate, signed by a dedicated CA and renewed by cert-manager. */
export class ServerCertificate extends Construct {
  /** Name of the Secret with `tls.crt`, `tls.key` and `ca.crt`. */
  readonly secretName: string;

  /** Its CA, for clients. */
  readonly authority: Authority;

  /** Resource that pods with the Secret depend on; they wait themselves until it is issued. */
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, props: ServerCertificateProps) {
    super(scope, id);
    const { cluster, namespace, name, dnsNames, client = false, labels, after = [] } = props;
    this.secretName = secretOf(name);
    this.authority = serverAuthority(name, namespace);
    const object = (kind: "Issuer" | "Certificate", objectName: string, spec: object): ApiObject & { readonly spec: object } => ({
      apiVersion: "cert-manager.io/v1",
      kind,
      metadata: { name: objectName, namespace },
      spec,
    });
    const [root, signer] = [`${name}-root`, `${name}-authority`];
    const objects = [
      object("Issuer", root, { selfSigned: {} }),
      object("Certificate", signer, {
        secretName: signer,
        isCA: true,
        commonName: signer,
        ...AUTHORITY,
        privateKey: { ...KEY, rotationPolicy: "Never" },
        usages: ["cert sign", "crl sign", "digital signature"],
        issuerRef: { kind: "Issuer", name: root },
      }),
      object("Issuer", signer, { ca: { secretName: signer } }),
      object("Certificate", name, {
        secretName: this.secretName,
        ...(labels ? { secretTemplate: { labels } } : {}),
        dnsNames: [...dnsNames],
        ...SERVER,
        privateKey: { ...KEY, rotationPolicy: "Always" },
        usages: ["digital signature", "server auth", ...(client ? ["client auth"] : [])],
        issuerRef: { kind: "Issuer", name: signer },
      }),
    ];
    this.release = new CustomResources(this, "objects", { cluster, namespace, name: `${name}-certificate`, objects, after }).release;
  }
}

/** Returns the CA of the certificate with that name, for clients in any namespace. */
export function serverAuthority(name: string, namespace: string): Authority {
  return { home: namespace, secretName: secretOf(name), key: "ca.crt" };
}

function secretOf(name: string): string {
  return `${name}-tls`;
}

/** Returns the DNS names of a Service: short for its own namespace, with the namespace, and fully qualified. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  return [service, `${service}.${namespace}`, `${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
}
