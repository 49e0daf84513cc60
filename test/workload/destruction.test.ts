import { KubernetesTarget } from "../../constructs/kubernetes";
import { emptiesDatabase, Job, MigrationJob, ScheduledTask, type WorkloadProps } from "../../constructs/workload";
import { fewOf, runs } from "../thorough";
import { refused } from "./workloads";

const shell = (script: string) => ["sh", "-c", script];

describe("a command line", () => {
  it.each([
    ["prisma", "migrate", "reset"],
    ["npx", "prisma", "migrate", "--schema", "prisma/schema.prisma", "reset", "--force"],
    ["npx", "prisma", "db", "push", "--force-reset"],
    ["npx", "prisma", "db", "push", "--skip-generate", "--accept-data-loss"],
    ["./node_modules/.bin/prisma", "--schema=a.prisma", "db", "push", "--accept-data-loss=true"],
    ["npx", "sequelize", "db:drop"],
    ["npx", "sequelize-cli", "db:migrate:undo:all"],
    ["bin/rails", "db:drop"],
    ["bundle", "exec", "rake", "db:reset"],
    ["rails", "db:schema:load", "DISABLE_DATABASE_ENVIRONMENT_CHECK=1"],
    ["rails", "db:drop:all"],
    ["rails", "db:setup"],
    ["dotnet", "ef", "database", "drop", "-f"],
    ["dotnet", "ef", "database", "--project", "src/Orders", "drop"],
    ["dotnet", "ef", "database", "update", "0"],
    ["flyway", "-url=jdbc:postgresql://x", "info", "clean", "migrate"],
    ["java", "-jar", "/opt/flyway-core-11.8.jar", "-cleanDisabled=false", "clean"],
    ["mvn", "flyway:clean"],
    ["./gradlew", ":orders:flywayClean"],
    ["alembic", "-c", "alembic.ini", "downgrade", "base"],
    ["python", "manage.py", "migrate", "orders", "zero"],
    ["migrate", "-path", "migrations", "-database", "postgres://x", "drop", "-f"],
    ["goose", "postgres", "dsn", "down-to", "0"],
    ["npx", "drizzle-kit", "push", "--force"],
    ["psql", "-c", "DROP DATABASE orders"],
    ["psql", "--command", "drop schema public cascade"],
    ["psql", "-c", "BEGIN;\nDROP\n\tSCHEMA public"],
    ["psql", "-c", "DROP/* all of it */SCHEMA public"],
    ["psql", "-c", "DROP -- all of it\nSCHEMA public"],
    ["psql", "-c", "DROP OWNED BY orders"],
    ["npm", "run", "db:reset"],
    shell("npx prisma migrate reset --force && node dist/seed.js"),
    shell("cd /app; NPX PRISMA   Migrate\tRESET"),
    shell("npx pri\"sma\" mig'rate' re\\set"),
    shell("npx prisma \\\n  migrate \\\n  re\\\nset"),
    shell("npx prisma migrate${IFS}reset"),
    shell("npx prisma migrate$IFS$9reset"),
    shell("{prisma,migrate,reset}"),
    shell('if [ -n "$RESET" ]; then $(prisma migrate reset); fi'),
    shell('echo "DROP DATABASE orders" | psql'),
    shell('sh -c "sh -c \\"rails db:drop\\""'),
    ["node", "-e", "require('child_process').execSync('npx prisma migrate reset')"],
    ["node", "-e", "spawnSync('prisma', ['migrate', 'reset'])"],
  ])("empties the database: %s %s %s %s %s %s", (...line) => {
    expect(emptiesDatabase(line)).toBe(true);
  });

  it.each([
    ["npx", "prisma", "migrate", "deploy"],
    ["npx", "prisma", "db", "push"],
    ["bin/rails", "db:migrate"],
    ["rails", "db:seed"],
    ["npx", "sequelize", "db:migrate"],
    ["dotnet", "ef", "database", "update"],
    ["dotnet", "ef", "database", "update", "20260101"],
    ["flyway", "-cleanDisabled=true", "migrate"],
    ["mvn", "clean", "flyway:migrate"],
    ["alembic", "upgrade", "head"],
    ["alembic", "downgrade", "-1"],
    ["python", "manage.py", "migrate", "--noinput"],
    ["migrate", "-path", "migrations", "-database", "postgres://x", "up"],
    ["psql", "-c", "DROP TABLE old_orders"],
    ["psql", "-c", "ALTER TABLE a DROP COLUMN schema_version"],
    shell("npx prisma migrate deploy && npm run reset-cache"),
    shell("npx prisma migrate deploy\nreset"),
    shell("rm -rf build/* && make clean; flyway migrate"),
    [],
  ])("leaves the database alone: %s %s %s %s %s %s", (...line) => {
    expect(emptiesDatabase(line)).toBe(false);
  });

  it.each(fewOf(["migrate ", "migrate -x ", "drop ", "/*", "drop --", "db "], ["migrate -x ", "/*"]))(
    "is read in a time that grows with its length alone: %s",
    (word) => {
      const timeOf = (words: number) => {
        const begin = process.cpuUsage();
        emptiesDatabase([word.repeat(words)]);
        return process.cpuUsage(begin).user;
      };
      const few = runs(20_000);
      // Eight times the words would always take 64 times as long if each were compared with all others. What runs beside it counts sometimes.
      const isLinear = () => timeOf(few * 8) < 32 * Math.max(timeOf(few), 1000);
      expect([1, 2, 3, 4, 5, 6, 7, 8].some(isLinear)).toBe(true);
    },
  );
});

describe("a job of any kind", () => {
  type Props = Partial<WorkloadProps> & { readonly disposable?: boolean };
  const kinds = {
    MigrationJob: (stack, props) => new MigrationJob(stack, "job", props),
    ScheduledTask: (stack, props) => new ScheduledTask(stack, "job", { ...props, schedule: "30 2 * * *" }),
    Job: (stack, props) => new Job(stack, "job", props),
    "Job by hand": (stack, props) => new Job(stack, "job", { ...props, start: "by-hand" }),
  } satisfies Record<string, (stack: Parameters<typeof KubernetesTarget.kubeconfig>[0], props: WorkloadProps & Props) => unknown>;
  const said = (kind: keyof typeof kinds, props: Props) =>
    refused((stack) => {
      const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
      kinds[kind](stack, { cluster, namespace: "write-side", image: "orders/api:1.0.0", ...props });
    });
  const props: Props = {
    command: ["prisma", "migrate", "reset"],
    initContainers: [{ name: "first", command: ["dropdb", "orders"] }],
    sidecars: [{ name: "beside", args: ["rails", "db:drop"] }],
  };

  it.each(Object.keys(kinds) as (keyof typeof kinds)[])("empties no database, as %s, unless its data may be lost", (kind) => {
    const remedy = "empties the database; leave it out, or set disposable where the data may be lost";
    expect(said(kind, props)).toEqual([
      `job.command: "prisma migrate reset" ${remedy}`,
      `job.initContainers[0].command: "dropdb orders" ${remedy}`,
      `job.sidecars[0].command: "rails db:drop" ${remedy}`,
    ]);
    expect(said(kind, { ...props, disposable: true })).toEqual([]);
  });

  it.each([
    ["flyway/flyway:11.8", ["-url=jdbc:postgresql://x", "clean"]],
    ["registry.example.com:5000/tools/migrate@sha256:1", ["-path", "/m", "drop", "-f"]],
    ["liquibase/liquibase:4", ["drop-all"]],
  ])("empties no database by what an image runs itself: %s %j", (image, args) => {
    const found = `job.command: "${args.join(" ")}" empties the database; leave it out, or set disposable where the data may be lost`;
    expect(said("Job", { image, args })).toContain(found);
    expect(said("Job", { image, args: ["migrate"] })).not.toContain(found);
    expect(said("Job", { image, command: ["sh", "-c"], args: ["clean"] }).join()).not.toContain("empties");
  });
});
