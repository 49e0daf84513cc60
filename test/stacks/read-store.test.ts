import { anEnvironment, aProgram } from "../environments";
import { synthesisOf } from "../program";
import { type Body, one } from "../synth";

const cluster = { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
const cache = { engine: "elasticache", shards: 1, replicasPerShard: 1 };
const readStore = (changes: object): Body | undefined =>
  synthesisOf(aProgram(anEnvironment({ cache, ...changes }))).stacks.get("test-read-store")?.json as Body | undefined;

describe("the stores of the read side", () => {
  it("have a stack where all that is to be done is to tell ElastiCache a password", () => {
    const json = readStore({ cluster }) ?? {};
    const [{ env }] = one(json, "kubernetes_job_v1", "first/job").spec.template.spec.container;
    expect(env).toEqual(
      expect.arrayContaining([
        { name: "AWS_REGION", value: "eu-west-1" },
        { name: "USER_ARN", value: "${data.terraform_remote_state.test-data.outputs.cache_user_arn}" },
        { name: "USER_ID", value: "${data.terraform_remote_state.test-data.outputs.cache_user}" },
      ]),
    );
    expect(one(json, "kubernetes_service_account_v1", "cache-password/account").metadata).toEqual({
      name: "cache-password",
      namespace: "read-store",
    });
  });

  it("leave the password to the owner of a cluster that exists already", () => {
    expect(readStore({ writeCluster: cluster, readCluster: { context: "on-premises" } })).toBeUndefined();
  });
});
