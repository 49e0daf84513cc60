import { signed } from "../../cli/aws";

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
