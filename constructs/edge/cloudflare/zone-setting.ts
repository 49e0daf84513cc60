import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareZoneSettingConfig {
  readonly zoneId: string;

  /** Which one: `min_tls_version`. Destroying it leaves the value as it is. */
  readonly settingId: string;
  readonly value: string | number | object;
}

/** A setting that holds for a whole zone (`cloudflare_zone_setting`). */
export class CloudflareZoneSetting extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareZoneSettingConfig) {
    super(scope, id, "zone_setting", config);
  }
}
