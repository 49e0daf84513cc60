import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget } from "../../constructs/kubernetes";
import { HttpService, MigrationJob, type MigrationJobProps } from "../../constructs/workload";
import { type Body, one } from "../synth";
import { refused, Sent } from "./workloads";

const aMigration =
  (props: Partial<MigrationJobProps> = {}) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const place = { cluster: KubernetesTarget.kubeconfig(stack, { context: "kind-orders" }), namespace: "write-side" };
    const image = "registry.example.com/orders/api:1.0.0";
    const { ready } = new MigrationJob(stack, "migration", { ...place, image, command: ["npx", "prisma", "migrate", "deploy"], ...props });
    new HttpService(stack, "api", { ...place, image, after: ready });
  };

const sent = new Sent(aMigration({ down: { command: ["npm", "run", "down"] } }));
const job = (json: Body): Body => one(json, "kubernetes_job_v1", "migration/Default/job");

describe("a migration", () => {
  const { json } = sent;
  const { name } = job(json).metadata;

  it("is tried by three pods, each of which ends", () => {
    expect(name).toMatch(/^migration-[0-9a-f]{8}$/);
    expect(job(json).spec).toMatchObject({
      backoff_limit: 2,
      active_deadline_seconds: 600,
      template: { spec: { restart_policy: "Never" } },
    });
    expect(job(json).metadata.labels).toEqual({ "app.kubernetes.io/name": "migration", "app.kubernetes.io/instance": "migration" });
  });

  it("has the addresses of the migration itself", () => {
    expect(job(json)["//"].metadata.uniqueId).toMatch(/^migration_job_[0-9A-F]{8}$/);
  });

  it("holds up what comes after it until it has done its work", () => {
    expect(one(json, "kubernetes_deployment_v1").depends_on).toContainEqual(
      expect.stringMatching(/^data\.kubernetes_config_map_v1\.migration_verdict/),
    );
  });

  it("runs again for another image, command or configuration", () => {
    const names = [
      {},
      { image: "registry.example.com/orders/api:1.0.1" },
      { command: ["true"] },
      { env: { A: "b" } },
      { files: { "/a": "b" } },
    ].map((props) => job(new Sent(aMigration(props)).json).metadata.name);
    expect(names[0]).toBe(name);
    expect(new Set(names).size).toBe(5);
  });

  it("keeps at hand what takes it back, run by nobody but by hand", () => {
    const { spec } = sent.one("CronJob", "migration-down");
    expect(spec).toMatchObject({ suspend: true, schedule: "0 0 30 2 *", timeZone: "Etc/UTC", concurrencyPolicy: "Forbid" });
    expect(spec.jobTemplate.spec).toMatchObject({
      backoffLimit: 0,
      template: { spec: { containers: [{ image: "registry.example.com/orders/api:1.0.0", command: ["npm", "run", "down"] }] } },
    });
    expect(
      new Sent(aMigration({ down: { image: "registry.example.com/orders/api:0.9.0" } })).one("CronJob", "migration-down"),
    ).toMatchObject({
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: "registry.example.com/orders/api:0.9.0" }] } } } } },
    });
  });

  it("is in the capacity ledger as pods that come and go", () => {
    const groups = podGroups(sent.objects).filter(({ passing }) => passing);
    expect(groups.map((group) => group.name.replace(/-[0-9a-f]{8}$/, "")).sort()).toEqual([
      "write-side/migration",
      "write-side/migration-down",
      "write-side/migration-verdict",
    ]);
  });

  const DESTRUCTIVE = [
    "npx prisma migrate reset --force",
    "npx prisma db push --force-reset",
    "bin/rails db:drop",
    "npx sequelize-cli db:drop",
    "mix ecto.reset",
    "php artisan migrate:fresh",
    "npx typeorm schema:drop -d source.js",
    "dotnet ef database drop --force",
    "flyway -url=jdbc:x clean",
    "liquibase dropAll",
    "dropdb orders",
    "psql -c 'DROP  DATABASE orders'",
    "python manage.py flush --noinput",
  ];

  it.each(DESTRUCTIVE)("is no %s where data is kept", (line) => {
    const message = (property: string) =>
      `migration.${property}: ${JSON.stringify(line)} empties the database; leave it out, or set disposable where the data may be lost`;
    expect(refused(aMigration({ command: ["sh", "-c"], args: [line], down: { args: [line] } }))).toEqual([
      message("command").replace(JSON.stringify(line), JSON.stringify(`sh -c ${line}`)),
      message("down.command"),
    ]);
    expect(refused(aMigration({ args: [line], disposable: true }))).toEqual([]);
  });

  it.each(["npx prisma migrate deploy", "flyway -cleanDisabled=true migrate", "bin/rails db:migrate", "alembic upgrade head"])(
    "may be %s",
    (line) => {
      expect(refused(aMigration({ command: line.split(" ") }))).toEqual([]);
    },
  );

  it("has a name like any other workload, an end and retries that can be counted", () => {
    expect(refused(aMigration({ name: "m".repeat(40) }))).toEqual([]);
    expect(refused(aMigration({ name: "m".repeat(41), timeout: "7h", retries: -1 }))).toEqual([
      'migration.timeout: "7h" exceeds the maximum wait for a deployment; use 360m or less',
      "migration.retries: -1 must be a valid number of retries; use 0 or more",
      `migration.name: "${"m".repeat(41)}" is not a valid workload name; use up to 40 lower-case letters, digits and hyphens, beginning with a letter`,
    ]);
  });
});
