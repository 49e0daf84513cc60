import { signedHeaders } from "../../constructs/aws-client";

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
