import { App } from "cdktf";
import { findings } from "../../constructs/policy";
import type { AwsContext } from "../../stacks/base/context";
import type { EntryOutputs } from "../../stacks/base/outputs";
import { awsStackProps, PlatformStack } from "../../stacks/base/stack";
import { edgeStacks } from "../../stacks/cloud/edge";
import { keysStack } from "../../stacks/cloud/keys";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { AUTHORITIES } from "../gateway/authorities";
import { all, type Body, one } from "../synth";

const ZONE = { id: "fedcba9876543210fedcba9876543210", name: "example.com" };
const CLOUDFLARE = { provider: "cloudflare", cache: "30s", account: "0123456789abcdef0123456789abcdef", zone: ZONE };
const CLOUDFRONT = { provider: "cloudfront", cache: "30s" };

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const behind = (edge: object, changes: object = {}) =>
  anEnvironment({
    cluster,
    readDatabase: { engine: "aurora", replicas: 1 },
    queryApi: { image: "registry.example.com/query-api:1.0.0", replicas: 3, edge },
    exceptions: { disposable: "only a test, nothing is kept" },
    ...changes,
  });

const elsewhere = { account: "111122223333", region: "eu-west-2", recoveryRegion: "eu-central-1", domain: "standby.example.net" };

/** What a standby changes, in a network and a region of its own. */
const standby = (changes: object = {}) => ({
  name: "standby",
  standbyOf: "test",
  aws: { ...elsewhere, network: { cidr: "10.9.0.0/16" } },
  ...changes,
});

/** The edge of an environment, and what it comes after. */
function made(environment: ReturnType<typeof behind>, others: readonly ReturnType<typeof behind>[] = []) {
  const app = new App({ outdir: "unused" });
  const account = { system: "orders", id: "111122223333", region: "eu-west-1" } as const;
  const context = { environment: asDomains(environment), account } as AwsContext;
  const props = awsStackProps(context.environment, account, "entry");
  const keys = keysStack(app, context);
  const entry = new PlatformStack<EntryOutputs>(app, "test-entry", props);
  entry.publish({ queryLoadBalancerArn: "arn:lb", queryLoadBalancerDnsName: "lb.example.com", publicZoneId: "Z1" });
  const stacks = edgeStacks(app, context, { keys, entry, environments: [environment, ...others].map(asDomains) });
  const json = (stack: PlatformStack): Body => JSON.parse(JSON.stringify(stack.toTerraform()));
  return { stacks, keys: json(keys), edges: stacks.map(json) };
}

describe("the edge of an environment", () => {
  const { stacks, edges, keys } = made(behind({ ...CLOUDFRONT, bypass: { paths: ["/reports/*"] } }, { exceptions: {} }));
  const [json = {}] = edges;
  const [cloudflare] = made(behind(CLOUDFLARE)).edges;

  it("is nothing where queries come straight to the load balancer", () => {
    const environment = behind(CLOUDFRONT);
    const { edge: _, ...queryApi } = environment.queryApi as { edge: object };
    expect(made({ ...environment, queryApi } as typeof environment).stacks).toEqual([]);
  });

  it("is a stack of us-east-1 at CloudFront, for the name that the queries have on AWS", () => {
    expect(stacks.map(({ node }) => node.id)).toEqual(["test-edge"]);
    expect(json.provider.aws).toEqual([expect.objectContaining({ region: "us-east-1", allowed_account_ids: ["111122223333"] })]);
    expect(json.output.query_host.value).toBe("queries.orders.example.com");
    expect(one(json, "aws_cloudfront_distribution")).toMatchObject({
      aliases: ["queries.orders.example.com"],
      ordered_cache_behavior: [expect.objectContaining({ path_pattern: "/reports/*" })],
    });
  });

  it("breaks no policy", () => {
    expect(stacks.flatMap((stack) => findings({ stack, protect: stack.protect, holdsData: stack.holdsData, json }))).toEqual([]);
    const [stack] = made(behind(CLOUDFLARE)).stacks;
    expect(stack && findings({ stack, protect: stack.protect, holdsData: stack.holdsData, json: cloudflare ?? {} })).toEqual([]);
  });

  it("has a key for its logs at CloudFront, of the same region, and none at Cloudflare", () => {
    const key = one(keys, "aws_kms_key", "edge/key");
    expect(key.provider).toBe("aws.us-east-1");
    expect(key.policy).toContain("logs.us-east-1.amazonaws.com");
    expect(key.policy).toContain("delivery.logs.amazonaws.com");
    expect(all(made(behind(CLOUDFLARE)).keys, "aws_kms_key").filter((each) => each["//"].metadata.path.endsWith("edge/key"))).toEqual([]);
  });

  it("needs Cloudflare and nothing else there, and keeps its state where the others do", () => {
    expect(Object.keys(cloudflare?.provider ?? {})).toEqual(["cloudflare"]);
    expect(cloudflare?.terraform.backend.s3.key).toBe("test/edge.tfstate");
    expect(cloudflare?.output.query_host.value).toBe("queries.example.com");
  });

  it("asks those that stand by when the first is unwell, and is theirs as well", () => {
    const other = behind(CLOUDFLARE, standby());
    const [json = {}] = made(behind(CLOUDFLARE), [other]).edges;
    expect(all(json, "cloudflare_load_balancer_pool").map(({ origins }) => origins[0].address)).toEqual(
      expect.arrayContaining(["queries.orders.example.com", "queries.standby.example.net"]),
    );
    expect(one(json, "cloudflare_load_balancer").default_pools[0]).toContain("pool-orders-test");
    expect(made(other).stacks).toEqual([]);
  });
});

describe("an edge in an environment", () => {
  const said = (...environments: readonly object[]) => errorsOf(aProgram(...environments)).filter((line) => line.includes("edge"));

  it.each([CLOUDFLARE, CLOUDFRONT, { ...CLOUDFRONT, bypass: { headers: ["x-tenant"] }, rateLimit: { requests: 100, per: "5m" } }])(
    "may be %j",
    (edge) => {
      expect(errorsOf(aProgram(behind(edge)))).toEqual([]);
    },
  );

  it.each([
    [
      { provider: "akamai", cache: "30s" },
      'test.queryApi.edge.provider: "akamai" is not a supported CDN; use one of cloudflare, cloudfront',
    ],
    [{ ...CLOUDFRONT, cache: "1d" }, 'test.queryApi.edge.cache: "1d" is longer than a stale response should be served; use at most "1h"'],
    [
      { ...CLOUDFRONT, bypass: { headers: ["x tenant"] } },
      'test.queryApi.edge.bypass.headers[0]: "x tenant" is not a valid header name; write one like x-tenant',
    ],
    [
      { ...CLOUDFRONT, bypass: { cookies: ["a=b"] } },
      'test.queryApi.edge.bypass.cookies[0]: "a=b" is not a valid cookie name; write one like session',
    ],
    [
      { ...CLOUDFRONT, bypass: { paths: ["reports"] } },
      'test.queryApi.edge.bypass.paths[0]: "reports" must be a path; write one like /reports/*',
    ],
    [
      { ...CLOUDFRONT, rateLimit: { requests: 1, per: "1m" } },
      "test.queryApi.edge.rateLimit.requests: 1 is not possible here; use a whole number from 10 to 2000000",
    ],
    [
      { ...CLOUDFLARE, account: "orders" },
      'test.queryApi.edge.account: "orders" must be an id from Cloudflare; copy its 32 hexadecimal digits from the overview of the zone',
    ],
    [
      { ...CLOUDFLARE, clientAuthority: AUTHORITIES.cloudflare },
      "test.queryApi.edge.clientAuthority: is Cloudflare's own, which all of its customers share; use an authority of your own",
    ],
    [
      { ...CLOUDFLARE, host: "queries.example.org" },
      'test.queryApi.edge.host: "queries.example.org" is not in the zone example.com; use a name like queries.example.com',
    ],
    [
      { ...CLOUDFLARE, zone: { ...ZONE, name: "orders.example.com" } },
      'test.queryApi.edge.host: "queries.orders.example.com" is below orders.example.com, for which Route 53 answers; use a name that only Cloudflare answers for',
    ],
  ])("is not %j", (edge, message) => {
    expect(said(behind(edge))).toEqual([message]);
  });

  it.each([
    [CLOUDFRONT, { timeout: "2m" }, 'timeout: "2m" is longer than cloudfront waits for an answer; use at most 110s'],
    [CLOUDFLARE, { timeout: "100s" }, 'timeout: "100s" is longer than cloudflare waits for an answer; use at most 90s'],
    [
      CLOUDFLARE,
      { paths: ["/orders", "/healthy"] },
      'paths: ["/orders","/healthy"] leaves out /health, where cloudflare asks whether the origin is well; add it',
    ],
  ])("%j does not go with %j", (edge, query, message) => {
    const queryApi = { image: "registry.example.com/query-api:1.0.0", replicas: 3, edge, ...query };
    expect(errorsOf(aProgram(behind(edge, { queryApi })))).toEqual([`test.queryApi.${message}`]);
    expect(errorsOf(aProgram(behind(edge, { queryApi: { ...queryApi, timeout: "90s", paths: ["/orders", "/health"] } })))).toEqual([]);
  });

  it("waits as long as the service that it stands before", () => {
    const queryApi = { image: "registry.example.com/query-api:1.0.0", replicas: 3, timeout: "60s", edge: CLOUDFRONT };
    const [json = {}] = made(behind(CLOUDFRONT, { queryApi })).edges;
    expect(one(json, "aws_cloudfront_distribution").origin[0].vpc_origin_config.origin_read_timeout).toBe(70);
  });

  it("stands before queries, and never before commands", () => {
    const commandApi = { image: "registry.example.com/command-api:1.0.0", replicas: 3, edge: CLOUDFRONT };
    expect(said(behind(CLOUDFRONT, { commandApi, eventStore: { engine: "kurrentdb", nodes: 3 } }))).toEqual([
      expect.stringMatching(/^test\.commandApi\.edge: is not a setting here; use one of /),
    ]);
  });

  it("stands before one load balancer, which is made here", () => {
    const { aws: _, ...nowhere } = behind(CLOUDFLARE, { cluster: { context: "kind" } });
    expect(said(nowhere)).toEqual([
      "test.queryApi.edge: requires AWS, because its origin is a load balancer on AWS, and the environment has no aws; add aws, or leave it out",
    ]);
    expect(said(behind(CLOUDFRONT, { cluster: { context: "kind" } }))).toEqual([
      "test.queryApi.edge: requires a load balancer of this environment, but queries run on an existing cluster; leave it out: the owner of the cluster lets queries in",
    ]);
    const api = { image: "registry.example.com/query-api:1.0.0", replicas: 3, edge: CLOUDFRONT };
    expect(
      said(
        behind(CLOUDFRONT, {
          queryApi: [
            { ...api, name: "orders" },
            { ...api, name: "search" },
          ],
        }),
      ),
    ).toEqual(["test.queryApi[1].edge: is a second edge, and the queries of an environment have one public name; keep one"]);
  });

  it("is not at CloudFront where that has no way into the network", () => {
    const far = { aws: { ...elsewhere, region: "ap-southeast-6" } };
    expect(said(behind(CLOUDFRONT, far))).toEqual([
      `test.queryApi.edge.provider: "cloudfront" can't reach a network of ap-southeast-6; use cloudflare, or another region`,
    ]);
    expect(said(behind(CLOUDFLARE, far))).toEqual([]);
  });

  it("has a certificate at CloudFront, whose common name is short", () => {
    const domain = (length: number) => ({ aws: { ...elsewhere, domain: `${"d".repeat(length - ".example.com".length)}.example.com` } });
    expect(said(behind(CLOUDFRONT, domain(56)))).toEqual([]);
    expect(said(behind(CLOUDFLARE, domain(57)))).toEqual([]);
    const { domain: long } = domain(57).aws;
    expect(errorsOf(aProgram(behind(CLOUDFRONT, domain(57))))).toEqual([
      `test.aws.domain: "${long}" has 57 characters, and the certificate of queries.${long} can't have a common name above 64; use up to 56 characters`,
    ]);
  });

  it("has a zone of Cloudflare for itself, and for those that stand by for it", () => {
    const other = { name: "other", aws: { ...elsewhere, network: { cidr: "10.9.0.0/16" } } };
    expect(said(behind(CLOUDFLARE), behind(CLOUDFLARE, other))).toEqual([
      `other.queryApi.edge.zone.id: "${ZONE.id}" is also the zone of test, and settings and rules apply to a whole zone; give each environment a separate zone`,
    ]);
    expect(said(behind(CLOUDFLARE), behind(CLOUDFLARE, standby()))).toEqual([]);
    expect(said(behind(CLOUDFRONT), behind(CLOUDFLARE, standby()))).toEqual([
      "standby.queryApi.edge.zone: is not the zone of test, for which it stands by; give both the same edge, or leave it out here",
    ]);
    const known = { ...CLOUDFLARE, clientAuthority: AUTHORITIES.own };
    expect(said(behind(known), behind(known, standby()))).toEqual([]);
    expect(said(behind(known), behind(CLOUDFLARE, standby()))).toEqual([
      "standby.queryApi.edge.clientAuthority: is not that of test, and their zone shows both the same certificate; give both the same",
    ]);
  });
});
