import { presignedUrl, signedHeaders } from "../../constructs/aws-client";

const SCOPE = {
  service: "s3",
  region: "us-east-1",
  // The example credentials of the documentation (Amazon S3, signature calculations for the authorization header).
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
};
const TIME = new Date("2013-05-24T00:00:00Z");
const signatureOf = (method: string, path: string, headers: Record<string, string> = {}, body = "") => {
  const url = new URL(`https://examplebucket.s3.amazonaws.com${path}`);
  return signedHeaders({ method, url, headers, body: Buffer.from(body) }, SCOPE, TIME).authorization?.split("Signature=")[1];
};

describe("signedHeaders", () => {
  it.each([
    ["GET", "/test.txt", { range: "bytes=0-9" }, "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"],
    [
      "PUT",
      "/test%24file.text",
      { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      "Welcome to Amazon S3.",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    ["GET", "/?lifecycle=", {}, "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
    ["GET", "/?max-keys=2&prefix=J", {}, "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
  ])("signs %s %s as the documentation does", (method, path, headers, body, signature) => {
    expect(signatureOf(method, path, headers, body)).toBe(signature);
  });

  it("signs the token of temporary credentials", () => {
    const scope = { ...SCOPE, credentials: { ...SCOPE.credentials, sessionToken: "token" } };
    const headers = signedHeaders({ method: "GET", url: new URL("https://examplebucket.s3.amazonaws.com/"), headers: {} }, scope, TIME);
    expect(headers["x-amz-security-token"]).toBe("token");
    expect(headers.authorization).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,");
  });
});

describe("presignedUrl", () => {
  it("signs a query as the AWS CLI does", () => {
    const url = new URL("https://ec2.eu-west-1.amazonaws.com/?Action=CopySnapshot&Version=2016-11-15&SourceSnapshotId=snap-1%2F2");
    const credentials = { ...SCOPE.credentials, sessionToken: "to/ken=" };
    const signed = presignedUrl(url, { service: "ec2", region: "eu-west-1", credentials }, 3600, TIME);
    expect(signed.split("?")[0]).toBe("https://ec2.eu-west-1.amazonaws.com/");
    expect(signed.split(/[?&]/).slice(1).sort()).toEqual([
      "Action=CopySnapshot",
      "SourceSnapshotId=snap-1%2F2",
      "Version=2016-11-15",
      "X-Amz-Algorithm=AWS4-HMAC-SHA256",
      "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Feu-west-1%2Fec2%2Faws4_request",
      "X-Amz-Date=20130524T000000Z",
      "X-Amz-Expires=3600",
      "X-Amz-Security-Token=to%2Fken%3D",
      // Of botocore, SigV4QueryAuth.
      "X-Amz-Signature=0b48485823c2667a087277cf00357665676354674a8fdd1450a4740578f6d382",
      "X-Amz-SignedHeaders=host",
    ]);
  });
});
