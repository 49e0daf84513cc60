import { KINDS } from "../../constructs/kubernetes/objects/kinds";
import { Planners } from "../../constructs/platform";
import { type Body, one, synth } from "../synth";

const json = synth((stack) => void new Planners(stack, "planners", { group: "planners" }));

/** EKS, AmazonEKSViewPolicy: what it reads of the kinds that stacks have. */
const VIEW = [
  "ConfigMap",
  "CronJob",
  "DaemonSet",
  "Deployment",
  "HorizontalPodAutoscaler",
  "Job",
  "LimitRange",
  "Namespace",
  "NetworkPolicy",
  "PersistentVolumeClaim",
  "PodDisruptionBudget",
  "ResourceQuota",
  "Service",
  "ServiceAccount",
  "StatefulSet",
];

const rules: readonly Body[] = one(json, "kubernetes_cluster_role_v1").rule;

describe("those who plan", () => {
  it("read every kind that a stack may have, but Secrets", () => {
    const beyond = rules.flatMap(({ api_groups, resources }) => resources.map((resource: string) => `${api_groups[0]}/${resource}`));
    const needed = Object.values(KINDS)
      .filter(({ kind }) => !VIEW.includes(kind) && kind !== "Secret")
      .map(({ apiVersion, kind }) => `${apiVersion.split("/")[0]}/${kind.toLowerCase().replace(/s$/, "se")}s`);
    expect([...beyond].sort()).toEqual([...new Set(needed)].sort());
  });

  it("change nothing", () => {
    expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
  });

  it("are a group, bound to that and nothing else", () => {
    expect(one(json, "kubernetes_cluster_role_binding_v1")).toMatchObject({
      role_ref: { kind: "ClusterRole", name: "planners" },
      subject: [{ kind: "Group", name: "planners", api_group: "rbac.authorization.k8s.io" }],
    });
  });
});
