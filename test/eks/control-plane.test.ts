import { PLANNERS } from "../../constructs/cluster";
import { all, type Body, one } from "../synth";
import { aCluster, PROPS, refusals } from "./cluster";

const cluster = (changes = {}) => one(aCluster(changes), "aws_eks_cluster");
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

describe("a control plane", () => {
  it("is reached from inside its network only, or from the networks that are named", () => {
    expect(cluster().vpc_config).toMatchObject({
      endpoint_private_access: true,
      endpoint_public_access: false,
      security_group_ids: ["sg-api"],
    });
    expect(cluster({ publicFrom: ["203.0.113.0/24"] }).vpc_config).toMatchObject({
      endpoint_private_access: true,
      endpoint_public_access: true,
      public_access_cidrs: ["203.0.113.0/24"],
    });
  });

  it("gives nobody rights for having made it", () => {
    expect(cluster().access_config).toEqual({ authentication_mode: "API", bootstrap_cluster_creator_admin_permissions: false });
  });

  it("gives each role the policy of what it may do, and not more", () => {
    const access = {
      administrators: [role("platform")],
      deployers: [role("ci")],
      planners: [role("plan")],
      readers: ["arn:aws:iam::444455556666:user/audit"],
    };
    const json = aCluster({ access });
    expect(
      all(json, "aws_eks_access_entry")
        .map((entry) => entry.principal_arn)
        .sort(),
    ).toEqual([...access.readers, ...access.planners, ...access.deployers, ...access.administrators].sort());
    const policies = Object.fromEntries(
      all(json, "aws_eks_access_policy_association").map((entry) => [entry.principal_arn, entry.policy_arn.split("/").at(-1)]),
    );
    expect(policies).toEqual({
      [role("platform")]: "AmazonEKSClusterAdminPolicy",
      [role("ci")]: "AmazonEKSEditPolicy",
      [role("plan")]: "AmazonEKSViewPolicy",
      "arn:aws:iam::444455556666:user/audit": "AmazonEKSViewPolicy",
    });
  });

  it("has those who plan in the group to which the cluster gives the rest of what a plan reads, and nobody else", () => {
    const groups = (kind: string) => one(aCluster({ access: { [kind]: [role("plan")] } }), "aws_eks_access_entry").kubernetes_groups;
    expect(groups("planners")).toEqual([PLANNERS]);
    for (const kind of ["administrators", "deployers", "readers"]) expect(groups(kind)).toEqual([]);
  });

  it("lets nobody read Secrets who does not change what runs", () => {
    const access = { planners: [role("plan")], readers: [role("audit")] };
    const policies = all(aCluster({ access }), "aws_eks_access_policy_association").map(({ policy_arn }) => policy_arn.split("/").at(-1));
    expect(new Set(policies)).toEqual(new Set(["AmazonEKSViewPolicy"]));
  });

  it("keeps the entry of a role that gets other rights", () => {
    const entryOf = (kind: string) => Object.keys(aCluster({ access: { [kind]: [role("platform")] } }).resource.aws_eks_access_entry);
    expect(entryOf("readers")).toEqual(entryOf("administrators"));
  });

  it("keeps what a reader may read when it becomes a planner", () => {
    const policiesOf = (kind: string) => aCluster({ access: { [kind]: [role("plan")] } }).resource.aws_eks_access_policy_association;
    expect(Object.keys(policiesOf("planners"))).toEqual(Object.keys(policiesOf("readers")));
    expect(Object.keys(policiesOf("deployers"))).not.toEqual(Object.keys(policiesOf("readers")));
  });

  it("logs everything for a year, and keeps Secrets under a key of ours", () => {
    const json = aCluster();
    expect(one(json, "aws_cloudwatch_log_group")).toMatchObject({
      name: "/aws/eks/orders-test-write/cluster",
      retention_in_days: 365,
      kms_key_id: PROPS.keys.logs,
    });
    expect(cluster().enabled_cluster_log_types).toEqual(["api", "audit", "authenticator", "controllerManager", "scheduler"]);
    expect(cluster().encryption_config).toEqual({ provider: { key_arn: PROPS.keys.secrets }, resources: ["secrets"] });
  });

  it("can lose a zone, and begins without add-ons of unknown versions", () => {
    expect(cluster()).toMatchObject({
      zonal_shift_config: { enabled: true },
      bootstrap_self_managed_addons: false,
    });
  });

  it("fails its plan where a subnet is in a zone without a control plane", () => {
    const looked = (region: string) =>
      Object.values<Body>(aCluster({ region }).data?.aws_subnet ?? {}).flatMap(({ lifecycle }) => lifecycle?.postcondition ?? []);
    expect(looked("ca-central-1").map(({ condition }) => condition)).toEqual(
      Object.keys(PROPS.zones).map(() => '${!contains(["cac1-az3"], self.availability_zone_id)}'),
    );
    expect(looked("eu-west-1")).toEqual([]);
  });

  it("is upgraded automatically by EKS only where nothing is kept, or where that is asked for", () => {
    const support = (changes: Parameters<typeof cluster>[0]) => cluster(changes).upgrade_policy.support_type;
    expect([support({}), support({ protect: false })]).toEqual(["EXTENDED", "STANDARD"]);
    expect([support({ support: "standard" }), support({ protect: false, support: "extended" })]).toEqual(["STANDARD", "EXTENDED"]);
  });

  it("is guarded against deletion where data is kept", () => {
    expect(cluster().lifecycle).toEqual({ prevent_destroy: true });
    expect(cluster({ protect: false }).lifecycle).toEqual({ prevent_destroy: false });
  });
});

describe("access to a cluster is refused", () => {
  it("where a role has two kinds of it, or one twice", () => {
    expect(
      refusals({ access: { administrators: [role("platform")], deployers: [role("ci"), role("ci")], readers: [role("platform")] } }),
    ).toEqual([
      'test/cluster.access.deployers[1]: "arn:aws:iam::111122223333:role/ci" is named twice among deployers; name it once',
      'test/cluster.access.readers[0]: "arn:aws:iam::111122223333:role/platform" is among administrators and readers; keep the one that it needs',
    ]);
  });

  it("to what is no role or user", () => {
    const readers = ["arn:aws:sts::111122223333:assumed-role/admin/alice", role("/"), role("teams/")];
    expect(refusals({ access: { readers: [...readers, role("teams/orders/platform")] } })).toEqual(
      readers.map(
        (one, index) =>
          `test/cluster.access.readers[${index}]: "${one}" is not a role or user; use its ARN, like arn:aws:iam::111122223333:role/platform`,
      ),
    );
  });

  it("from the whole internet, from nowhere, and from what is no network", () => {
    const remedy = "name the networks that people and pipelines come from, like 203.0.113.0/24";
    expect(refusals({ publicFrom: [] })).toEqual([
      "test/cluster.publicFrom: [] opens the API to no network, and EKS would take that for all; name some, or leave it out",
    ]);
    expect(refusals({ publicFrom: ["0.0.0.0/0", "203.0.113.7", "203.0.113.7/24"] })).toEqual([
      `test/cluster.publicFrom: "0.0.0.0/0" opens the API to the internet; ${remedy}`,
      `test/cluster.publicFrom: "203.0.113.7" must be a CIDR block without bits set after its prefix; ${remedy}`,
      `test/cluster.publicFrom: "203.0.113.7/24" must be a CIDR block without bits set after its prefix; ${remedy}`,
    ]);
    expect(refusals({ publicFrom: ["0.0.0.0/1", "128.0.0.0/1"] })).toHaveLength(2);
    expect(refusals({ publicFrom: Array.from({ length: 41 }, (_, index) => `203.0.113.${index}/32`) })).toEqual([
      "test/cluster.publicFrom: has 41 networks, more than EKS takes; name at most 40",
    ]);
  });
});
