import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { type ApiObject, CustomResources, type KubernetesTarget } from "../kubernetes";

export interface PublicCertificateProps {
  /** On AWS, where cert-manager may write into the zone. */
  readonly cluster: KubernetesTarget;
  readonly namespace: string;

  /** What it is for; the beginning of the name of its Secret: `gateway`. */
  readonly name: string;

  /** The names under which it is called, all of them in the zone. */
  readonly dnsNames: readonly string[];

  /** The public zone of Route 53 that answers for the names. */
  readonly zone: { readonly id: string; readonly region: string };

  /**
   * The directory of the authority that issues it (ACME).
   * @default - Let's Encrypt: 50 certificates a week for a registered domain
   */
  readonly directory?: string;

  /** What has to be there before: the namespace, cert-manager. */
  readonly after?: readonly ITerraformDependable[];
}

const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/**
 * A certificate that everybody trusts, renewed by cert-manager. Its authority asks the zone whose the names are, so
 * that nobody has to reach the server before; until the zone is asked (its name servers stand in the zone above), none
 * is issued.
 */
export class PublicCertificate extends Construct {
  /** With `tls.crt` and `tls.key`. */
  readonly secretName: string;

  /** What comes before those who use it; they wait by themselves until it is issued. */
  readonly release: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PublicCertificateProps) {
    super(scope, id);
    const { cluster, namespace, name, dnsNames, zone, directory = LETS_ENCRYPT, after = [] } = props;
    this.secretName = `${name}-tls`;
    // One for a whole cluster may use the rights that the controller has on AWS; one of a namespace may not.
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
          // The authority says how long it is good for, and will say ever less.
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
