import { Fn, type TerraformElement } from "cdktf";
import { podGroups } from "../../constructs/capacity/pod-groups";
import { KubernetesTarget, kubernetesObjects } from "../../constructs/kubernetes";
import { PostgresRoles, type PostgresRolesProps } from "../../constructs/postgres";
import { type Body, one, refusalsOf, synth } from "../synth";
import { aPostgres } from "./postgres";

const roles =
  (more: Partial<PostgresRolesProps> = {}, mirror?: string) =>
  (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0]) => {
    const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders", ...(mirror ? { mirror } : {}) });
    new PostgresRoles(stack, "roles", { cluster, namespace: "data", postgres: aPostgres(), ...more });
  };

const made = (more: Partial<PostgresRolesProps> = {}): Body => synth(roles(more));
const job = (json: Body): Body => one(json, "kubernetes_job_v1", "roles/Default/job");
const pod = (json: Body): Body => job(json).spec.template.spec;

describe("the roles of a database", () => {
  const json = made();

  it("are set up by a job of whose end whoever signs in hears, with its cause", () => {
    let found: PostgresRoles | undefined;
    const verdict = synth((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      found = new PostgresRoles(stack, "roles", { cluster, namespace: "data", postgres: aPostgres() });
    });
    expect(one(verdict, "kubernetes_config_map_v1", "verdict/checks").data.list).toMatch(
      /^job\t0\tread-database-roles\tdata\tjobs\tread-database-roles-[0-9a-f]{8}\t/,
    );
    expect(found?.ready.map((each) => (each as TerraformElement).node.path)).toEqual(["test/roles/Default/verdict/verdict"]);
  });

  it("are set up again when a script or a setting changes, and not otherwise", () => {
    const name = (more: Partial<PostgresRolesProps> = {}) => job(made(more)).metadata.name;
    expect(name()).toMatch(/^read-database-roles-[0-9a-f]{8}$/);
    expect(name({ everyMinutes: 10 })).toBe(name());
    expect(name({ name: "shop" })).not.toBe(name());
    expect(name({ postgres: aPostgres({ writer: "other.example.com" }) })).not.toBe(name());
    // What only an apply brings is no other setting from one synthesis to the next.
    const [one, other] = ["one", "other"].map((writer) => name({ postgres: aPostgres({ writer: Fn.lower(writer) }) }));
    expect(one).toBe(other);
  });

  it("learn of a rotated password from a job that looks every five minutes, one at a time", () => {
    const rotation = one(json, "kubernetes_cron_job_v1", "roles/rotation");
    expect(rotation.metadata.name).toBe("read-database-passwords");
    expect(rotation.spec).toMatchObject({ schedule: "*/5 * * * *", concurrency_policy: "Forbid" });
    expect(rotation.spec.job_template.spec.template).toEqual(job(json).spec.template);
    expect(one(made({ everyMinutes: 1 }), "kubernetes_cron_job_v1", "roles/rotation").spec.schedule).toBe("* * * * *");
  });

  it("are revoked at once by a job that a person starts, of users that no secret names", () => {
    const revocation = one(json, "kubernetes_cron_job_v1", "roles/revocation");
    expect(revocation.metadata.name).toBe("read-database-revoke");
    expect(revocation.spec.suspend).toBe(true);
    expect(revocation.spec.job_template.spec.template.spec.container[0].command).toEqual(["sh", "/scripts/roles.sh", "revoke"]);
  });

  it("last a day after a rotation where nothing else is said, and at least an hour", () => {
    const overlap = (more: Partial<PostgresRolesProps> = {}) =>
      pod(made(more)).container[0].env.find(({ name }: Body) => name === "OVERLAP").value;
    expect([overlap(), overlap({ overlapHours: 2 })]).toEqual(["24 hours", "2 hours"]);
    for (const overlapHours of [0, 1.5, 721]) {
      expect(refusalsOf(roles({ overlapHours }))).toEqual([
        `test/roles.overlapHours: ${overlapHours} must be a whole number of hours from 1 to 720; use 24 to give clients a day`,
      ]);
    }
  });

  it("are looked after, and with the scripts of now, also where the first look at them failed", () => {
    expect(one(json, "kubernetes_cron_job_v1", "roles/rotation").depends_on).toEqual([
      `kubernetes_job_v1.${job(json)["//"].metadata.uniqueId}`,
    ]);
  });

  it("are set up by a pod that the restricted standard admits, and that can write nothing but memory", () => {
    const spec = pod(json);
    expect(spec).toMatchObject({
      automount_service_account_token: false,
      security_context: { run_as_non_root: true, run_as_user: "70", seccomp_profile: { type: "RuntimeDefault" } },
    });
    for (const container of [...spec.init_container, ...spec.container]) {
      expect(container.security_context).toMatchObject({
        allow_privilege_escalation: false,
        read_only_root_filesystem: true,
        run_as_non_root: true,
        capabilities: { drop: ["ALL"] },
        seccomp_profile: { type: "RuntimeDefault" },
      });
      expect(container.resources).toMatchObject({ requests: expect.anything(), limits: expect.anything() });
    }
    expect(spec.volume.find(({ name }: Body) => name === "tmp").empty_dir).toEqual({ medium: "Memory", size_limit: "1Mi" });
  });

  it("come by passwords as files, each user's beside its name", () => {
    const credentials = pod(json).volume.find(({ name }: Body) => name === "credentials");
    expect(credentials.projected[0].sources.slice(0, 4)).toEqual([
      { secret: [{ name: "read-database-administrator", items: [{ key: "username", path: "administrator/user" }] }] },
      { secret: [{ name: "read-database-administrator", items: [{ key: "password", path: "administrator/password" }] }] },
      { secret: [{ name: "orders-migrator", items: [{ key: "user", path: "migrator/user" }] }] },
      { secret: [{ name: "orders-migrator", items: [{ key: "password", path: "migrator/password" }] }] },
    ]);
    const [container] = pod(json).container;
    expect(container.command).toEqual(["sh", "/scripts/roles.sh"]);
    expect(Object.fromEntries(container.env.map(({ name, value }: Body) => [name, value]))).toEqual({
      CREDENTIALS: "/credentials",
      DATABASE: "orders",
      HOME: "/tmp",
      MAINTENANCE_DATABASE: "postgres",
      OVERLAP: "24 hours",
      MIGRATOR: "orders_migrator",
      PGHOST: "writer.example.com",
      PGPORT: "5432",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: "/etc/connections/read-database/ca.crt",
      READER: "orders_reader",
      SCRIPTS: "/scripts",
      TMPDIR: "/tmp",
      WRITER: "orders_writer",
    });
  });

  it("are set up by scripts in which Terraform finds nothing to fill in", () => {
    const { data } = one(json, "kubernetes_config_map_v1", "pod/scripts");
    expect(Object.keys(data).sort()).toEqual(["former.sql", "roles.sh", "roles.sql", "sessions.sql"]);
    expect(Object.values(data).join("")).not.toMatch(/(?<![$%])[$%]\{/);
  });

  it("bring certificates that may be seen with them", () => {
    const seen = made({ postgres: aPostgres({ authority: { pem: "-----BEGIN CERTIFICATE-----" } }) });
    const { metadata, data } = one(seen, "kubernetes_config_map_v1", "pod/authority");
    expect(data).toEqual({ "ca.crt": "-----BEGIN CERTIFICATE-----" });
    expect(pod(seen).volume[0]).toEqual({
      name: "connection-read-database",
      config_map: { name: metadata.name, default_mode: "0444" },
    });
  });

  it("are in the capacity ledger as pods that come and go", () => {
    const groups = podGroups(kubernetesObjects(json).objects);
    expect(groups.map(({ name, pods, passing }) => [name.replace(/-[0-9a-f]{8}$/, ""), pods, passing])).toEqual([
      ["data/read-database-roles", 1, true],
      ["data/read-database-roles-verdict", 1, true],
      ["data/read-database-passwords", 1, true],
      ["data/read-database-revoke", 1, true],
    ]);
  });

  it("are set up from a mirror where the cluster has one", () => {
    const { container, init_container } = pod(synth(roles({}, "registry.example.com/mirror")));
    expect(container[0].image).toMatch(/^registry.example.com\/mirror\/library\/postgres:/);
    expect(init_container[0].image).toMatch(/^registry.example.com\/mirror\/library\/busybox:/);
  });

  it("say what they need in their namespace, and where they go", () => {
    let found: PostgresRoles | undefined;
    synth((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      found = new PostgresRoles(stack, "roles", { cluster, namespace: "data", postgres: aPostgres() });
    });
    expect(found?.secrets.map(({ secret, home }) => `${home}/${secret.name}`)).toEqual([
      "data/read-database-administrator",
      "data/orders-migrator",
      "data/orders-writer",
      "data/orders-reader",
    ]);
    expect(found?.authorities).toEqual([{ home: "data", secretName: "read-database-ca", key: "ca.crt" }]);
    expect(found?.egress).toEqual([{ name: "read-database", peer: [{ cidr: "10.0.0.0/16" }], ports: [5432] }]);
  });

  it.each(["Orders", "1orders", "pg_orders", "orders-read", "o".repeat(53)])("do not begin with %s", (name) => {
    expect(refusalsOf(roles({ name }))).toEqual([
      `test/roles.name: "${name}" can't begin the names of roles; use up to 52 lower-case letters, digits and _, not beginning with a digit or pg_`,
    ]);
  });

  it("are not looked after at odd intervals", () => {
    expect(refusalsOf(roles({ everyMinutes: 7 }))).toEqual([
      "test/roles.everyMinutes: 7 minutes don't part an hour evenly; use one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30",
    ]);
  });
});
