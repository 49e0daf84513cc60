import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsReader, signed } from "../../cli/aws";

describe("a signed request", () => {
  // Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header", the example that lists a bucket.
  it("is the one of AWS's own example", () => {
    const request = { service: "s3", region: "us-east-1", host: "https://examplebucket.s3.amazonaws.com", path: "/" } as const;
    const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
    const { authorization } = signed(request, "max-keys=2&prefix=J", credentials, new Date("2013-05-24T00:00:00Z"));
    expect(authorization).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
  });
});

describe("AwsReader", () => {
  const variables = { ...process.env };
  let server: Server;
  let answers: Readonly<Record<string, readonly [status: number, body: string, headers?: Record<string, string>]>>;
  let headers: Record<string, unknown>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      headers = request.headers;
      const asked = `${request.headers["x-amz-target"] ?? request.url?.replace("?list-type=2&max-keys=1", "")}`;
      const [status, body, more = {}] = answers[asked] ?? [500, `unexpected: ${asked}`];
      request.resume().on("end", () => response.writeHead(status, more).end(body));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_CREDENTIAL_EXPIRATION: "2026-11-28T14:30:00Z",
    });
  });

  afterAll(async () => {
    process.env = variables;
    await new Promise((done) => server.close(done));
  });

  it("knows when the session ends", () => expect(new AwsReader().sessionEnd()).toEqual(new Date("2026-11-28T14:30:00Z")));

  it("tells a bucket that doesn't exist from one that may not be read", async () => {
    const exists = () => new AwsReader().bucketExists("state", "eu-west-1");
    answers = { "/state/": [200, "<ListBucketResult/>"] };
    expect(await exists()).toBe(true);
    answers = { "/state/": [404, "<Error><Code>NoSuchBucket</Code></Error>"] };
    expect(await exists()).toBe(false);
    answers = { "/state/": [403, "<Error><Code>AccessDenied</Code></Error>"] };
    await expect(exists()).rejects.toThrow(/answered 403 AccessDenied$/);
  });

  it("reads the quota of an account, and the default if it never got another", async () => {
    const quota = () => new AwsReader().quota("ec2", "L-1", "eu-west-1");
    const [own, otherwise] = ["GetServiceQuota", "GetAWSDefaultServiceQuota"].map((name) => `ServiceQuotasV20190624.${name}`) as [
      string,
      string,
    ];
    const unknown = [400, '{"__type":"com.amazonaws.servicequotas#NoSuchResourceException"}'] as const;
    answers = { [own]: [200, '{"Quota":{"Value":7.0}}'] };
    expect(await quota()).toBe(7);
    expect(headers["content-type"]).toBe("application/x-amz-json-1.1");
    expect(headers.authorization).toContain(";x-amz-target,");
    answers = { [own]: unknown, [otherwise]: [200, '{"Quota":{"Value":5.0}}'] };
    expect(await quota()).toBe(5);
    answers = { [own]: unknown, [otherwise]: unknown };
    expect(await quota()).toBeUndefined();
  });

  it("reads a cluster, or that there is none", async () => {
    const cluster = () => new AwsReader().cluster("orders", "eu-west-1");
    answers = {
      "/clusters/orders": [200, '{"cluster":{"version":"1.35","endpoint":"https://eks","certificateAuthority":{"data":"Q0E="}}}'],
    };
    expect(await cluster()).toEqual({ version: "1.35" });
    answers = { "/clusters/orders": [404, "{}", { "x-amzn-errortype": "ResourceNotFoundException:http://internal" }] };
    expect(await cluster()).toBeUndefined();
  });

  it("reads the versions of add-ons, Kubernetes and node images, page by page", async () => {
    const addons = (...versions: string[]) => ({ addons: [{ addonVersions: versions.map((addonVersion) => ({ addonVersion })) }] });
    const path = "/addons/supported-versions?addonName=vpc-cni&kubernetesVersion=1.35";
    answers = {
      [path]: [200, JSON.stringify({ ...addons("v2"), nextToken: "more" })],
      [`${path}&nextToken=more`]: [200, JSON.stringify({ ...addons("v1"), nextToken: null })],
      "/cluster-versions": [200, '{"clusterVersions":[{"clusterVersion":"1.36"}]}'],
      "AmazonSSM.GetParameter": [200, '{"Parameter":{"Value":"1.35.6-20260818"}}'],
    };
    const aws = new AwsReader();
    expect(await aws.addonVersions("vpc-cni", "1.35", "eu-west-1")).toEqual(["v2", "v1"]);
    expect(await aws.kubernetesVersions("eu-west-1")).toEqual(["1.36"]);
    expect(await aws.parameter("/aws/service/eks", "eu-west-1")).toBe("1.35.6-20260818");
  });
});
