import { one } from "../synth";
import { AUTHORITIES } from "./authorities";
import { aGateway, objectOf, objectsOf, refusals } from "./gateway";

const plain = aGateway();
const behind = aGateway({
  gateway: {
    certificate: "gateway-tls",
    behind: { networks: ["10.0.0.0/16"], clientAddress: "proxy-protocol" },
    metricsFrom: "observability",
    longestRequest: "60s",
    replicas: 3,
  },
});
const deployment = (made: typeof plain) => objectOf(made, "NginxProxy").spec.kubernetes.deployment;

describe("a Gateway", () => {
  it("speaks in clear where it has no certificate", () => {
    expect(objectOf(plain, "Gateway").spec.listeners).toEqual([
      { name: "http", protocol: "HTTP", port: 80, allowedRoutes: { kinds: [{ kind: "HTTPRoute" }], namespaces: { from: "Same" } } },
    ]);
    expect(plain.gateway.service).toEqual({ name: "gateway-nginx", port: 80 });
  });

  it("encrypts with the certificate that it is given", () => {
    expect(objectOf(behind, "Gateway").spec.listeners).toMatchObject([
      {
        name: "https",
        protocol: "HTTPS",
        port: 443,
        tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: "gateway-tls" }] },
      },
    ]);
    expect(behind.gateway.service).toEqual({ name: "gateway-nginx", port: 443 });
  });

  it("closes connections of clients that no authority of its own signed for", () => {
    const asking = aGateway({ gateway: { certificate: "gateway-tls", clientAuthority: AUTHORITIES.own } });
    const known = one(asking.json, "kubernetes_config_map_v1");
    const { name } = known.metadata;
    expect(known).toMatchObject({ metadata: { namespace: "write-side" }, data: { "ca.crt": AUTHORITIES.own } });
    expect(objectOf(asking, "Gateway").spec.tls).toEqual({
      frontend: { default: { validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name }] } } },
    });
    // Other authorities come beside it, and it goes after the Gateway has turned to them.
    const other = aGateway({ gateway: { certificate: "gateway-tls", clientAuthority: `${AUTHORITIES.own}\n` } });
    expect(one(other.json, "kubernetes_config_map_v1").metadata.name).not.toBe(name);
    expect(known.lifecycle).toEqual({ create_before_destroy: true });
    expect(objectOf(behind, "Gateway").spec).not.toHaveProperty("tls");
  });

  it.each([
    [
      "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
      "must be a PEM certificate; paste what begins with -----BEGIN CERTIFICATE-----, and never a key",
    ],
    [
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
      "must be a PEM certificate; paste what begins with -----BEGIN CERTIFICATE-----, and never a key",
    ],
    [AUTHORITIES.own + AUTHORITIES.none, "must be a CA certificate; use that of the authority that signed the client's"],
    [AUTHORITIES.cloudflare, "is Cloudflare's own, which all of its customers share; use an authority of your own"],
  ])("knows no clients by %j", (clientAuthority, message) => {
    expect(refusals({ gateway: { certificate: "gateway-tls", clientAuthority } })).toEqual([`test/gateway.clientAuthority: ${message}`]);
  });

  it("asks for no certificate in clear", () => {
    expect(refusals({ gateway: { clientAuthority: AUTHORITIES.own } })).toEqual([
      "test/gateway.clientAuthority: is shown over TLS only; give the Gateway a certificate, or leave it out",
    ]);
  });

  it("has an nginx of its own, told by an object of its own", () => {
    expect(objectOf(plain, "Gateway").spec).toMatchObject({
      gatewayClassName: "nginx",
      infrastructure: { parametersRef: { group: "gateway.nginx.org", kind: "NginxProxy", name: "gateway" } },
    });
  });

  it("asks the nodes for as many pods as it runs", () => {
    const pods = ({ pods }: typeof plain) => pods.map(({ name, pods, request }) => ({ name, pods, request }));
    const request = { millicores: 200, memoryBytes: 256 * 2 ** 20 };
    expect(pods(plain)).toEqual([{ name: "write-side/gateway-nginx", pods: 2, request }]);
    expect(deployment(plain).replicas).toBe(2);
    expect(pods(behind)).toEqual([{ name: "write-side/gateway-nginx", pods: 3, request }]);
    expect(deployment(behind).replicas).toBe(3);
  });

  it("lets a drain take one pod at a time, and a single one", () => {
    expect(objectOf(plain, "PodDisruptionBudget").spec).toEqual({
      maxUnavailable: 1,
      selector: { matchLabels: { "gateway.networking.k8s.io/gateway-name": "gateway" } },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });
    expect(objectsOf(aGateway({ gateway: { replicas: 1 } })).map(({ kind }) => kind)).not.toContain("PodDisruptionBudget");
  });

  it("mounts no token of the API server", () => {
    expect(deployment(plain).patches).toEqual([
      { type: "StrategicMerge", value: { spec: { template: { spec: { automountServiceAccountToken: false } } } } },
    ]);
  });
});

describe("behind a load balancer", () => {
  it("goes when that has forgotten it and what it is at is done", () => {
    const [shell, flag, script] = deployment(behind).container.lifecycle.preStop.exec.command;
    expect([shell, flag]).toEqual(["/bin/sh", "-c"]);
    expect(script).toBe("sleep 150; kill -QUIT $(cat /var/run/nginx/nginx.pid); while [ -e /var/run/nginx/nginx.pid ]; do sleep 1; done");
    expect(deployment(behind).pod.terminationGracePeriodSeconds).toBe(150 + 60 + 15);
  });

  it("keeps the old pod until that has learnt of the new one", () => {
    expect(deployment(behind).patches[0].value.spec.minReadySeconds).toBe(180);
    expect(deployment(plain).patches[0].value.spec).not.toHaveProperty("minReadySeconds");
  });

  it("believes it, and nobody else, about who the client is", () => {
    const believed = { setIPRecursively: true, trustedAddresses: [{ type: "CIDR", value: "10.0.0.0/16" }] };
    expect(objectOf(behind, "NginxProxy").spec.rewriteClientIP).toEqual({ mode: "ProxyProtocol", ...believed });
    const edge = aGateway({ gateway: { behind: { networks: ["10.0.0.0/16"], clientAddress: "x-forwarded-for" } } });
    expect(objectOf(edge, "NginxProxy").spec.rewriteClientIP).toEqual({ mode: "XForwardedFor", ...believed });
    expect(objectOf(plain, "NginxProxy").spec).not.toHaveProperty("rewriteClientIP");
  });
});

describe("the traffic of a Gateway", () => {
  const ways = (made: typeof plain, direction: "ingress" | "egress", end: "from" | "to") =>
    one(made.json, "kubernetes_network_policy_v1").spec[direction].map((way: Record<string, any>) => [
      way[end] ?? "anywhere",
      way.ports.map(({ port }: { port: string }) => port),
    ]);
  const namespace = (name: string) => ({ namespace_selector: { match_labels: { "kubernetes.io/metadata.name": name } } });

  it("comes from the load balancer, whoever reads metrics, and nobody else", () => {
    expect(ways(behind, "ingress", "from")).toEqual([
      [[{ ip_block: { cidr: "10.0.0.0/16" } }], ["443", "8081"]],
      [[namespace("observability")], ["9113"]],
    ]);
    expect(ways(plain, "ingress", "from")).toEqual([]);
    expect(ways(aGateway({ gateway: { clients: ["namespace"] } }), "ingress", "from")).toEqual([[[{ pod_selector: {} }], ["80"]]]);
  });

  it("goes to its control plane and the services behind it, and to names", () => {
    expect(ways(plain, "egress", "to").slice(1)).toEqual([
      [[namespace("nginx-gateway")], ["8443"]],
      [[{ pod_selector: {} }], ["8080"]],
    ]);
  });

  it("is known to the services by its pods", () => {
    expect(plain.gateway.peer).toEqual({ namespace: "write-side", labels: { "gateway.networking.k8s.io/gateway-name": "gateway" } });
  });
});

it("has a name that its release can have", () => {
  expect(refusals({ gateway: { name: "Gateway" } })).toContain(
    `test/gateway/objects.name: "Gateway" is not a valid release name; use up to 53 lower-case letters, digits and hyphens`,
  );
});
