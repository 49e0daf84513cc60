import { type CredentialProvider, credentialsFrom } from "./credentials";

/** Region, credentials and endpoint of a client of an AWS service. */
export interface ServiceProps {
  readonly region: string;
  readonly credentials: CredentialProvider;

  /** @default - the service in the region */
  readonly endpoint?: string;
}

/** Props of a client from `AWS_REGION`, `AWS_ENDPOINT_URL_<service>` and the variables of credentials. */
export function serviceFromEnvironment(env: NodeJS.ProcessEnv, service: string): ServiceProps {
  const endpoint = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (!region) throw new Error("AWS_REGION is not set");
  return { region, credentials: credentialsFrom(env), ...(endpoint ? { endpoint } : {}) };
}

/** Host name of a service in a region. */
export function hostOf(service: string, region: string): string {
  return `${service}.${region}.${region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"}`;
}
