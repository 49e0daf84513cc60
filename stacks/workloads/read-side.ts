import type { App, ITerraformDependable } from "cdktf";
import { WorkloadSecret } from "../../constructs/secrets";
import type { Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { fieldKeys } from "../model/derive/secrets";
import type { WorkloadPlace } from "./pods";
import { servicesOf } from "./services";
import { placeOf, tested } from "./side-stack";

/** What answers queries; requests come in when it was tested. */
export function readSide(app: App, site: Site, after: readonly PlatformStack[]): PlatformStack {
  const place = placeOf(app, site, "read-side", after);
  const keys = site.environment.encryptedFields?.length ? [fieldKeysAtHome(place)] : [];
  const { verifies, checks, reaches } = servicesOf({ ...place, after: [...place.after, ...keys] }, "queryApi");
  tested(place, verifies, checks, reaches);
  return place.stack;
}

/** Keys of fields are drawn for the side that answers queries; projections have a copy. */
function fieldKeysAtHome({ stack, cluster, namespace, after }: WorkloadPlace): ITerraformDependable {
  return new WorkloadSecret(stack, fieldKeys.spec.name, { cluster, namespace, spec: fieldKeys.spec, after }).release;
}
