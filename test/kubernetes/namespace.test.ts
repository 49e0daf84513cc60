import { API_SERVER, KubernetesTarget, Namespace, type NamespaceProps, ROLE_AGENT } from "../../constructs/kubernetes";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const namespace =
  (more: Partial<NamespaceProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    new Namespace(stack, "shop", { cluster, name: "shop", quota: { cpu: 4, memory: "8Gi", pods: 50 }, ...more });
  };

const made = (more: Partial<NamespaceProps> = {}): Body => synth(namespace(more));

const policies = (json: Body): Record<string, Body> =>
  Object.fromEntries(all(json, "kubernetes_network_policy_v1").map(({ metadata, spec }) => [metadata.name, spec]));

describe("a namespace", () => {
  it("holds its pods to the restricted standard, and says at once when one breaks it", () => {
    expect(one(made(), "kubernetes_namespace_v1").metadata.labels).toEqual({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/audit": "restricted",
    });
  });

  it("lets nothing in and nothing out but questions for names", () => {
    expect(policies(made())).toEqual({
      deny: { pod_selector: {}, policy_types: ["Ingress", "Egress"] },
      "to-names": {
        pod_selector: {},
        policy_types: ["Egress"],
        egress: [
          {
            to: [
              {
                namespace_selector: { match_labels: { "kubernetes.io/metadata.name": "kube-system" } },
                pod_selector: { match_labels: { "k8s-app": "kube-dns" } },
              },
              { ip_block: { cidr: "169.254.20.10/32" } },
            ],
            ports: [
              { port: "53", protocol: "UDP" },
              { port: "53", protocol: "TCP" },
            ],
          },
        ],
      },
    });
  });

  it("opens what it is told to, to whom it is told", () => {
    const found = policies(
      made({
        ingress: [
          { name: "webhook", peer: "anywhere", ports: [10250] },
          { name: "peers", peer: "namespace", ports: [{ from: 9000, to: 9010 }] },
        ],
        egress: [API_SERVER, ROLE_AGENT],
      }),
    );
    expect(found["from-webhook"]?.ingress).toEqual([{ ports: [{ port: "10250", protocol: "TCP" }] }]);
    expect(found["from-peers"]?.ingress).toEqual([
      { from: [{ pod_selector: {} }], ports: [{ port: "9000", end_port: 9010, protocol: "TCP" }] },
    ]);
    expect(found["to-role-agent"]?.egress).toEqual([
      { to: [{ ip_block: { cidr: "169.254.170.23/32" } }], ports: [{ port: "80", protocol: "TCP" }] },
    ]);
    expect(found["to-api-server"]?.egress[0]).not.toHaveProperty("to");
  });

  it("bounds what its pods ask for, and lets nobody order load balancers that Terraform would not know", () => {
    expect(one(made(), "kubernetes_resource_quota_v1", "shop/quota").spec.hard).toEqual({
      "requests.cpu": "5000m",
      "requests.memory": "9216Mi",
      pods: "60",
      persistentvolumeclaims: "0",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    });
  });

  it("keeps some of that for pods with an end, so that a release which fills the rest does not shut out its own test", () => {
    expect(one(made(), "kubernetes_resource_quota_v1", "shop/quota-running").spec).toEqual({
      hard: { "requests.cpu": "4", "requests.memory": "8Gi", pods: "50" },
      scopes: ["NotTerminating"],
    });
  });

  it("gives containers that ask for nothing something to ask for, so that the quota lets them in", () => {
    expect(one(made(), "kubernetes_limit_range_v1").spec.limit).toEqual([
      { type: "Container", default_request: { cpu: "20m", memory: "64Mi" } },
    ]);
  });

  it("hands pods without an account of their own no token", () => {
    expect(one(made(), "kubernetes_default_service_account_v1").automount_service_account_token).toBe(false);
  });

  it("that holds volumes is guarded against deletion", () => {
    expect(one(made({ protect: true }), "kubernetes_namespace_v1").lifecycle).toEqual({ prevent_destroy: true });
  });

  it.each(["kube-data", "default", "Shop", "shop-"])("is not called %s", (name) => {
    expect(refusalsOf(namespace({ name }))).toEqual([
      `test/shop.name: "${name}" can't be the name of a new namespace; use up to 63 lower-case letters, digits and hyphens, not beginning with kube-`,
    ]);
  });
});
