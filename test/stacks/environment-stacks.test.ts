import * as fc from "fast-check";
import { namePartProblem } from "../../constructs/core/names";
import type { Program } from "../../stacks";
import { anEnvironment, aProgram, errorsOf } from "../environments";
import { program } from "../fixtures/environments";
import { local } from "../fixtures/environments/local";
import { staging } from "../fixtures/environments/staging";
import { synthesisOf } from "../program";
import { all, type Body, one } from "../synth";
import { runs } from "../thorough";

const aws = anEnvironment().aws as object;

/** The Terraform of one stack of a program. */
function stackOf(program: Program, id: string): Body {
  const json = synthesisOf(program).stacks.get(id)?.json;
  if (!json) throw new Error(`there is no stack ${id}`);
  return json;
}

const stack = (part: string, changes: object = {}) => stackOf(aProgram(anEnvironment(changes)), `test-${part}`);

describe("the network stack", () => {
  it("has an exit for each zone, or one for all where an exception says why", () => {
    expect(all(stack("network"), "aws_nat_gateway")).toHaveLength(3);
    expect(all(stack("network", { exceptions: { singleNatGateway: "saves some money" } }), "aws_nat_gateway")).toHaveLength(1);
  });

  it("spans the zones that its region has", () => {
    const zones = (changes: object) =>
      [...new Set(all(stack("network", changes), "aws_subnet").map((subnet) => subnet.availability_zone))].sort();
    expect(zones({ aws: { ...aws, region: "ap-northeast-1" } })).toEqual(["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]);
    expect(zones({ exceptions: { twoZones: "the third is full" } })).toEqual(["eu-west-1a", "eu-west-1b"]);
    expect(
      zones({ aws: { ...aws, network: { zones: ["eu-west-1b", "eu-west-1c"] } }, exceptions: { twoZones: "the first is full" } }),
    ).toEqual(["eu-west-1b", "eu-west-1c"]);
  });

  it("makes no network where there is one, but the groups and the private zone in it", () => {
    const ids = (use: string) => [1, 2, 3].map((zone) => `subnet-0000000${use}${zone}`.slice(0, 15));
    const json = stack("network", {
      aws: { ...aws, network: { vpc: "vpc-0a1b2c3d", subnets: { public: ids("a"), private: ids("b"), data: ids("c") } } },
      cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
      cache: { engine: "elasticache", shards: 1, replicasPerShard: 1 },
    });
    expect(Object.keys(json.resource).sort()).toEqual([
      "aws_route53_zone",
      "aws_security_group",
      "aws_vpc_security_group_egress_rule",
      "aws_vpc_security_group_ingress_rule",
    ]);
    expect(all(json, "aws_security_group").map(({ name }) => name)).toEqual([
      "orders-test-api",
      "orders-test-cache",
      "orders-test-deploy-runners",
      "orders-test-nodes",
    ]);
    expect(Object.keys(json.output)).toEqual(
      expect.arrayContaining(["vpc_id", "data_subnet_ids", "nodes_security_group_id", "cache_security_group_id"]),
    );
  });

  it("makes no public zone where one is named, and hands that one on", () => {
    const json = stack("network", {
      aws: { ...aws, zone: "Z0123456789ABCDEFGHIJ" },
      cluster: { nodes: 3, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } },
      commandApi: { image: "registry.example.com/orders/api:1.0.0", replicas: 3 },
      eventStore: { engine: "kurrentdb", nodes: 3, storage: "10Gi" },
      exceptions: { unauthenticatedApis: "a service mesh asks" },
    });
    expect(all(json, "aws_route53_zone").map(({ name }) => name)).toEqual(["test.orders.internal"]);
    expect(json.output.public_zone_id.value).toMatch(/^\$\{data\.aws_route53_zone\.existing-zone_\S+\.zone_id\}$/);
    expect(json.output).not.toHaveProperty("public_zone_name_servers");
  });

  it("resolves names that only it knows", () => {
    expect(one(stack("network"), "aws_route53_zone")).toMatchObject({ name: "test.orders.internal", force_destroy: false });
  });
});

describe("the logs of an environment", () => {
  const retentions = (of: Program, name: string) => {
    const made = synthesisOf(of).compositions.find((composition) => composition.name === name)?.stacks ?? [];
    const groups = made.flatMap((each) => all(stackOf(of, each.node.id), "aws_cloudwatch_log_group"));
    return [...new Set(groups.map(({ retention_in_days: days }) => days))];
  };

  it("are kept for a year where data is kept, and for a month elsewhere", () => {
    expect(["dev", "staging", "production"].map((name) => retentions(program, name))).toEqual([[30], [365], [365]]);
  });

  it("are kept as long as it says, whatever writes them", () => {
    const set = { ...program, environments: [{ ...staging, aws: { ...staging.aws, logRetention: "90d" } } as const] };
    expect(retentions(set, "staging")).toEqual([90]);
    const [edge] = all(stackOf(set, "staging-edge"), "aws_s3_bucket_lifecycle_configuration");
    expect(edge?.rule[0].expiration).toEqual([{ days: 90 }]);
  });
});

describe("an environment that is made again", () => {
  it("takes over every log group that a service makes by itself", () => {
    const groups = [...synthesisOf(program).stacks.values()].flatMap(({ json }) => {
      const imported = ((json.import ?? []) as readonly { readonly to: string }[]).map(({ to }) => to);
      return Object.entries((json as Body).resource?.aws_cloudwatch_log_group ?? {}).map(([id, body]) => ({
        name: (body as Body).name as string,
        imported: imported.includes(`aws_cloudwatch_log_group.${id}`),
      }));
    });
    // EKS and RDS write, and so make it, by a role of their own.
    const own = groups.filter(({ name }) => /^\/aws\/(eks|rds)\//.test(name));
    expect(own.length).toBeGreaterThan(5);
    expect(groups.filter(({ imported }) => imported)).toEqual(own);
  });

  it("has left no volume behind, where nothing is kept", () => {
    const policies = (name: string) =>
      synthesisOf(program)
        .compositions.filter((composition) => composition.name === name)
        .flatMap(({ stacks }) => stacks.flatMap(({ node }) => all(stackOf(program, node.id), "kubernetes_storage_class_v1")))
        .map((each) => `${each.metadata.name}: ${each.reclaim_policy}`);
    expect(policies("dev")).toEqual(["data: Delete", "scratch: Delete"]);
    expect(new Set(policies("production"))).toEqual(new Set(["data: Retain", "scratch: Delete"]));
  });
});

describe("the backup stack", () => {
  it("keeps backups for 35 days, or as long as the environment says", () => {
    const days = (changes: object) =>
      one(stack("backup", changes), "aws_s3_bucket_object_lock_configuration", "/primary/lock").rule.default_retention.days;
    expect(days({})).toBe(35);
    expect(days({ backup: { keep: "90d" } })).toBe(90);
  });

  it("has a copy in the recovery region, under the key of that region", () => {
    const json = stack("backup");
    const [key] = one(json, "aws_s3_bucket_server_side_encryption_configuration", "/copy/encryption").rule;
    expect(key.apply_server_side_encryption_by_default.kms_master_key_id).toBe(
      "${data.terraform_remote_state.test-keys.outputs.recovery_key_arn}",
    );
    expect(one(stack("keys"), "aws_kms_key", "/recovery/key").provider).toBe("aws.eu-central-1");
  });

  it("locks nothing where nothing is kept", () => {
    expect(all(stack("backup", { exceptions: { disposable: "thrown away daily" } }), "aws_s3_bucket_object_lock_configuration")).toEqual(
      [],
    );
  });
});

describe("the bootstrap stack", () => {
  const github = { repository: "example/orders" };

  it("knows the environments of its account, and their regions with that of the state", () => {
    const program = aProgram(anEnvironment({ aws: { ...aws, region: "us-east-2", recoveryRegion: "us-west-2" } }));
    const json = stackOf(
      { ...program, accounts: [{ system: "orders", id: "111122223333", region: "eu-west-1", github }] },
      "bootstrap-111122223333",
    );
    const denied = JSON.parse(one(json, "aws_iam_policy", "/apply-test-services-policy").policy).Statement.find(
      ({ Sid }: Body) => Sid === "OtherRegions",
    );
    expect(denied.Condition.StringNotEquals["aws:RequestedRegion"]).toEqual(["us-east-2", "us-west-2", "eu-west-1", "us-east-1"]);
  });

  it("turns AWS Backup on in the regions of its environments, once for all of them", () => {
    const other = { ...aws, region: "eu-west-3", recoveryRegion: "eu-central-1", network: { cidr: "10.9.0.0/16" } };
    const environments = [anEnvironment(), anEnvironment({ name: "other", aws: { ...other, domain: "other.example.com" } })];
    const settings = all(stackOf(aProgram(...environments), "bootstrap-111122223333"), "aws_backup_region_settings");
    expect(settings.map(({ provider }) => provider)).toEqual(["aws.eu-central-1", "aws.eu-west-1", "aws.eu-west-3"]);
    for (const one of settings)
      expect(one).toMatchObject({
        resource_type_opt_in_preference: { Aurora: true, RDS: true },
        // AWS reads back all types that it has, and gets new ones.
        lifecycle: { ignore_changes: ["resource_type_opt_in_preference", "resource_type_management_preference"] },
      });
  });

  it("has no deploy roles without a repository, and then nobody's roles are bounded", () => {
    const program = aProgram(anEnvironment());
    expect(all(stackOf(program, "bootstrap-111122223333"), "aws_iam_role")).toEqual([]);
    expect(one(stackOf(program, "test-network"), "aws_iam_role")).not.toHaveProperty("permissions_boundary");
  });
});

describe("an environment by any name that is accepted", () => {
  const cluster = { nodes: { min: 3, max: 9 }, node: { cpu: 4, memory: "16Gi", storage: "100Gi" } };
  const name = fc
    .stringMatching(/^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,11})?$/)
    .filter((text) => namePartProblem(text) === undefined && text !== "bootstrap");

  it("is synthesized, with names that AWS allows", () => {
    fc.assert(
      fc.property(name, name, (system, environment) => {
        const program = {
          accounts: [{ system, id: "111122223333", region: "eu-west-1" as const, github: { repository: "a/b" } }],
          environments: [anEnvironment({ system, name: environment, cluster })],
        };
        for (const { json } of synthesisOf(program).stacks.values()) {
          for (const { bucket } of all(json, "aws_s3_bucket")) expect(bucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
          for (const role of all(json, "aws_iam_role")) expect(role.name).toMatch(/^[\w+=,.@-]{1,64}$/);
          for (const eks of all(json, "aws_eks_cluster")) expect(eks.name).toMatch(/^[a-z0-9][a-z0-9-]{0,99}$/);
          for (const group of all(json, "aws_eks_node_group")) expect(group.node_group_name_prefix).toMatch(/^[a-z0-9][a-z0-9-]{0,36}$/);
          for (const queue of all(json, "aws_sqs_queue")) expect(queue.name).toMatch(/^[\w-]{1,80}$/);
          for (const rule of all(json, "aws_cloudwatch_event_rule")) expect(rule.name).toMatch(/^[\w.-]{1,64}$/);
          for (const alias of all(json, "aws_kms_alias")) expect(alias.name).toMatch(/^alias\/[\w/-]{1,250}$/);
          for (const group of all(json, "aws_security_group")) expect(group.name).toMatch(/^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/);
        }
      }),
      // The longest that are accepted, then some by chance.
      { numRuns: runs(10), examples: [["abcdefghijklmno-pqrstuvw", "zyxwvutsrqpo-nmlkjihgfed"]] },
    );
  });
});

describe("every policy document that is shipped", () => {
  const documents = [...synthesisOf(program).stacks.values()].flatMap(({ json }) =>
    Object.values((json.resource ?? {}) as Record<string, Record<string, Body>>).flatMap((named) =>
      Object.values(named).flatMap((body) => [body.policy, body.assume_role_policy].filter((text) => typeof text === "string")),
    ),
  );

  it("names no statement twice, which IAM refuses", () => {
    for (const text of documents) {
      const sids = JSON.parse(text)
        .Statement.map(({ Sid }: Body) => Sid)
        .filter(Boolean);
      expect(new Set(sids).size).toBe(sids.length);
    }
  });

  it("fits the 6,144 characters of the smaller of IAM's limits", () => {
    for (const text of documents) expect(text.length).toBeLessThan(6144);
  });
});

describe("a part of a stack", () => {
  const production = synthesisOf(program).compositions.filter(({ name }) => name === "production" || name === "dev");
  const partsOf = (stacks: RegExp, users: RegExp) => {
    const found = production.flatMap(({ stacks: all }) => all.filter(({ node }) => stacks.test(node.id)));
    const ids = found.flatMap(({ node }) => node.children.map(({ node: { id } }) => id.replace(/^dev-/, "production-")));
    return [...new Set(ids)].filter((id) => /^[a-z][a-z0-9-]{0,31}$/.test(id) && !users.test(id));
  };
  const errors = (changes: object) => errorsOf(aProgram({ ...local, name: "production", ...changes }));

  it.each(partsOf(/-(write-side|read-side)$/, /^(command|query)-/))("has a name that no workload can have: %s", (name) => {
    expect(errors({ commandProcessors: { ...local.commandProcessors, name } })).toEqual([
      `production.commandProcessors.name: "${name}" is the name of a part of the platform as well; choose another`,
    ]);
  });

  it.each(partsOf(/-(data|read-store)$/, /^read-database/))("has a name that no database can have: %s", (name) => {
    expect(errors({ readDatabase: { ...local.readDatabase, name } })).toEqual([
      expect.stringMatching(`^production\\.readDatabase\\.name: "${name}" is taken by .*; choose another$`),
    ]);
  });
});
