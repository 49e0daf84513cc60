import { EbsEncryptionByDefault } from "@cdktf/provider-aws/lib/ebs-encryption-by-default";
import type { TerraformProvider } from "cdktf";
import { Construct } from "constructs";

/** Encrypts new EBS volumes and snapshots of one region that state no key, under the key of AWS. Existing ones stay as they are. */
export class VolumeEncryption extends Construct {
  constructor(scope: Construct, id: string, props: { readonly provider: TerraformProvider }) {
    super(scope, id);
    new EbsEncryptionByDefault(this, "default", { provider: props.provider, enabled: true });
  }
}
