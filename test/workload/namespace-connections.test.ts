import type { TerraformStack } from "cdktf";
import type { Connection } from "../../constructs/connection";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { postgresConnection } from "../../constructs/postgres";
import { Worker } from "../../constructs/workload";
import { aPostgres } from "../postgres/postgres";
import type { Body } from "../synth";
import { refused, Sent } from "./workloads";

const writer = postgresConnection(aPostgres(), "writer");
const reader = postgresConnection(aPostgres(), "reader");
const published: Connection = { ...reader, name: "catalogue", variables: { CATALOGUE: "{ca}" }, authority: { pem: "PEM" } };

const eks = (stack: TerraformStack) =>
  KubernetesTarget.eks(stack, {
    clusterName: "orders",
    region: "eu-west-1",
    endpoint: "https://eks.example.com",
    certificateAuthority: "Q0E=",
    vpcId: "vpc-1",
  });
const kind = (stack: TerraformStack) => KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });

/** Workloads of one namespace, by name, each with its connections. */
const workloads =
  (of: Readonly<Record<string, readonly Connection[]>>, clusterOf = kind, namespace = "projections") =>
  (stack: TerraformStack) => {
    const cluster = clusterOf(stack);
    for (const [name, connections] of Object.entries(of)) {
      const wanted = connections.map((connection) => ({ connection }));
      new Worker(stack, name, { cluster, namespace, image: "registry.example.com/orders:1.0.0", connections: wanted });
    }
  };

const shared = new Sent(workloads({ orders: [writer], search: [reader, published], mail: [published] }));

describe("the connections of a namespace", () => {
  it("have each secret once, however many workloads need it and whichever comes first", () => {
    expect(shared.names("ExternalSecret")).toEqual(["orders-reader", "orders-writer", "read-database-ca"]);
    expect(shared.one("Role", "secrets-for-projections")).toMatchObject({
      metadata: { namespace: "data" },
      rules: [{ resourceNames: ["orders-reader", "orders-writer", "read-database-ca"], verbs: ["get"] }],
    });
  });

  it("have of an authority its certificate alone", () => {
    expect(shared.one("ExternalSecret", "read-database-ca").spec.data).toEqual([
      { secretKey: "ca.crt", remoteRef: { key: "read-database-ca", property: "ca.crt" } },
    ]);
  });

  it("have certificates that may be seen once", () => {
    expect(shared.names("ConfigMap")).toEqual(["catalogue-authority"]);
    expect(shared.one("ConfigMap", "catalogue-authority").data).toEqual({ "ca.crt": "PEM" });
  });

  it("come before the workloads that need them", () => {
    const deployments: readonly Body[] = Object.values(shared.json.resource.kubernetes_deployment_v1);
    const dependsOn = (name: string) => deployments.find(({ metadata }) => metadata.name === name)?.depends_on.join(" ");
    expect(dependsOn("orders")).toMatch(/helm_release\.connections-projections_from-data/);
    expect(dependsOn("mail")).toMatch(/kubernetes_config_map_v1\.connections-projections_authority-catalogue/);
    expect(dependsOn("mail")).not.toMatch(/from-data/);
  });

  it("read secrets from Secrets Manager on AWS, and certificates of the cluster from where they are", () => {
    const sent = new Sent(workloads({ orders: [writer], search: [writer] }, eks));
    expect(sent.one("ExternalSecret", "orders-writer").spec.secretStoreRef).toEqual({ kind: "ClusterSecretStore", name: "environment" });
    expect(sent.one("ExternalSecret", "read-database-ca").spec.secretStoreRef).toEqual({ kind: "SecretStore", name: "secrets-of-data" });
    expect(sent.names("ExternalSecret")).toHaveLength(2);
  });

  it("read certificates of another cluster from where it has put them", () => {
    const authority = {
      home: "event-store",
      secretName: "event-store-authority",
      key: "ca.crt",
      elsewhere: { remoteName: "event-store-authority" },
    };
    const sent = new Sent(workloads({ orders: [{ ...writer, authority }] }, eks));
    expect(sent.one("ExternalSecret", "event-store-authority").spec).toMatchObject({
      secretStoreRef: { kind: "ClusterSecretStore" },
      data: [{ secretKey: "ca.crt", remoteRef: { key: "event-store-authority" } }],
    });
    expect(sent.names("Role")).toEqual([]);
  });

  it("are nothing for what is at home there", () => {
    expect(new Sent(workloads({ orders: [writer] }, kind, "data")).names("ExternalSecret")).toEqual([]);
  });

  it("refuse certificates of two authorities under one name", () => {
    const other = { ...published, authority: { pem: "OTHER" } };
    expect(refused(workloads({ orders: [published], search: [other] }))).toEqual([
      'connections-projections: "catalogue-authority" holds the certificates of two authorities; give one of the two connections another name',
    ]);
  });
});
