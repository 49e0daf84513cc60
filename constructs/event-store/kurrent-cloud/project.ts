import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudProjectConfig {
  readonly name: string;
}

/** What networks and clusters are part of (`kurrentcloud_project`). */
export class KurrentCloudProject extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudProjectConfig) {
    super(scope, id, "project", config);
  }
}
