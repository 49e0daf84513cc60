import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { VERSIONS } from "../core/versions";

/**
 * The provider of Kurrent Cloud, without settings here: it reads organization and credentials from the environment of the apply
 * (`ESC_ORG_ID`, and `ESC_TOKEN` or `ESC_CLIENT_ID` with `ESC_CLIENT_SECRET`), so they are in no file and no state.
 */
export class KurrentCloudProvider extends TerraformProvider {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: "kurrentcloud",
      terraformGeneratorMetadata: { providerName: "kurrentcloud", providerVersionConstraint: VERSIONS.providers.kurrentcloud },
      terraformProviderSource: "kurrent-io/kurrentcloud",
    });
  }
}
