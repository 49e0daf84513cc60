import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database, onceAs, onServer } from "./server";

jest.setTimeout(60_000);

onServer("the roles of a database", () => {
  const shop = new Database("shop");
  const blog = new Database("blog");

  beforeAll(async () => {
    for (const database of [shop, blog]) {
      await database.begin();
      expect(await database.roles()).toEqual({ code: 0, output: expect.stringContaining(`${database.name} is set up\n`) });
    }
    const migrator = await shop.as("migrator");
    await migrator.query("create table orders (id bigserial primary key, total int); insert into orders (total) values (1), (2)");
  });

  afterAll(async () => {
    await shop.end();
    await blog.end();
  });

  it("are set up again without a change", async () => {
    expect(await shop.roles()).toEqual({ code: 0, output: "shop is set up\n" });
  });

  it("are set up by several at once", async () => {
    const runs = await Promise.all([shop.roles(), shop.roles(), blog.roles()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  const MATRIX: readonly (readonly [statement: string, migrator: boolean, writer: boolean, reader: boolean])[] = [
    ["select * from orders", true, true, true],
    ["insert into orders (total) values (3)", true, true, false],
    ["update orders set total = 4 where id = 1", true, true, false],
    ["delete from orders where id = 2", true, true, false],
    ["select last_value from orders_id_seq", true, true, true],
    ["select nextval('orders_id_seq')", true, true, false],
    ["select setval('orders_id_seq', 100)", true, false, false],
    ["create temporary table t (n int)", true, true, false],
    ["truncate orders", true, false, false],
    ["alter table orders add note text", true, false, false],
    ["create index on orders (total)", true, false, false],
    ["create table t (n int)", true, false, false],
    ["create view v as select 1", true, false, false],
    ["create function f() returns int language sql as 'select 1'", true, false, false],
    ["create schema s", true, false, false],
    ["drop table orders", true, false, false],
    ["alter table orders owner to current_user", true, false, false],
    ["alter database shop set work_mem = '1MB'", false, false, false],
    ["drop schema public cascade", false, false, false],
    ["create role other", false, false, false],
    ["alter role current_user superuser", false, false, false],
    ["alter role session_user bypassrls", false, false, false],
    ["set role shop_administrator", false, false, false],
    ["grant shop_administrator to session_user", false, false, false],
    ["select rolpassword from pg_authid", false, false, false],
    ["select pg_read_file('/etc/passwd')", false, false, false],
    ["copy (select 1) to program 'true'", false, false, false],
  ];
  const CASES = MATRIX.flatMap(([statement, ...may]) =>
    (["migrator", "writer", "reader"] as const).map((role, number) => [role, may[number] ? "may" : "may not", statement] as const),
  );

  it.each(CASES)("%s %s %s", async (role, may, statement) => {
    const client = await shop.as(role);
    // A reader's session says of itself that it only reads; it is held to it whatever it says.
    await client.query("set default_transaction_read_only = off");
    await client.query("begin");
    const tried = await client.query(statement).then(
      () => "may",
      (error) => (error.code === "42501" ? "may not" : error),
    );
    await client.query("rollback");
    await client.end();
    expect(tried).toBe(may);
  });

  it.each(["migrator", "writer", "reader"] as const)("%s may not make another database", async (role) => {
    const client = await shop.as(role);
    await client.query("set default_transaction_read_only = off");
    await expect(client.query("create database other")).rejects.toThrow("permission denied to create database");
  });

  it("hand on what the migrator makes in schemas of its own", async () => {
    await (await shop.as("migrator")).query("create schema billing; create table billing.invoices (n int)");
    await (await shop.as("writer")).query("insert into billing.invoices values (1)");
    expect((await (await shop.as("reader")).query("select * from billing.invoices")).rows).toEqual([{ n: 1 }]);
  });

  it("have users that own nothing, so that either changes what the other made", async () => {
    const owner = "select tableowner from pg_tables where tablename = 'orders'";
    expect((await (await shop.as("reader")).query(owner)).rows).toEqual([{ tableowner: "shop_migrator" }]);
  });

  it("let no writer forget a transaction that holds up others", async () => {
    const { rows } = await (await shop.as("writer")).query("show idle_in_transaction_session_timeout");
    expect(rows).toEqual([{ idle_in_transaction_session_timeout: "1min" }]);
  });

  it("see nothing of another database on the same server", async () => {
    for (const role of ["migrator", "writer", "reader"] as const) {
      await expect(shop.as(role, "blog")).rejects.toThrow('permission denied for database "blog"');
      await expect(blog.as(role, "shop")).rejects.toThrow('permission denied for database "shop"');
    }
  });

  it("are no way in for somebody who has none of them", async () => {
    await onceAs({}, "create role stranger login password 'stranger'");
    try {
      await expect(shop.as({ user: "stranger", password: "stranger" })).rejects.toThrow('permission denied for database "shop"');
    } finally {
      await onceAs({}, "drop role stranger");
    }
  });

  it("keep clients while passwords alternate", async () => {
    const before = shop.logins;
    const connected = await shop.as("writer");

    shop.logins = { ...before, writer: shop.login("writer", "b") };
    expect(await shop.roles()).toEqual({
      code: 0,
      output: expect.stringMatching(/^shop_writer_b has a new password\nthe password of shop_writer_a ends at 20.*\nshop is set up\n$/),
    });
    await connected.query("insert into orders (total) values (5)");
    await (await shop.as("writer")).query("insert into orders (total) values (6)");
    // Those that have not read the secret again still come in.
    await (await shop.as(before.writer)).query("insert into orders (total) values (7)");

    const second = shop.logins;
    shop.logins = { ...second, writer: shop.login("writer", "a") };
    expect(await shop.roles()).toEqual({
      code: 0,
      output: expect.stringMatching(/^shop_writer_a has a new password\nthe password of shop_writer_b ends at 20.*\nshop is set up\n$/),
    });
    await connected.query("insert into orders (total) values (8)");
    await (await shop.as("writer")).query("insert into orders (total) values (9)");
    await (await shop.as(second.writer)).query("insert into orders (total) values (10)");
    await expect(shop.as(before.writer)).rejects.toThrow("password authentication failed");
  });

  it("end with the overlap: the user of before can't sign in any more, who is connected stays, and it may come back", async () => {
    const before = shop.logins;
    const connected = await shop.as("reader");
    const last = before.reader.user.slice(-1) === "a" ? "b" : "a";
    shop.logins = { ...before, reader: shop.login("reader", last) };
    expect((await shop.roles()).code).toBe(0);
    await (await shop.as(before.reader)).query("select");
    expect((await shop.roles({ OVERLAP: "0 seconds" })).output).toMatch(
      new RegExp(`^the password of ${before.reader.user} ends at 20`, "m"),
    );
    await expect(shop.as(before.reader)).rejects.toThrow("password authentication failed");
    expect((await shop.roles()).output).toMatch(new RegExp(`the password of ${before.reader.user} has ended\n`));
    expect(await onceAs({}, `select rolpassword from pg_authid where rolname = '${before.reader.user}'`)).toEqual([{ rolpassword: null }]);
    expect(await shop.roles()).toEqual({ code: 0, output: "shop is set up\n" });
    await connected.query("select");
    shop.logins = before;
    expect((await shop.roles()).output).toContain(`${before.reader.user} has a new password\n`);
    await (await shop.as("reader")).query("select");
  });

  it.each(["migrator", "writer", "reader"] as const)("are revoked at once after a leak, with sessions: %s", async (role) => {
    const leaked = shop.logins[role];
    const thief = await shop.as(leaked);
    const another = await shop.as(leaked);
    shop.logins = { ...shop.logins, [role]: shop.login(role, leaked.user.endsWith("a") ? "b" : "a") };
    const { code, output } = await shop.roles({}, "revoke");
    expect(code).toBe(0);
    expect(output).toContain(`the password of ${leaked.user} has ended\n`);
    expect(output.match(new RegExp(`^ended session \\d+ of ${leaked.user}$`, "gm"))?.length).toBeGreaterThanOrEqual(2);
    for (const session of [thief, another]) await expect(session.query("select")).rejects.toThrow();
    await expect(shop.as(leaked)).rejects.toThrow("password authentication failed");
    await (await shop.as(role)).query("select");
  });

  it("alternate for the migrator too, whose tables the other user changes", async () => {
    await (await shop.as("migrator")).query("create table carts (n int)");
    shop.logins = { ...shop.logins, migrator: shop.login("migrator", "b") };
    expect((await shop.roles()).code).toBe(0);
    await (await shop.as("migrator")).query("alter table carts add note text; drop table carts");
  });

  it("give nobody else's password away to whoever writes a secret", async () => {
    const before = shop.logins;
    shop.logins = { ...before, reader: { user: "postgres", password: "known-to-me" } };
    expect(await shop.roles()).toEqual({
      code: 1,
      output: "roles: the secret of reader names the user postgres; name shop_reader_a or shop_reader_b\n",
    });
    shop.logins = before;
  });

  it("show no password to other processes, in what is said or in the server's log", async () => {
    const seen = join(shop.directory, "seen");
    const shim = join(shop.directory, "psql");
    writeFileSync(shim, `#!/bin/sh\n{ printf '%s\\n' "$@"; env; } >>${seen}\nPATH=\${PATH#*:} exec psql "$@"\n`);
    chmodSync(shim, 0o755);
    shop.logins = { ...shop.logins, reader: shop.login("reader", "b") };
    const { code, output } = await shop.roles({ PATH: `${shop.directory}:${process.env.PATH}` });
    const log = process.env.POSTGRES_LOG ? readFileSync(process.env.POSTGRES_LOG, "utf8") : "";
    const said = [output, readFileSync(seen, "utf8"), log].join("\n");
    expect(code).toBe(0);
    expect(said).toContain("shop_reader_b");
    for (const { password } of Object.values(shop.logins)) {
      expect(said).not.toContain(password.slice(0, 24));
    }
  });

  it("are not set up where the rights of others would stay", async () => {
    const taken = new Database("taken");
    try {
      await taken.begin();
      await onceAs({}, "create database taken");
      const { code, output } = await taken.roles();
      expect(code).not.toBe(0);
      expect(output).toContain("ERROR:  taken_administrator may not change the rights on database taken and its schema public");
      expect(output).toContain("HINT:  alter database taken owner to taken_administrator, and in it");
      await onceAs({}, "alter database taken owner to taken_administrator");
      expect((await taken.roles()).code).toBe(0);
    } finally {
      await taken.end();
    }
  });

  it("say why they can't be set up", async () => {
    const { administrator } = blog;
    Object.assign(blog, { administrator: { ...administrator, password: "wrong" } });
    const { code, output } = await blog.roles();
    Object.assign(blog, { administrator });
    expect(code).not.toBe(0);
    expect(output).toContain('password authentication failed for user "blog_administrator"');
    expect(output).not.toContain("wrong");
  });
});
