import { secretStatements } from "../../constructs/cluster/rights/secrets";
import { authorityCopy, authorityPush, PublishedAuthority } from "../../constructs/secrets";
import { type Body, one, synth } from "../synth";

const place = { namespace: "event-store", secretName: "event-store-authority", remoteName: "event-store-authority" };
const tags = { system: "orders", environment: "test", stack: "test-data" };

describe("an authority that other clusters have to know", () => {
  const secret = one(
    synth(
      (stack) =>
        void new PublishedAuthority(stack, "authority", { name: ["orders", "test"], authority: place.remoteName, key: "k", protect: true }),
    ),
    "aws_secretsmanager_secret",
  );
  const push = authorityPush({ ...place, tags });
  const [data] = push.spec.data;

  it("has a place in Secrets Manager that External Secrets may fill, and Terraform does not", () => {
    expect(secret).toMatchObject({
      name: "orders-test-event-store-authority",
      tags: { "managed-by": "external-secrets" },
      kms_key_id: "k",
    });
    expect(secret.lifecycle).toEqual({ prevent_destroy: true });
  });

  it("tells its certificate and keeps its key", () => {
    expect(push.spec.data.map(({ match }) => match.secretKey)).toEqual(["ca.crt"]);
  });

  it("comes out on the other side as it went in", () => {
    const copy = authorityCopy({ ...place, namespace: "projections" });
    const { remoteKey, property } = data?.match.remoteRef ?? {};
    expect(copy.spec.data).toEqual([{ secretKey: "ca.crt", remoteRef: { key: remoteKey, property } }]);
    expect(property).not.toContain("."); // a step into an object
  });

  it("leaves the tags that Terraform gave as they are", () => {
    expect(data?.metadata.spec).toEqual({ secretPushFormat: "string", tags });
  });

  it("is all that a cluster may write", () => {
    const statements = secretStatements({ account: "111122223333", region: "eu-west-1", secretPrefix: "orders-test" } as never) as Body[];
    const writing = statements.filter(({ Action }) => [Action].flat().some((action: string) => /Put|Delete|Generate/.test(action)));
    const arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-test-*-authority-??????";
    expect(writing.map(({ Resource, Condition }) => Condition?.StringLike["kms:EncryptionContext:SecretARN"] ?? Resource)).toEqual([
      arn,
      arn,
    ]);
  });
});
