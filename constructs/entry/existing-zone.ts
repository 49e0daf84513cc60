import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { Construct } from "constructs";

export interface ExistingZoneProps {
  /** The zone's id: `Z0123456789ABCDEFGHIJ`. */
  readonly zone: string;

  /** The domain whose names are written into it. */
  readonly domain: string;
}

/**
 * A public zone that somebody else made and looks after: the names of the domain are written into it, and nothing else
 * of it is touched. The plan fails where it is private, or holds another domain.
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
