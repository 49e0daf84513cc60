import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";

export interface CloudFrontCertificateProps {
  /** The name it is for. */
  readonly host: string;

  /** The public zone that answers for the name: ACM asks it who owns the name. */
  readonly zoneId: string;
}

/** A certificate of ACM, renewed by itself for as long as the record stands that proves whose the name is. */
export class CloudFrontCertificate extends Construct {
  /** The certificate, once it has been issued. */
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
      allowOverwrite: true, // every certificate of one account for one name asks for the same record
    });
    this.arn = new AcmCertificateValidation(this, "issued", {
      certificateArn: certificate.arn,
      validationRecordFqdns: [proof.fqdn],
    }).certificateArn;
  }
}
