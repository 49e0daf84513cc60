import { KubernetesTarget } from "../../constructs/kubernetes";
import { ProjectionTables, projectionVariables, ReadModel, type ReadModelProps } from "../../constructs/projection";
import { aPostgres } from "../postgres/postgres";
import { all, type Body, one, refusalsOf, synth } from "../synth";

type Stack = Parameters<typeof KubernetesTarget.kubeconfig>[0];

const aReadModel =
  (changes: Partial<ReadModelProps> = {}) =>
  (stack: Stack) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
    const tables = new ProjectionTables(stack, "tables", { cluster, namespace: "data", postgres: aPostgres() });
    new ReadModel(stack, "read-model", {
      cluster,
      namespace: "data",
      postgres: aPostgres(),
      projection: "order_totals",
      slots: { b: { partitions: 60 }, a: { partitions: 50 } },
      live: "a",
      after: tables.ready,
      ...changes,
    });
  };

const json = synth(aReadModel());

const settings = (spec: Body): Body => Object.fromEntries(spec.container[0].env.map(({ name, value }: Body) => [name, value]));

describe("the tables of projections", () => {
  const job = one(json, "kubernetes_job_v1", "tables/Default/job");
  const { spec } = job.spec.template;

  it("are made by a job that signs in as nobody but the migrator", () => {
    expect(job.metadata.name).toMatch(/^read-database-projections-[0-9a-f]{8}$/);
    expect(spec.container[0].command).toEqual(["sh", "/scripts/migrate.sh"]);
    expect(settings(spec)).toMatchObject({ PGDATABASE: "orders", WRITER: "orders_writer", READER: "orders_reader" });
    expect(spec.volume.find(({ name }: Body) => name === "credentials").projected[0].sources).toEqual([
      { secret: [{ name: "orders-migrator", items: [{ key: "user", path: "user" }] }] },
      { secret: [{ name: "orders-migrator", items: [{ key: "password", path: "password" }] }] },
    ]);
  });

  it("bring every migration, and what applies it", () => {
    const { data } = one(json, "kubernetes_config_map_v1", "tables/pod/scripts");
    expect(Object.keys(data)).toEqual(["migrate.sh", "0001-projections.sql", "0002-views.sql", "apply.sql"]);
  });
});

describe("a read model", () => {
  const job = one(json, "kubernetes_job_v1", "read-model/Default/job");
  const { spec } = job.spec.template;

  it("has its slots registered, and the live one shown, by a job after the tables are there", () => {
    expect(spec.container[0].command).toEqual(["sh", "/scripts/slots.sh", "live"]);
    expect(settings(spec)).toMatchObject({
      PGDATABASE: "orders",
      PROJECTION: "order_totals",
      SLOTS: '{"a":50,"b":60}',
      LIVE: "a",
      FORCED: "false",
    });
    const scripts = one(json, "kubernetes_config_map_v1", "read-model/pod/scripts");
    expect(scripts.depends_on).toEqual([expect.stringMatching(/^data\.kubernetes_config_map_v1\.tables_verdict_/)]);
    expect(Object.keys(scripts.data)).toEqual(["slots.sh", "live.sql", "progress.sql", "drop.sql"]);
  });

  it("is looked at again when the live slot, the slots or the migrations change, and not otherwise", () => {
    const name = (changes: Partial<ReadModelProps> = {}) =>
      one(synth(aReadModel(changes)), "kubernetes_job_v1", "read-model/Default/job").metadata.name;
    expect(job.metadata.name).toMatch(/^order-totals-read-model-[0-9a-f]{8}$/);
    expect(name({ slots: { a: { partitions: 50 }, b: { partitions: 60 } } })).toBe(job.metadata.name);
    const others = [
      name({ live: "b" }),
      name({ slots: { a: { partitions: 50 } } }),
      name({ revision: "orders:2" }),
      name({ skipCatchUpCheck: true }),
    ];
    expect(new Set([...others, job.metadata.name]).size).toBe(5);
  });

  it("says why its live slot could not be shown, once five pods have tried it", () => {
    const { data } = one(json, "kubernetes_config_map_v1", "read-model/Default/verdict/checks");
    expect(data.list).toContain(`\tjobs\t${job.metadata.name}\t`);
    const { container } = one(json, "kubernetes_job_v1", "read-model/Default/verdict/job").spec.template.spec;
    expect(settings({ container })).toMatchObject({ EXPIRES: job.metadata.name, TIME: "660" });
    expect(spec.container[0].termination_message_policy).toBe("FallbackToLogsOnError");
  });

  it("has operations that nothing but a person starts, once, also where the live slot could not be shown", () => {
    const jobs = all(json, "kubernetes_cron_job_v1");
    expect(jobs.map(({ depends_on }) => depends_on)).toEqual([0, 1].map(() => [`kubernetes_job_v1.${job["//"].metadata.uniqueId}`]));
    expect(jobs.map(({ metadata }) => metadata.name).sort()).toEqual(["order-totals-drop", "order-totals-progress"]);
    for (const { metadata, spec: found } of jobs) {
      expect(found).toMatchObject({
        suspend: true,
        concurrency_policy: "Forbid",
        job_template: { spec: { ttl_seconds_after_finished: "86400" } },
      });
      const pod = found.job_template.spec.template.spec;
      expect(pod.container[0].command).toEqual(["sh", "/scripts/slots.sh", metadata.name.replace("order-totals-", "")]);
      expect({ ...pod.container[0], command: [] }).toEqual({ ...spec.container[0], command: [] });
    }
  });

  it("is watched as long as it takes to build, also by the next pod where one is evicted, and deleted in one try", () => {
    const of = (operation: string) =>
      all(json, "kubernetes_cron_job_v1").find(({ metadata }) => metadata.name === `order-totals-${operation}`)?.spec.job_template.spec;
    expect(of("progress").active_deadline_seconds).toBeUndefined();
    expect(of("progress").backoff_limit).toBe(4);
    expect(of("drop")).toMatchObject({ active_deadline_seconds: 600, backoff_limit: 0 });
  });

  it("tells workers and migrations what they work on", () => {
    expect(projectionVariables("orders", "b")).toEqual({ PROJECTION: "orders", SLOT: "b", SCHEMA: "orders_b" });
  });

  it.each<[Partial<ReadModelProps>, string]>([
    [
      { projection: "orders_a" },
      'projection: "orders_a" is not a valid projection name; use up to 40 lower-case letters, digits and _, beginning with a letter and not ending in _, _a or _b',
    ],
    [
      { projection: "public" },
      'projection: "public" is not a valid projection name; use up to 40 lower-case letters, digits and _, beginning with a letter and not ending in _, _a or _b',
    ],
    [{ slots: { a: { partitions: 0 } } }, "slots: 0 must be a valid number of partitions; use 1 to 10000"],
    [{ slots: { a: { partitions: 50 } }, live: "b" }, 'live: "b" has no workers; use one of a'],
  ])("is refused where it can't be: %j", (changes, message) => {
    expect(refusalsOf(aReadModel(changes))).toEqual([`test/read-model.${message}`]);
  });
});
