import { App, type TerraformStack } from "cdktf";
import { kubernetesStack } from "../../stacks/base/site";
import { compose } from "../../stacks/compose";
import { gatewayOn } from "../../stacks/workloads/gateway";
import { anEnvironment, aProgram } from "../environments";
import { AUTHORITIES } from "../gateway/authorities";
import { all, type Body, one } from "../synth";

const api = { image: "registry.example.com/orders/api:1.0.0", replicas: 3 };
const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };

interface Made {
  readonly json: Body;
  readonly hostnames: readonly string[] | undefined;

  /** The Terraform of a stack of the environment. */
  readonly stack: (part: string) => Body;
}

/** The Terraform of a stack that has the Gateway of a side, and nothing else. */
function gatewayOf(side: "write" | "read", changes: object): Made {
  const app = new App({ outdir: "cdktf.out" });
  const [composition] = compose(app, aProgram(anEnvironment(changes)), "test");
  const [site] = composition?.sites.map((populated) => populated.site) ?? [];
  if (!site) throw new Error("there is no cluster");
  const domain = site.environment.domains.find(({ name }) => name === `${side}-side`);
  if (!domain) throw new Error(`there is no ${side} side`);
  const { stack, cluster } = kubernetesStack(app, site, "side");
  const { hostnames } = gatewayOn({ site, stack, cluster, domain, namespace: "side", servicePorts: [8080], after: [] });
  const written = (made: TerraformStack) => JSON.parse(JSON.stringify(made.toTerraform())) as Body;
  return { json: written(stack), hostnames, stack: (part) => written(app.node.findChild(`test-${part}`) as TerraformStack) };
}

const objectsOf = (json: Body): readonly Body[] => all(json, "helm_release").flatMap(({ values }) => JSON.parse(values[0]).objects);
const kinds = (json: Body) => objectsOf(json).map(({ kind }) => kind);

describe("what lets requests in to a side", () => {
  const onAws = gatewayOf("write", { cluster: { nodes: 3, node }, commandApi: api, queryApi: api });
  const elsewhere = gatewayOf("write", { aws: undefined, cluster: { context: "kind" }, commandApi: api });

  it("has a certificate for its public name on AWS, and pods behind a load balancer", () => {
    expect(kinds(onAws.json).sort()).toEqual([
      "Certificate",
      "ClusterIssuer",
      "Gateway",
      "NginxProxy",
      "PodDisruptionBudget",
      "TargetGroupBinding",
    ]);
    expect(onAws.hostnames).toEqual(["commands.orders.example.com"]);
    const [binding] = objectsOf(onAws.json).filter(({ kind }) => kind === "TargetGroupBinding");
    expect(binding?.spec.targetGroupARN).toBe("${data.terraform_remote_state.test-entry.outputs.command_target_group_arn}");
  });

  it("is bound before its pods come, which would else not wait for the load balancer to find them well", () => {
    const { depends_on } = one(onAws.json, "helm_release", "gateway/objects/release");
    expect(depends_on).toContainEqual(expect.stringMatching(/^helm_release\.targets_objects_release/));
    const [binding] = objectsOf(onAws.json).filter(({ kind }) => kind === "TargetGroupBinding");
    expect(binding?.spec.serviceRef).toEqual({ name: "gateway-nginx", port: 443 });
  });

  it("lets in what comes from its network, where the load balancer is, and believes that", () => {
    const cidr = "${data.terraform_remote_state.test-network.outputs.vpc_cidr}";
    expect(one(onAws.json, "kubernetes_network_policy_v1").spec.ingress[0].from).toEqual([{ ip_block: { cidr } }]);
    const [proxy] = objectsOf(onAws.json).filter(({ kind }) => kind === "NginxProxy");
    expect(proxy?.spec.rewriteClientIP).toMatchObject({ mode: "ProxyProtocol", trustedAddresses: [{ type: "CIDR", value: cidr }] });
  });

  it("answers an edge that shows a certificate, and nobody else: not even a test", () => {
    const zone = { id: "fedcba9876543210fedcba9876543210", name: "example.com" };
    const shown = {
      provider: "cloudflare",
      cache: "30s",
      account: "0123456789abcdef0123456789abcdef",
      zone,
      clientAuthority: AUTHORITIES.own,
    };
    const changes = { cluster: { nodes: 3, node }, commandApi: api, queryApi: { ...api, edge: shown } };
    const tlsOf = (json: Body) => objectsOf(json).find(({ kind }) => kind === "Gateway")?.spec.tls;
    const { json, stack } = gatewayOf("read", changes);
    const { data, metadata } = one(json, "kubernetes_config_map_v1");
    expect(data).toEqual({ "ca.crt": AUTHORITIES.own });
    expect(tlsOf(json).frontend.default.validation.caCertificateRefs).toEqual([{ group: "", kind: "ConfigMap", name: metadata.name }]);
    expect(tlsOf(gatewayOf("write", changes).json)).toBeUndefined();

    // A test has no such certificate.
    const asked = (part: string) => one(stack(part), "kubernetes_config_map_v1", "smoke-test/verification/checks").data.list;
    expect(asked("read-side")).toMatch(/^tcp\t\d+\tthe gateway\tgateway-nginx\.read-side\.svc\t443$/m);
    expect(asked("read-side")).not.toContain("through the gateway");
    expect(asked("write-side")).toContain("through the gateway");
  });

  it("speaks in clear to whoever forwards its port on a cluster that exists", () => {
    expect(kinds(elsewhere.json).sort()).toEqual(["Gateway", "NginxProxy"]);
    expect(elsewhere.hostnames).toBeUndefined();
    const tests = {
      namespace_selector: { match_labels: { "kubernetes.io/metadata.name": "side" } },
      pod_selector: { match_labels: { "app.kubernetes.io/component": "smoke-test" } },
    };
    expect(one(elsewhere.json, "kubernetes_network_policy_v1").spec.ingress).toEqual([
      { from: [tests], ports: [{ port: "80", protocol: "TCP" }] },
    ]);
  });
});
