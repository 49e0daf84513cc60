import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { VERSIONS } from "../core/versions";

/**
 * The provider of Cloudflare. It is told nothing here: the token comes from the environment of whoever applies
 * (`CLOUDFLARE_API_TOKEN`), and goes into no file and no state.
 */
export class CloudflareProvider extends TerraformProvider {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: "cloudflare",
      terraformGeneratorMetadata: { providerName: "cloudflare", providerVersionConstraint: VERSIONS.providers.cloudflare },
      terraformProviderSource: "cloudflare/cloudflare",
    });
  }
}
