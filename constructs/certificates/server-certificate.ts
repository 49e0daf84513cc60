import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Authority } from "../connection";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";

export interface ServerCertificateProps {
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** What it is for; the beginning of the names of its objects and of its Secret. */
  readonly name: string;

  /** The names under which it is called, all of them: a client compares. */
  readonly dnsNames: readonly string[];

  /**
   * Whether it calls others of its kind, and is known to them by the same certificate.
   * @default false
   */
  readonly client?: boolean;

  /**
   * Labels of the Secret.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;

  /** What has to be there before: the namespace, cert-manager. */
  readonly after?: readonly ITerraformDependable[];
}

/** Ten years; renewed with the same key a year before, so that what it signed stays good. */
const AUTHORITY = { duration: "87600h", renewBefore: "8760h" } as const;

/** Ninety days, renewed a month before. */
const SERVER = { duration: "2160h", renewBefore: "720h" } as const;

const KEY = { algorithm: "ECDSA", size: 256 } as const;

/** A server's certificate, signed by an authority of its own that signs nothing else, renewed by cert-manager. */
export class ServerCertificate extends Construct {
  /** With `tls.crt`, `tls.key` and `ca.crt`. */
  readonly secretName: string;

  /** Who signed it, for those who call it. */
  readonly authority: Authority;

  /** What comes before pods that mount it; they wait by themselves until it is issued. */
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

/** Who signed the certificate of that name, for those who call its server from wherever they are. */
export function serverAuthority(name: string, namespace: string): Authority {
  return { home: namespace, secretName: secretOf(name), key: "ca.crt" };
}

function secretOf(name: string): string {
  return `${name}-tls`;
}

/** The names of a Service: from its own namespace, from others, and in full. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  return [service, `${service}.${namespace}`, `${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
}
