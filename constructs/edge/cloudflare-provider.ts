import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { VERSIONS } from "../core/versions";

/**
 * The provider of Cloudflare, without settings here: it reads the token from the environment of the apply (`CLOUDFLARE_API_TOKEN`), so the
 * token is in no file and no state.
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
