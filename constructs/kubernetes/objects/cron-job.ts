import { type CronJobV1Config, cronJobV1MetadataToTerraform, cronJobV1SpecToTerraform } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import type { ApiObject } from "../custom-resources";
import { KINDS } from "./kinds";
import { readBlock, type Values } from "./schema";

/** A CronJob in the API's format. */
export interface CronJobObject extends ApiObject {
  readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Values } } } } & Values;
}

/**
 * Returns the CronJob that the provider would create, for `CustomResources`: the provider lacks fields of the API, such as the
 * `restartPolicy` of native sidecars.
 */
export function cronJobObject({ metadata, spec }: Pick<CronJobV1Config, "metadata" | "spec">): CronJobObject {
  const { kubernetes_cron_job_v1: kind } = KINDS;
  if (!kind) throw new Error("CronJobs are not known");
  const given = JSON.parse(JSON.stringify({ metadata: cronJobV1MetadataToTerraform(metadata), spec: cronJobV1SpecToTerraform(spec) }));
  const path: string[] = [];
  const refuse = (rule: string, remedy: string) => {
    throw new Error(`CronJob ${metadata.name}, ${path.join(".")}: ${rule}; ${remedy}`);
  };
  const fields = readBlock(kind.block, given, { path, resolve: (value) => value, refuse });
  return { apiVersion: kind.apiVersion, kind: kind.kind, ...fields } as CronJobObject;
}
