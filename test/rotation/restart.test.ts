import { inadmissible, KubernetesTarget } from "../../constructs/kubernetes";
import { RestartOnRotation } from "../../constructs/rotation";
import { RESTARTED_AT } from "../../constructs/workload";
import { type Body, one, synth } from "../synth";

const aRestart = (namespace: string, set: string): Body =>
  synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    new RestartOnRotation(stack, "rotation", { cluster, namespace, set, secretName: "secret" }).jobs();
  });

function policyOf(json: Body): { readonly policy: Body; readonly binding: Body } {
  const { objects } = JSON.parse(one(json, "helm_release", "policy/release").values[0]);
  const named = (kind: string) => objects.find((object: Body) => object.kind === kind);
  return { policy: named("ValidatingAdmissionPolicy"), binding: named("ValidatingAdmissionPolicyBinding") };
}

describe("the right to restart servers after a rotation", () => {
  const json = aRestart("event-store", "orders");
  const { policy, binding } = policyOf(json);

  it("is granted only when the API server refuses everything else", () => {
    const { metadata } = one(json, "helm_release", "policy/release")["//"];
    expect(one(json, "kubernetes_role_binding_v1").depends_on).toContain(`helm_release.${metadata.uniqueId}`);
    expect(binding.spec).toMatchObject({
      policyName: policy.metadata.name,
      validationActions: ["Deny"],
      matchResources: { namespaceSelector: { matchExpressions: [{ operator: "In", values: ["event-store"] }] } },
    });
    expect(policy.spec.failurePolicy).toBe("Fail");
    expect(inadmissible([policy, binding] as never, [])).toEqual([]);
  });

  it("binds the account of the jobs in every version of the API, and no other", () => {
    const [rule] = one(json, "kubernetes_role_v1").rule;
    expect(rule).toEqual({ api_groups: ["apps"], resources: ["statefulsets"], resource_names: ["orders"], verbs: ["get", "patch"] });
    expect(policy.spec.matchConstraints.resourceRules).toEqual([
      { apiGroups: ["apps"], apiVersions: ["*"], operations: ["UPDATE"], resources: ["statefulsets"] },
    ]);
    expect(policy.spec.matchConditions).toEqual([
      { name: "account", expression: 'request.userInfo.username == "system:serviceaccount:event-store:orders-passwords"' },
    ]);
    const pod = one(json, "kubernetes_cron_job_v1", "rotation/rotation").spec.job_template.spec.template.spec;
    expect(pod.service_account_name).toBe("orders-passwords");
  });

  it("leaves nothing out but the annotation of a restart, and what the API server itself changes", () => {
    const compared = policy.spec.validations.map(({ expression }: Body) => {
      const [, of, except = "[]"] = /^object\.(\S+)\.all\(key, key in (\[.*?\]) \|\|/.exec(expression) ?? [];
      // In both directions: what is added, and what is removed.
      expect(expression).toContain(` && oldObject.${of}.all(`);
      return [of, JSON.parse(except)];
    });
    expect(compared).toEqual([
      ["metadata", ["generation", "managedFields", "resourceVersion"]],
      ["spec", ["template"]],
      ["spec.template", ["metadata"]],
      ["spec.template.metadata", ["annotations"]],
      ["spec.template.metadata.?annotations.orValue({})", [RESTARTED_AT]],
    ]);
  });

  it("has a policy of its own for each set, also where names join alike", () => {
    const names = [policyOf(aRestart("a", "b-c")), policyOf(aRestart("a-b", "c"))].map((each) => each.policy.metadata.name);
    expect(names).toEqual(["a.b-c-restarts", "a-b.c-restarts"]);
  });
});
