import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";

export interface CloudFrontCertificateProps {
  /** Its DNS name. */
  readonly host: string;

  /** The public zone of the name, for ACM's DNS validation. */
  readonly zoneId: string;
}

/** A certificate of ACM, renewed automatically while its validation record exists. */
export class CloudFrontCertificate extends Construct {
  /** ARN of the certificate, known once it has been issued. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { host, zoneId }: CloudFrontCertificateProps) {
    super(scope, id);
    const certificate = new AcmCertificate(this, "certificate", {
      domainName: host,
      validationMethod: "DNS",
      lifecycle: { createBeforeDestroy: true },
    });
    const asked = certificate.domainValidationOptions.get(0);
    const proof = new Route53Record(this, "proof", {
      zoneId,
      name: asked.resourceRecordName,
      type: asked.resourceRecordType,
      records: [asked.resourceRecordValue],
      ttl: 300,
      allowOverwrite: true, // all certificates of one account for one name use the same record
    });
    this.arn = new AcmCertificateValidation(this, "issued", {
      certificateArn: certificate.arn,
      validationRecordFqdns: [proof.fqdn],
    }).certificateArn;
  }
}
