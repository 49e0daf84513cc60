import type { TerraformStack } from "cdktf";
import { type ApiObject, kubernetesObjects } from "../../constructs/kubernetes";
import { PostgresServer, type PostgresServerProps } from "../../constructs/postgres";
import { aCluster } from "../broker/data-cluster";
import { all, type Body, one, refusalsOf, synth } from "../synth";

const aServer = (stack: TerraformStack, changes: Partial<PostgresServerProps> = {}) =>
  new PostgresServer(stack, "orders", { cluster: aCluster(stack), namespace: "data", name: "order-store", ...changes });

const json = (changes: Partial<PostgresServerProps> = {}): Body => synth((stack) => void aServer(stack, changes));

describe("a PostgreSQL server", () => {
  const body = json();
  const { objects } = kubernetesObjects(body);
  const named = (kind: string) => objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

  it("generates a password for the user of each role", () => {
    expect(named("Password")).toEqual(["migrator", "reader", "writer"].map((role) => `order-store-${role}-password`));
    expect(named("ExternalSecret")).toEqual(expect.arrayContaining(["order-store-writer"]));
  });

  it("has a database and roles of its own name, created by a job after server and secrets", () => {
    const job = one(body, "kubernetes_job_v1", "roles/Default/job");
    const { container, volume } = job.spec.template.spec;
    const told = Object.fromEntries(container[0].env.map(({ name, value }: Body) => [name, value]));
    expect(told).toMatchObject({ DATABASE: "order_store", WRITER: "order_store_writer" });
    const credentials = volume.find(({ name }: Body) => name === "credentials").projected[0].sources;
    expect(credentials.map(({ secret }: Body) => secret[0].name)).toEqual(
      expect.arrayContaining(["order-store-app", "order-store-migrator", "order-store-writer", "order-store-reader"]),
    );
    const releases = all(body, "helm_release").filter(({ name }) => /^order-store$|^secret-/.test(name));
    expect(releases).toHaveLength(4);
    const [scripts] = all(body, "kubernetes_config_map_v1").filter((each) => each["//"].metadata.path.endsWith("roles/pod/scripts"));
    expect(job.depends_on).toContain(`kubernetes_config_map_v1.${scripts?.["//"].metadata.uniqueId}`);
    expect(scripts?.depends_on).toEqual(
      expect.arrayContaining(releases.map((release) => `helm_release.${release["//"].metadata.uniqueId}`)),
    );
  });

  it("allows its own jobs and the clients that are named, and nobody else", () => {
    const policy = (from: Body) => one(from, "kubernetes_network_policy_v1", "orders/server/traffic/policy").spec.ingress;
    const clients = (from: Body) => {
      const rule = policy(from).find(({ ports }: Body) => ports.length === 1 && ports[0].port === "5432");
      return rule.from.map(({ namespace_selector }: Body) => namespace_selector.match_labels["kubernetes.io/metadata.name"]);
    };
    expect(clients(body)).toEqual(["data"]);
    expect(clients(json({ clients: [{ namespace: "shop" }] }))).toEqual(["data", "shop"]);
  });

  it("is connected to by a role, and is ready when the roles are", () => {
    let server: PostgresServer | undefined;
    synth((stack) => {
      server = aServer(stack, { instances: 3, database: "orders" });
    });
    const { host, database, user } = server?.connection("reader").facts ?? {};
    expect([host, database]).toEqual(["order-store-ro.data.svc", "orders"]);
    expect(user).toMatchObject({ secret: { name: "order-store-reader" }, home: "data", key: "user" });
    expect(server?.connection("writer").facts.host).toBe("order-store-rw.data.svc");
    expect(server?.ready).toHaveLength(1);
  });

  it("passes on what the jobs of its roles are told", () => {
    expect(one(json({ everyMinutes: 10 }), "kubernetes_cron_job_v1", "roles/rotation").spec.schedule).toBe("*/10 * * * *");
    expect(refusalsOf((stack) => void aServer(stack, { overlapHours: 0 }))).toEqual([
      "test/orders/roles.overlapHours: 0 must be a whole number of hours from 1 to 720; use 24 to give clients a day",
    ]);
  });

  it("draws nothing twice", () => {
    const names = objects.map(({ kind, metadata }: ApiObject) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
