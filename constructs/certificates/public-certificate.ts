import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";

export interface PublicCertificateProps {
  /** A cluster on AWS, whose cert-manager has permission to write to the zone. */
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** Purpose of the certificate, and prefix of its Secret's name: `gateway`. */
  readonly name: string;

  /** DNS names of the certificate, all of them in the zone. */
  readonly dnsNames: readonly string[];

  /** The public Route 53 zone of the names. */
  readonly zone: { readonly id: string; readonly region: string };

  /**
   * The ACME directory of the CA.
   * @default - Let's Encrypt: 50 certificates a week for a registered domain
   */
  readonly directory?: string;

  /** Resources to create first: the namespace, cert-manager. */
  readonly after?: readonly ITerraformDependable[];
}

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/**
 * A publicly trusted certificate, renewed by cert-manager. The CA validates it by DNS records in the zone, so the server need not be
 * reachable; until the parent zone delegates to the zone's name servers, no certificate is issued.
 */
export class PublicCertificate extends Construct {
  /** Name of the Secret with `tls.crt` and `tls.key`. */
  readonly secretName: string;

  /** Resource that users of the certificate depend on; they wait themselves until it is issued. */
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PublicCertificateProps) {
    super(scope, id);
    const { cluster, namespace, name, dnsNames, zone, directory = LETS_ENCRYPT, after = [] } = props;
    this.secretName = `${name}-tls`;
    // A ClusterIssuer may use the controller's AWS permissions; an Issuer of a namespace may not.
    const issuer = `${namespace}-${name}`;
    const objects: (ApiObject & { readonly spec: object })[] = [
      {
        apiVersion: "cert-manager.io/v1",
        kind: "ClusterIssuer",
        metadata: { name: issuer },
        spec: {
          acme: {
            server: directory,
            privateKeySecretRef: { name: `${issuer}-account` },
            solvers: [{ dns01: { route53: { region: zone.region, hostedZoneID: zone.id } } }],
          },
        },
      },
      {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name, namespace },
        spec: {
          secretName: this.secretName,
          dnsNames: [...dnsNames],
          // The CA decides the lifetime, and lifetimes are getting shorter.
          renewBeforePercentage: 33,
          privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
          usages: ["digital signature", "server auth"],
          issuerRef: { kind: "ClusterIssuer", name: issuer },
        },
      },
    ];
    this.release = new CustomResources(this, "objects", { cluster, namespace, name: `${name}-certificate`, objects, after }).release;
  }
}
