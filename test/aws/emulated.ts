import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcPeeringConnection } from "@cdktf/provider-aws/lib/vpc-peering-connection";
import type { TerraformOutput } from "cdktf";
import { VERSIONS } from "../../constructs/core/versions";
import type { Environment, PlatformStack, Program } from "../../stacks";
import type { NetworkOutputs } from "../../stacks/base/outputs";
import * as composing from "../../stacks/compose";
import { kurrentCloudCidr } from "../../stacks/model/stores/kurrent-cloud";
import { program } from "../fixtures/environments";

/** The exact providers of this repository. */
export const LOCK = join(__dirname, "../../../environments/.terraform.lock.hcl");

/** The account that the endpoint answers for. */
export async function callerAccount(endpoint: string): Promise<string> {
  const body = await ask(endpoint, "sts", "/", { method: "POST", body: "Action=GetCallerIdentity&Version=2011-06-15" });
  const [, account] = /<Account>(\d{12})<\/Account>/.exec(body) ?? [];
  if (!account) throw new Error(`${endpoint} does not say whose account it is:\n${body}`);
  return account;
}

/**
 * An environment of this tier's own: the stores that the reference system doesn't have, in their smallest size, from
 * which it looks at the way to the larger ones. Its cluster is somewhere else, so that little stands beside them.
 */
const STORES: Environment = {
  system: "orders",
  name: "stores",
  size: "small",
  aws: { account: "111122223333", region: "eu-west-1", domain: "stores.orders.example.com", network: { cidr: "10.3.0.0/16" } },
  cluster: { context: "elsewhere" },
  eventStore: { engine: "postgres", server: { engine: "aurora", replicas: 1 } },
  readDatabase: { engine: "rds", replicas: 2 },
  cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
  exceptions: {
    singleNatGateway: "nothing runs in its network",
    noRecoveryCopy: "its backups are not what is looked at",
    awsApisOverInternet: "nothing runs in its network",
  },
};

/** Stacks that are not looked at, because others like them are: they are applied for those that need them. */
export const ALIKE: readonly RegExp[] = [/^stores-(keys|network|backup)$/, /^staging-(write-cluster|identities)$/];

/** An environment whose stacks are worked on in one go, as the modules of one configuration, and why. */
export const AT_ONCE = { environment: "production", reason: "staging and dev have the same types of resources" } as const;

/** The environment whose names are in a zone that somebody else made, and the domain of that zone. */
const GUEST = { name: "dev", of: "example.com" };

/** The reference system and what it lacks, all of it in one account. */
function inAccount(id: string, zone: string): Program {
  const accounts = program.accounts.map((account) => ({ ...account, id }));
  return {
    accounts: accounts.slice(0, 1),
    environments: [...program.environments, STORES].map((environment) =>
      environment.aws
        ? { ...environment, aws: { ...environment.aws, account: id, ...(environment.name === GUEST.name ? { zone } : {}) } }
        : environment,
    ),
  };
}

/** The stacks on clusters, which this tier leaves to the cluster tier: an emulated cluster has no API. */
export const ON_CLUSTERS: string[] = [];

/** Stacks in whose place another one stands, and why: nothing is proved of them. */
export const STOOD_IN_FOR: readonly { readonly stack: RegExp; readonly reason: string }[] = [
  {
    stack: /-event-store$/,
    reason: "the provider kurrent-io/kurrentcloud is not asked for here; a network of the emulator plays the vendor's and asks for peering",
  },
  {
    stack: /^production-edge$/,
    reason: "the provider cloudflare/cloudflare is not asked for here; nothing stands in its place, and its public name is published",
  },
];

/** What is taken out of stacks that can't be applied in part, and why. */
export const TAKEN_OUT = {
  stack: /^bootstrap-/,
  parts: /^backup-/,
  reason: "moto (5.2.1) has no region settings of AWS Backup",
} as const;

/** From now on, what is synthesized has no stacks on clusters, and none of other vendors. */
export function withoutClusters(): void {
  const { compose } = composing;
  const all: typeof compose = (app, program, ...rest) =>
    compose(app, program, ...rest).map((composition) => {
      const environment = program.environments.find(({ name }) => name === composition.name);
      for (const stack of composition.stacks)
        if (environment && STOOD_IN_FOR.some((one) => one.stack.test(stack.node.id))) standIn(stack, environment, composition.stacks);
      for (const { node } of composition.stacks) {
        const parts = TAKEN_OUT.stack.test(node.id) ? node.children.filter(({ node: { id } }) => TAKEN_OUT.parts.test(id)) : [];
        for (const part of parts) node.tryRemoveChild(part.node.id);
      }
      const left = composition.sites.flatMap(({ stacks }) => stacks);
      for (const { node } of left) {
        app.node.tryRemoveChild(node.id);
        if (!ON_CLUSTERS.includes(node.id)) ON_CLUSTERS.push(node.id);
      }
      const stacks = composition.stacks.filter((stack) => !left.includes(stack));
      for (const stack of stacks) stack.dependencies = stack.dependencies.filter((one) => stacks.some((other) => other === one));
      return { ...composition, stacks, sites: [] };
    });
  Object.assign(composing, { compose: all });
}

/** What plays a vendor's part: nothing for Cloudflare, of whom nobody reads more than a name. */
function standIn(stack: PlatformStack, environment: Program["environments"][number], all: readonly PlatformStack[]): void {
  if (stack.node.tryRemoveChild("cloudflare")) stack.node.tryRemoveChild("edge");
  else joinNetworks(stack, environment, all);
}

/** The vendor's side of a peering, on AWS: what asks for it, and is published under the same names. */
function joinNetworks(
  stack: PlatformStack,
  { system, name, aws, eventStore }: Program["environments"][number],
  all: readonly PlatformStack[],
): void {
  const network = all.find(({ node }) => node.id === `${name}-network`) as PlatformStack<NetworkOutputs> | undefined;
  if (!aws || !network || eventStore?.engine !== "kurrent-cloud") return;
  for (const id of ["kurrentcloud", "event-store"]) stack.node.tryRemoveChild(id);
  const tags = { system, environment: name, stack: stack.node.id };
  new AwsProvider(stack, "aws", { region: aws.region, allowedAccountIds: [aws.account], defaultTags: [{ tags }] });
  stack.addOverride("terraform.required_providers.aws.version", VERSIONS.providers.aws);
  const vendors = new Vpc(stack, "vendors", { cidrBlock: kurrentCloudCidr(eventStore) });
  const peering = new VpcPeeringConnection(stack, "peering", { vpcId: vendors.id, peerVpcId: stack.read(network).vpcId });
  const published = { peeringConnectionId: peering.id, eventStoreHost: "events.example.com" };
  for (const [output, value] of Object.entries(published)) (stack.node.findChild(`output-${output}`) as TerraformOutput).value = value;
}

/** Another system, in an account in which the reference system is. */
export function besides(program: Program, id: string): Program {
  return {
    accounts: program.accounts.map(({ github, ...account }) => ({
      ...account,
      id,
      ...(github ? { github: { ...github, providerExists: true } } : {}),
    })),
    environments: program.environments.map((one) => (one.aws ? { ...one, aws: { ...one.aws, account: id } } : one)),
  };
}

/** The reference system, in the account of the endpoint: all of it, or the environments that ENVIRONMENTS names. */
export async function emulated(): Promise<Program> {
  withoutClusters();
  const endpoint = process.env.AWS_ENDPOINT_URL ?? "";
  const program = inAccount(await callerAccount(endpoint), await publicZone(endpoint, GUEST.of));
  return withOnly(program, ...(process.env.ENVIRONMENTS?.split(",") ?? program.environments.map(({ name }) => name)));
}

/** A program with some of its environments. */
export function withOnly(program: Program, ...names: readonly string[]): Program {
  return { ...program, environments: program.environments.filter(({ name }) => names.includes(name)) };
}

/** The id of a public zone, made by whoever asks first. */
async function publicZone(endpoint: string, domain: string): Promise<string> {
  const found = await ask(endpoint, "route53", `/2013-04-01/hostedzonesbyname?dnsname=${domain}`);
  const [known] = found.split("<HostedZone>").filter((zone) => zone.includes(`<Name>${domain}.</Name>`));
  const zone =
    known ??
    (await ask(endpoint, "route53", "/2013-04-01/hostedzone", {
      method: "POST",
      headers: { "Content-Type": "text/xml" },
      body: `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${domain}</Name><CallerReference>${domain}</CallerReference></CreateHostedZoneRequest>`,
    }));
  const [, id] = /<Id>\/hostedzone\/([A-Z0-9]+)<\/Id>/.exec(zone) ?? [];
  if (!id) throw new Error(`${endpoint} does not say which zone is that of ${domain}:\n${zone}`);
  return id;
}

/** Deletes an object with all of its versions. */
export async function loseObject(endpoint: string, bucket: string, key: string): Promise<void> {
  const listing = await ask(endpoint, "s3", `/${bucket}?versions&prefix=${encodeURIComponent(key)}`);
  for (const [, version] of listing.matchAll(/<VersionId>([^<]+)<\/VersionId>/g)) {
    await ask(endpoint, "s3", `/${bucket}/${key}?versionId=${version}`, { method: "DELETE" });
  }
}

/** The value of a secret, by key. */
export async function secretValue(endpoint: string, name: string): Promise<Readonly<Record<string, string>>> {
  const { SecretString } = JSON.parse(await askSecrets(endpoint, "GetSecretValue", { SecretId: name }));
  return JSON.parse(SecretString);
}

/** Writes a new value of a secret, as a rotation does. */
export async function rotateSecret(endpoint: string, name: string, value: object): Promise<void> {
  const token = `rotated-without-terraform-${Date.now()}`;
  await askSecrets(endpoint, "PutSecretValue", { SecretId: name, ClientRequestToken: token, SecretString: JSON.stringify(value) });
}

function askSecrets(endpoint: string, operation: string, input: object): Promise<string> {
  const headers = { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `secretsmanager.${operation}` };
  return ask(endpoint, "secretsmanager", "/", { method: "POST", body: JSON.stringify(input), headers });
}

// An emulator reads from the credential which service is meant, and checks no signature.
async function ask(endpoint: string, service: string, path: string, init: RequestInit = {}): Promise<string> {
  const credential = `${process.env.AWS_ACCESS_KEY_ID ?? "test"}/20260101/eu-west-1/${service}/aws4_request`;
  const response = await fetch(`${endpoint}${path}`, {
    ...init,
    headers: {
      Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`,
      ...(init.body ? { "Content-Type": "application/x-www-form-urlencoded" } : {}),
      ...init.headers,
    },
  });
  return response.text();
}
