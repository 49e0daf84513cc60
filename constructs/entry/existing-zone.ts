import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { Construct } from "constructs";

export interface ExistingZoneProps {
  /** The zone's id: `Z0123456789ABCDEFGHIJ`. */
  readonly zone: string;

  /** The domain of the records to create. */
  readonly domain: string;
}

/**
 * An existing public zone with its own owner: the domain's records are created in it, nothing else is changed. The plan fails if the zone
 * is private, or belongs to another domain.
 */
export class ExistingZone extends Construct {
  readonly zoneId: string;

  constructor(scope: Construct, id: string, { zone, domain }: ExistingZoneProps) {
    super(scope, id);
    const found = new DataAwsRoute53Zone(this, "zone", {
      zoneId: zone,
      lifecycle: {
        postcondition: [
          { condition: "${!self.private_zone}", errorMessage: `${zone} is a private zone; name a public one` },
          {
            condition: `\${endswith(".${domain}", ".\${trimsuffix(self.name, ".")}")}`,
            errorMessage: `${zone} does not hold ${domain}; name the zone of that domain or of one above it`,
          },
        ],
      },
    });
    this.zoneId = found.zoneId;
  }
}
