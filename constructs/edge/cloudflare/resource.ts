import { type TerraformMetaArguments, TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/** A resource of the provider `cloudflare/cloudflare`, 5.21 or newer; few of its types are used here. */
export abstract class CloudflareResource extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly attributes: object,
    meta: Pick<TerraformMetaArguments, "lifecycle" | "dependsOn"> = {},
  ) {
    super(scope, id, {
      terraformResourceType: `cloudflare_${type}`,
      terraformGeneratorMetadata: { providerName: "cloudflare" },
      ...meta,
    });
  }

  get id(): string {
    return this.getStringAttribute("id");
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return inSnakeCase(this.attributes) as Record<string, unknown>;
  }
}

/** Converts attribute names to snake case at every depth; HTTP headers, which begin with a capital, stay unchanged. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/([a-z])([A-Z])/g, (_, before: string, letter: string) => `${before}_${letter.toLowerCase()}`),
      inSnakeCase(inner),
    ]),
  );
}
