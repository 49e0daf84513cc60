import { describe as inWords } from "../../constructs/core/errors";
import { needsRestart, type PostgresParameters, parameterProblems, withoutUnits } from "../../constructs/postgres/parameters";

const GI = 2 ** 30;

const problems = (parameters: PostgresParameters, gib = 16, defaults?: PostgresParameters) =>
  parameterProblems(parameters, gib * GI, defaults).map((problem) => inWords({ ...problem, path: "db" }));

describe("PostgreSQL parameters", () => {
  it("take what an event store of 100,000 events a month asks for, on 8Gi", () => {
    const asked = { max_connections: 200, shared_buffers: "256MB", effective_cache_size: "1GB", work_mem: "16MB" };
    expect(problems(asked, 8)).toEqual([]);
  });

  it("take 200 connections on the 4Gi that a message store is given", () => {
    expect(problems({ max_connections: 200 }, 4)).toEqual([]);
    expect(problems({ max_connections: "200" }, 4, { shared_buffers: "1GB" })).toEqual([]);
  });

  it("say nothing about what nobody asked for", () => {
    expect(problems({}, 0.25)).toEqual([]);
    expect(problems({ random_page_cost: 1.1, "auto_explain.log_format": "json" }, 0.25)).toEqual([]);
  });

  it("are refused where they can't fit the memory at worst", () => {
    expect(problems({ max_connections: 500, shared_buffers: "1GB", work_mem: "16MB" }, 4)).toEqual([
      "db: 500 connections of 16 MiB work_mem and 10 MiB of their own, 1024 MiB shared_buffers and 3 vacuums of 64 MiB are 14216 MiB, " +
        "more than the 4096 MiB of memory; use at most 110 connections, or less work_mem, or take more memory",
    ]);
    expect(problems({ shared_buffers: 524_288 }, 4)).toEqual([
      "db: 100 connections of 4 MiB work_mem and 10 MiB of their own, 4096 MiB shared_buffers and 3 vacuums of 64 MiB are 5688 MiB, " +
        "more than the 4096 MiB of memory; lower shared_buffers or work_mem, or take more memory",
    ]);
  });

  it("count a vacuum with the memory that vacuums have of their own", () => {
    expect(problems({ autovacuum_work_mem: "1GB", maintenance_work_mem: "64MB" }, 4)).toHaveLength(1);
    expect(problems({ autovacuum_work_mem: -1, maintenance_work_mem: "64MB" }, 4)).toEqual([]);
  });

  it.each<[PostgresParameters, string]>([
    [
      { effective_cache_size: "32GB" },
      `"effective_cache_size = 32GB" is more than the 16384 MiB of memory; use about three quarters of them`,
    ],
    [
      { work_mem: "16Mi" },
      `"work_mem = 16Mi" can't be read; write a number and one of B, kB, MB, GB, TB, or a whole number in units of kB`,
    ],
    [
      { statement_timeout: "1MB" },
      `"statement_timeout = 1MB" can't be read; write a number and one of us, ms, s, min, h, d, or a whole number in units of ms`,
    ],
    [{ max_connections: "many" }, `"max_connections = many" must be a whole number; write a whole number from 1`],
    [
      { "max connections": 5 },
      `"max connections" is not a valid parameter name; write it as PostgreSQL's documentation does, like max_connections`,
    ],
    [{ fsync: "off" }, `"fsync = off" can corrupt the database after a crash of the machine; leave it out`],
    [{ full_page_writes: "no" }, `"full_page_writes = no" can corrupt the database after a crash of the machine; leave it out`],
    [{ synchronous_commit: "OFF" }, `"synchronous_commit = OFF" acknowledges writes that a crash loses; leave it out`],
    [{ zero_damaged_pages: 1 }, `"zero_damaged_pages = 1" deletes what can't be read; leave it out`],
    [{ ignore_checksum_failure: "on" }, `"ignore_checksum_failure = on" hands out damaged rows as if they were good; leave it out`],
    [{ allow_system_table_mods: "true" }, `"allow_system_table_mods = true" allows changes that destroy the catalogue; leave it out`],
    [{ autovacuum: 0 }, `"autovacuum = 0" ends in a server that stops to take writes, when transaction numbers run out; leave it out`],
    [{ track_counts: "false" }, `"track_counts = false" stops autovacuum, and with it in the end all writes; leave it out`],
    [{ wal_level: "minimal" }, `"wal_level = minimal" leaves nothing that replicas and recovery could be made of; leave it out`],
    [{ ssl: "off" }, `"ssl = off" allows connections in plaintext; leave it out`],
    [{ "rds.force_ssl": "0" }, `"rds.force_ssl = 0" allows connections in plaintext; leave it out`],
    [{ ssl_min_protocol_version: "TLSv1.1" }, `"ssl_min_protocol_version = TLSv1.1" takes versions of TLS that are broken; leave it out`],
    [
      { password_encryption: "md5" },
      `"password_encryption = md5" stores passwords in a form that anyone who reads it can use; leave it out`,
    ],
    [{ log_statement: "ddl" }, `"log_statement = ddl" writes passwords into the log, when a role is given one; leave it out`],
  ])("are refused: %j", (parameters, message) => {
    expect(problems(parameters)).toEqual([`db: ${message}`]);
  });

  it("may be as safe as they are without being said", () => {
    const safe = {
      fsync: "on",
      synchronous_commit: "remote_apply",
      "rds.force_ssl": 1,
      ssl_min_protocol_version: "TLSv1.3",
      log_statement: "none",
    };
    expect(problems(safe)).toEqual([]);
  });

  it("are counted without units where a server has none", () => {
    const parameters = {
      shared_buffers: "256MB",
      work_mem: "16MB",
      statement_timeout: "30s",
      max_wal_size: "4GB",
      log_temp_files: -1,
      timezone: "UTC",
    };
    expect(withoutUnits(parameters)).toEqual({
      shared_buffers: "32768",
      work_mem: "16384",
      statement_timeout: "30000",
      max_wal_size: "4096",
      log_temp_files: "-1",
      timezone: "UTC",
    });
    expect(withoutUnits({ shared_buffers: 32_768, max_connections: 200 })).toEqual({ shared_buffers: "32768", max_connections: "200" });
  });

  it("wait for a restart where they are read at the start, or are not known", () => {
    expect(["shared_buffers", "max_connections", "some_extension.setting"].every(needsRestart)).toBe(true);
    expect(["work_mem", "statement_timeout"].some(needsRestart)).toBe(false);
  });
});
