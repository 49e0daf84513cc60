import type { Construct } from "constructs";
import { KurrentCloudResource } from "./resource";

export interface KurrentCloudProjectConfig {
  readonly name: string;
}

/** A project, which contains networks and clusters (`kurrentcloud_project`). */
export class KurrentCloudProject extends KurrentCloudResource {
  constructor(scope: Construct, id: string, config: KurrentCloudProjectConfig) {
    super(scope, id, "project", config);
  }
}
