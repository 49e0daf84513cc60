import { type TerraformMetaArguments, TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/** A resource of the provider `kurrent-io/kurrentcloud`, which has no published CDKTF bindings. */
export abstract class KurrentCloudResource extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly attributes: object,
    meta: Pick<TerraformMetaArguments, "lifecycle"> = {},
  ) {
    super(scope, id, {
      terraformResourceType: `kurrentcloud_${type}`,
      terraformGeneratorMetadata: { providerName: "kurrentcloud" },
      ...meta,
    });
  }

  get id(): string {
    return this.getStringAttribute("id");
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.attributes).map(([name, value]) => [snakeCase(name), value]));
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
