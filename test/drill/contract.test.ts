import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Client } from "../../constructs/aws-client";
import { type DrillResult, exposed, metricsOf, newestResult, publish } from "../../constructs/drill/contract";

const RESULT: DrillResult = {
  drill: "postgres",
  time: "2026-11-22T05:30:00.123Z",
  passed: true,
  problems: [],
  restored: { lsn: "0/5000060" },
  restoreSeconds: 61.5,
  lossSeconds: 0,
  rpoSeconds: 1800,
  rtoSeconds: 7200,
};

/** A bucket in memory. */
function aBucket() {
  const objects = new Map<string, { body: Buffer; headers: Record<string, string> }>();
  const s3 = {
    bucket: "backups",
    create: async (key: string, body: Buffer, _?: unknown, headers: Record<string, string> = {}) => {
      if (objects.has(key)) return false;
      objects.set(key, { body, headers });
      return true;
    },
    headersOf: async (key: string) => objects.get(key)?.headers ?? {},
    list: async (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).map((key) => ({ key, size: 1 })),
    read: async (key: string) => objects.get(key) as { body: Buffer; headers: Record<string, string> },
  };
  return { objects, s3: s3 as Pick<S3Client, "bucket" | "create" | "headersOf" | "list" | "read"> };
}

describe("results of restore drills", () => {
  it("are objects of their own, of which the newest is read", async () => {
    const { s3, objects } = aBucket();
    expect(await newestResult(s3, "drills/a/b")).toBeUndefined();
    const newer = { ...RESULT, time: "2026-11-29T05:30:00.000Z", passed: false };
    for (const one of [newer, RESULT, RESULT]) await publish(s3, "drills/a/b", one);
    await publish(s3, "drills/a/b-2", { ...RESULT, time: "2027-01-01T00:00:00.000Z" });
    expect([...objects.keys()].sort().slice(-2)).toEqual(["drills/a/b/20261122T053000Z.json", "drills/a/b/20261129T053000Z.json"]);
    expect(await newestResult(s3, "drills/a/b")).toEqual(newer);
    await expect(publish(s3, "drills/a/b", { ...newer, passed: true })).rejects.toThrow(
      "drills/a/b/20261129T053000Z.json: another drill has written it",
    );
  });

  it("are refused with any other byte, at any position, and if they are truncated", async () => {
    const { s3, objects } = aBucket();
    await publish(s3, "drills/a/b", RESULT);
    const stored = objects.get("drills/a/b/20261122T053000Z.json");
    if (!stored) throw new Error("nothing is stored");
    const { body } = stored;
    for (let at = 0; at < body.length; at++) {
      stored.body = Buffer.from(body);
      stored.body[at] = (body[at] as number) ^ 1;
      await expect(newestResult(s3, "drills/a/b")).rejects.toThrow(/^s3:\/\/backups\/drills\/a\/b\/20261122T053000Z.json: its SHA-256 is /);
    }
    stored.body = body.subarray(0, -1);
    await expect(newestResult(s3, "drills/a/b")).rejects.toThrow("its SHA-256 is");
    for (const text of ["", "null", "[]", '{"passed":true}']) {
      const headers = { "x-amz-meta-sha256": createHash("sha256").update(text).digest("hex") };
      objects.set("drills/a/b/20261122T053000Z.json", { ...stored, body: Buffer.from(text), headers });
      await expect(newestResult(s3, "drills/a/b")).rejects.toThrow("is not the result of a drill");
    }
  });

  it("are exposed as series, with NaN for what was not measured", () => {
    expect(metricsOf({ ...RESULT, passed: false, restoreSeconds: null })).toBe(
      [
        "restore_drill_timestamp_seconds 1795325400.123",
        "restore_drill_passed 0",
        'restore_drill_seconds{objective="rpo"} 0',
        'restore_drill_seconds{objective="rto"} NaN',
        'restore_drill_objective_seconds{objective="rpo"} 1800',
        'restore_drill_objective_seconds{objective="rto"} 7200',
        "",
      ].join("\n"),
    );
  });

  it("are exposed until the program ends, and nothing before", async () => {
    const port = await freePort();
    const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const seen: string[] = [];
    const work = exposed({ METRICS_PORT: String(port), METRICS_SECONDS: "0.2" }, async () => {
      seen.push(await scrape());
      setImmediate(async () => seen.push(await scrape()));
      return RESULT;
    });
    expect(await work).toBe(RESULT);
    expect(seen).toEqual(["", metricsOf(RESULT)]);
    await expect(scrape()).rejects.toThrow();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
