import { TerraformProvider } from "cdktf";
import type { Construct } from "constructs";
import { VERSIONS } from "../core/versions";

/**
 * The provider of Kurrent Cloud. It is told nothing here: organization and credentials come from the environment of
 * whoever applies (`ESC_ORG_ID`, and `ESC_TOKEN` or `ESC_CLIENT_ID` with `ESC_CLIENT_SECRET`), and go into no file and no state.
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
