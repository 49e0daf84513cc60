import { PublicCertificate } from "../../constructs/certificates";
import { anEksCluster } from "../platform/platform";
import { one, synth } from "../synth";

const json = synth((stack) => {
  new PublicCertificate(stack, "certificate", {
    cluster: anEksCluster(stack),
    namespace: "write-side",
    name: "gateway",
    dnsNames: ["commands.orders.example.com"],
    zone: { id: "Z1", region: "eu-west-1" },
  });
});
const [issuer, certificate] = JSON.parse(one(json, "helm_release").values[0]).objects;

describe("a public certificate", () => {
  it("is asked for where everybody trusts the answer, by a proof in the zone", () => {
    expect(issuer).toMatchObject({
      kind: "ClusterIssuer",
      metadata: { name: "write-side-gateway" },
      spec: {
        acme: {
          server: "https://acme-v02.api.letsencrypt.org/directory",
          solvers: [{ dns01: { route53: { region: "eu-west-1", hostedZoneID: "Z1" } } }],
        },
      },
    });
  });

  it("lies in the namespace that shows it, and is renewed when two thirds of its time are over", () => {
    expect(certificate).toMatchObject({
      kind: "Certificate",
      metadata: { name: "gateway", namespace: "write-side" },
      spec: {
        secretName: "gateway-tls",
        dnsNames: ["commands.orders.example.com"],
        renewBeforePercentage: 33,
        issuerRef: { kind: "ClusterIssuer", name: "write-side-gateway" },
      },
    });
  });
});
