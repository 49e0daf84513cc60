import { PostgresEvents } from "../../constructs/event-store";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { aPostgres } from "../postgres/postgres";
import { type Body, one, synth } from "../synth";

describe("events in PostgreSQL", () => {
  let store: PostgresEvents | undefined;
  const json = synth((stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    store = new PostgresEvents(stack, "events", { cluster, namespace: "data", postgres: aPostgres() });
  });

  it("have their tables made by a job that signs in as nobody but the migrator", () => {
    const { spec } = one(json, "kubernetes_job_v1", "events/Default/job").spec.template;
    const [container] = spec.container;
    expect(container.command).toEqual(["sh", "/scripts/migrate.sh"]);
    expect(container.env.filter(({ name }: Body) => /^(PGDATABASE|WRITER|READER|MIGRATIONS)$/.test(name))).toEqual([
      { name: "MIGRATIONS", value: "/scripts" },
      { name: "PGDATABASE", value: "orders" },
      { name: "READER", value: "orders_reader" },
      { name: "WRITER", value: "orders_writer" },
    ]);
    expect(spec.volume.find(({ name }: Body) => name === "credentials").projected[0].sources).toEqual([
      { secret: [{ name: "orders-migrator", items: [{ key: "user", path: "user" }] }] },
      { secret: [{ name: "orders-migrator", items: [{ key: "password", path: "password" }] }] },
    ]);
    expect(store?.secrets.map(({ secret }) => secret.name)).toEqual(["orders-migrator"]);
  });

  it("bring every migration, in the order of their numbers", () => {
    expect(Object.keys(one(json, "kubernetes_config_map_v1", "pod/scripts").data)).toEqual([
      "migrate.sh",
      "0001-events.sql",
      "0002-bounds.sql",
      "apply.sql",
    ]);
    const ours = kubernetesObjects(json).objects.filter(({ metadata }) => !/-verdict|^verification-/.test(metadata.name));
    expect(ours.map(({ kind }) => kind)).toEqual(["NetworkPolicy", "ConfigMap", "Job"]);
  });

  it("are appended by writers and read by readers, both where they are written first", () => {
    const { commands, subscriptions } = store?.connections ?? {};
    expect(commands?.facts).toMatchObject({ host: "writer.example.com", user: { secret: { name: "orders-writer" } } });
    expect(subscriptions?.facts).toMatchObject({ host: "writer.example.com", user: { secret: { name: "orders-reader" } } });
    expect(subscriptions?.ready).toEqual({ host: "writer.example.com", port: 5432 });
    expect(Object.keys(commands?.variables ?? {})).toEqual(["EVENT_STORE_URL"]);
  });
});
