import type { Construct } from "constructs";
import { CloudflareResource } from "./resource";

export interface CloudflareZoneSettingConfig {
  readonly zoneId: string;

  /** ID of the setting: `min_tls_version`. Destroying the resource leaves the value unchanged. */
  readonly settingId: string;
  readonly value: string | number | object;
}

/** A setting of a whole zone (`cloudflare_zone_setting`). */
export class CloudflareZoneSetting extends CloudflareResource {
  constructor(scope: Construct, id: string, config: CloudflareZoneSettingConfig) {
    super(scope, id, "zone_setting", config);
  }
}
